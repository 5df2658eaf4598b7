//! From the words of a question to a query over the index.

use std::collections::{BTreeMap, HashMap};

use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, PhraseQuery, Query,
    QueryClone, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use super::document::{Fields, Property};
use super::synonyms::{Synonym, Synonyms};
use super::words::{Words, is_small, is_stem, without_mark};
use crate::series::Frequency;

/// The score of the series that is called exactly what was asked for: above all others.
const NAMED: f32 = 1_000.0;
/// A word that is another series' whole name, among other words.
const NAMED_IN_PASSING: f32 = 12.0;
/// A series whose name begins with what was asked for.
const NAME_BEGINS: f32 = 6.0;
/// By what a word's relevance in the title and in prose is multiplied.
const TITLE: f32 = 4.0;
const PROSE: f32 = 0.7;
/// A fact holds or does not: how rare it is and how often it is told say nothing.
const FACT: f32 = 1.5;
/// The frequency that was asked for, which is meant as one and stands in prose by chance.
const FREQUENCY: f32 = 10.0;
/// All that was asked for, where most of it is enough.
const COMPLETE: f32 = 15.0;
/// What another form of the word, a longer word, and a word one or two typos away count beside the word itself.
const STEM: f32 = 0.9;
const PREFIX: f32 = 0.7;
const TYPOS: [f32; 3] = [1.0, 0.35, 0.2];
/// A word of which the beginning is one typo away.
const PREFIX_TYPO: f32 = 0.15;
/// Share of words that stand in the title side by side, as in the question.
const SIDE_BY_SIDE: f32 = 0.15;
/// What the second-best reason for a hit adds to the best.
const TIE: f32 = 0.1;
/// Words of the index that one word of a question may stand for: the most frequent ones are taken.
const EXPANSIONS: usize = 40;

/// When a word may be read as another one near it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Typos {
    /// Only where the word is in no title and no fact.
    OfUnknownWords,
    /// Always.
    OfEveryWord,
}

/// A word of the question.
#[derive(Debug)]
struct Word {
    text: String,
    stem: String,
    /// The last word may still be half typed.
    last: bool,
}

/// Builds queries against one state of the index.
pub(super) struct Planner<'a> {
    pub(super) fields: Fields,
    pub(super) searcher: &'a Searcher,
    pub(super) synonyms: &'a Synonyms,
    pub(super) typos: Typos,
}

impl Planner<'_> {
    /// The query for `text`.
    pub(super) fn plan(&self, words: &mut Words, text: &str) -> tantivy::Result<Box<dyn Query>> {
        let name = words.fold(text);
        let asked = asked(words, text);
        let named = self.constant(self.fields.name, &name, NAMED);
        let mut alternatives = vec![named];
        if name.chars().count() > 1 {
            let begins = Term::from_field_text(self.fields.name, &name);
            let begins = FuzzyTermQuery::new_prefix(begins, 0, true);
            alternatives.push(Box::new(BoostQuery::new(Box::new(begins), NAME_BEGINS)));
        }
        alternatives.push(most_of(self.concepts(&asked)?));
        let together = Box::new(BooleanQuery::union(alternatives));
        let stems: Vec<_> = asked.iter().map(|word| word.stem.clone()).collect();
        let side_by_side = self.phrase(self.fields.title, &stems, SIDE_BY_SIDE);
        let clauses = [
            Some((Occur::Must, together as Box<dyn Query>)),
            side_by_side.map(|phrase| (Occur::Should, phrase)),
        ];
        Ok(Box::new(BooleanQuery::new(clauses.into_iter().flatten().collect())))
    }

    /// A clause for each thing asked for: a phrase with other names, or a word.
    fn concepts(&self, asked: &[Word]) -> tantivy::Result<Vec<Box<dyn Query>>> {
        let stems: Vec<_> = asked.iter().map(|word| word.stem.clone()).collect();
        let (mut concepts, mut at) = (Vec::new(), 0);
        while at < asked.len() {
            let (length, synonyms) = self.synonyms.at_start(&stems[at..]).unwrap_or((1, &[]));
            concepts.push(self.concept(&asked[at..at + length], synonyms)?);
            at += length;
        }
        Ok(concepts)
    }

    fn concept(&self, own: &[Word], synonyms: &[Synonym]) -> tantivy::Result<Box<dyn Query>> {
        // The words of a known phrase are no typos of others: `core` is not `cote`.
        let known = own.len() > 1;
        let words: Vec<_> = own
            .iter()
            .map(|word| self.word(word, known))
            .collect::<tantivy::Result<_>>()?;
        let mut alternatives: Vec<Box<dyn Query>> = vec![Box::new(BooleanQuery::intersection(words))];
        for synonym in synonyms {
            for field in [self.fields.title, self.fields.facts] {
                alternatives.extend(self.phrase(field, &synonym.stems, synonym.weight));
            }
            if let [stem] = synonym.stems.as_slice() {
                let score = NAMED_IN_PASSING * synonym.weight;
                alternatives.push(self.constant(self.fields.name, without_mark(stem), score));
            }
        }
        Ok(Box::new(DisjunctionMaxQuery::with_tie_breaker(alternatives, TIE)))
    }

    /// Everything one word of the question may stand for.
    fn word(&self, word: &Word, mut known: bool) -> tantivy::Result<Box<dyn Query>> {
        let Fields {
            title, facts, prose, ..
        } = self.fields;
        let mut alternatives = vec![self.constant(self.fields.name, &word.text, NAMED_IN_PASSING)];
        if let Some(frequency) = Frequency::parse(&word.text).filter(|_| word.text.len() > 2) {
            let term = TermQuery::new(
                self.fields.filter_by(&Property::Frequency(frequency)),
                IndexRecordOption::Basic,
            );
            alternatives.push(Box::new(ConstScoreQuery::new(Box::new(term), FREQUENCY)));
        }
        alternatives.push(self.term(title, &word.text, 1.0));
        for field in [title, facts, prose] {
            alternatives.push(self.term(field, &word.stem, STEM));
            known |= field != prose && self.knows(field, &word.stem)?;
        }
        for field in [title, facts] {
            let mut others = BTreeMap::new();
            if !known || self.typos == Typos::OfEveryWord {
                self.add_typos(field, word, &mut others)?;
            }
            if word.last && word.text.chars().count() > 1 {
                let prefix = FuzzyTermQuery::new_prefix(Term::from_field_text(field, &word.text), 0, true);
                let longer = self.expand(field, &prefix)?;
                others.extend(longer.into_iter().map(|longer| (longer, PREFIX)));
            }
            others.remove(&word.text);
            alternatives.extend(others.into_iter().map(|(other, share)| self.term(field, &other, share)));
        }
        Ok(Box::new(DisjunctionMaxQuery::with_tie_breaker(alternatives, TIE)))
    }

    fn add_typos(&self, field: Field, word: &Word, others: &mut BTreeMap<String, f32>) -> tantivy::Result<()> {
        let allowed = match word.text.chars().count() {
            0..4 => 0,
            4..8 => 1,
            _ => 2,
        };
        // A year one digit off is another year.
        if word.text.contains(|c: char| c.is_ascii_digit()) {
            return Ok(());
        }
        for distance in 1..=allowed {
            let near = FuzzyTermQuery::new(Term::from_field_text(field, &word.text), distance, true);
            for other in self.expand(field, &near)? {
                others.entry(other).or_insert(TYPOS[usize::from(distance)]);
            }
        }
        if word.last && allowed > 0 {
            let begins = FuzzyTermQuery::new_prefix(Term::from_field_text(field, &word.text), 1, true);
            for other in self.expand(field, &begins)? {
                others.entry(other).or_insert(PREFIX_TYPO);
            }
        }
        Ok(())
    }

    /// The most frequent words of a field that the query's automaton accepts.
    fn expand(&self, field: Field, query: &FuzzyTermQuery) -> tantivy::Result<Vec<String>> {
        let mut found: HashMap<String, u32> = HashMap::new();
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(field)?;
            let mut words = index.terms().search(query.automaton()?).into_stream()?;
            while words.advance() {
                let Ok(word) = std::str::from_utf8(words.key()) else {
                    continue;
                };
                if !is_stem(word) {
                    *found.entry(word.to_owned()).or_default() += words.value().doc_freq;
                }
            }
        }
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        found.truncate(EXPANSIONS);
        Ok(found.into_iter().map(|(word, _)| word).collect())
    }

    fn knows(&self, field: Field, token: &str) -> tantivy::Result<bool> {
        Ok(self.searcher.doc_freq(&Term::from_field_text(field, token))? > 0)
    }

    fn constant(&self, field: Field, token: &str, score: f32) -> Box<dyn Query> {
        let term = TermQuery::new(Term::from_field_text(field, token), IndexRecordOption::Basic);
        Box::new(ConstScoreQuery::new(Box::new(term), score))
    }

    fn term(&self, field: Field, token: &str, share: f32) -> Box<dyn Query> {
        let term = TermQuery::new(Term::from_field_text(field, token), IndexRecordOption::WithFreqs);
        self.weighed(field, Box::new(term), share)
    }

    fn phrase(&self, field: Field, stems: &[String], share: f32) -> Option<Box<dyn Query>> {
        match stems {
            [] => None,
            [stem] => Some(self.term(field, stem, share)),
            _ => {
                let terms = stems.iter().map(|stem| Term::from_field_text(field, stem)).collect();
                Some(self.weighed(field, Box::new(PhraseQuery::new(terms)), share))
            }
        }
    }

    /// A share of what a match in `field` counts.
    fn weighed(&self, field: Field, query: Box<dyn Query>, share: f32) -> Box<dyn Query> {
        match field {
            field if field == self.fields.facts => Box::new(ConstScoreQuery::new(query, FACT * share)),
            field if field == self.fields.title => Box::new(BoostQuery::new(query, TITLE * share)),
            _ => Box::new(BoostQuery::new(query, PROSE * share)),
        }
    }
}

/// Two of three concepts, and all of fewer; better all of many.
fn most_of(concepts: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    let missing = concepts.len() / 3;
    if missing == 0 {
        return Box::new(BooleanQuery::intersection(concepts));
    }
    let required = concepts.len() - missing;
    let all = BooleanQuery::intersection(concepts.iter().map(|concept| concept.box_clone()).collect());
    let all = ConstScoreQuery::new(Box::new(all), COMPLETE);
    let most = BooleanQuery::union_with_minimum_required_clauses(concepts, required);
    Box::new(BooleanQuery::new(vec![
        (Occur::Must, Box::new(most)),
        (Occur::Should, Box::new(all)),
    ]))
}

/// The words of the question without small ones; of nothing but small ones the last, which may be half typed.
fn asked(words: &mut Words, text: &str) -> Vec<Word> {
    let mut all = words.all(text);
    let last = all.last().cloned();
    all.retain(|word| !is_small(word));
    if all.is_empty() {
        all.extend(last);
    }
    let count = all.len();
    let word = |(at, text): (usize, String)| Word {
        stem: words.stem(&text),
        last: at + 1 == count,
        text,
    };
    all.into_iter().enumerate().map(word).collect()
}
