//! Search over what is known of series: ranked, and forgiving of typos, word forms and other names.

mod document;
mod plan;
mod synonyms;
#[cfg(test)]
mod tests;
mod words;

use std::cmp::Reverse;
use std::sync::{Arc, Mutex};

use platform_error::{Code, Coded};
use tantivy::collector::{Count, TopDocs};
use tantivy::indexer::IndexWriterOptions;
use tantivy::query::{BooleanQuery, ConstScoreQuery, Occur, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{DocId, Index, IndexReader, IndexWriter, ReloadPolicy, Score, SegmentReader};
use uuid::Uuid;

use crate::series::{Frequency, Series, SeriesId, SourceId};
use document::{Fields, HIGH, LOW, Property, STEMS, WEIGHT, WORDS};
use plan::{Planner, Typos};
use synonyms::Synonyms;
use words::{Forms, Splitter, Words};

/// Longest text that is searched for, in characters.
pub(crate) const LONGEST_TEXT: usize = 200;
/// Most words that are searched for.
pub(crate) const MOST_WORDS: usize = 12;
/// With fewer hits than this, words near those of the question are tried as well.
const FEW: usize = 10;
/// Puts what was found by the words of the question before what was found by words near them: above any other score.
const AS_WRITTEN: f32 = 10_000.0;
/// Memory in which documents wait for their commit: the library takes no less than 15 MB.
const WAITING_ROOM: usize = 16 << 20;

/// Why a search, or a change of the index, failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SearchError {
    /// There is nothing to look for.
    #[error(
        "the search text has no letter and no digit; say what the series is about, for instance \"unemployment rate\""
    )]
    Empty,
    /// There is too much to look for.
    #[error("the search text is too long: at most {LONGEST_TEXT} characters and {MOST_WORDS} words")]
    TooLong,
    /// The index itself failed.
    #[error("the search index failed")]
    Index(#[from] tantivy::TantivyError),
}

impl Coded for SearchError {
    fn code(&self) -> Code {
        match self {
            Self::Empty | Self::TooLong => Code::Invalid,
            Self::Index(_) => Code::Internal,
        }
    }
}

/// What to look for. All of the narrowing properties hold for every hit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Query<'a> {
    /// What the series is about, in words, or its external id: plain text, in no query language.
    pub text: &'a str,
    /// Only series of this source.
    pub source: Option<SourceId>,
    /// Only series with this frequency.
    pub frequency: Option<Frequency>,
    /// Only series adjusted like this, whatever the case, for instance `Seasonally Adjusted`.
    pub seasonal_adjustment: Option<&'a str>,
    /// Only series that are, or are no more, published.
    pub active: Option<bool>,
    /// Hits to leave out at the top.
    pub offset: usize,
    /// Most hits to answer with.
    pub limit: usize,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hits {
    /// How many series were found in all.
    pub total: usize,
    /// The asked-for page of them, best first.
    pub hits: Vec<SeriesId>,
}

/// The index: in memory, built from the stored series at start and kept up with them.
/// Its calls block for milliseconds ([`SearchIndex::apply`] for as long as it takes to index all it is given).
pub(crate) struct SearchIndex {
    fields: Fields,
    words: Words,
    synonyms: Synonyms,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
}

impl SearchIndex {
    /// An index of no series.
    pub(crate) fn new() -> Result<Self, SearchError> {
        let (fields, schema) = Fields::build();
        let mut words = Words::new();
        let index = Index::create_in_ram(schema);
        for (name, forms) in [(WORDS, Forms::WrittenAndStem), (STEMS, Forms::Stem)] {
            let splitter = Splitter {
                words: words.clone(),
                forms,
            };
            index
                .tokenizers()
                .register(name, TextAnalyzer::builder(splitter).build());
        }
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(WAITING_ROOM)
            .build();
        let writer = index.writer_with_options(options)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let synonyms = Synonyms::new(&mut words);
        Ok(Self {
            fields,
            words,
            synonyms,
            reader,
            writer: Mutex::new(writer),
        })
    }

    /// Adds or replaces series, each with its source's name, and removes others. The next search sees all of it.
    pub(crate) fn apply(&self, upserts: &[(Arc<Series>, &str)], removed: &[SeriesId]) -> Result<(), SearchError> {
        let mut words = self.words.clone();
        let mut writer = self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for id in removed {
            writer.delete_term(self.fields.key_of(*id));
        }
        for (series, source) in upserts {
            writer.delete_term(self.fields.key_of(series.id));
            writer.add_document(self.fields.document(&mut words, series, source))?;
        }
        writer.commit()?;
        Ok(self.reader.reload()?)
    }

    /// The series that fit the question, best first.
    pub(crate) fn search(&self, query: &Query<'_>) -> Result<Hits, SearchError> {
        let mut words = self.words.clone();
        check(&mut words, query.text)?;
        let searcher = self.reader.searcher();
        let mut plan = |typos| {
            let planner = Planner {
                fields: self.fields,
                searcher: &searcher,
                synonyms: &self.synonyms,
                typos,
            };
            planner.plan(&mut words, query.text)
        };
        let as_written = self.narrowed(plan(Typos::OfUnknownWords)?, query);
        let hits = page(&searcher, &as_written, query)?;
        if hits.total >= FEW {
            return Ok(hits);
        }
        let first = Box::new(ConstScoreQuery::new(Box::new(as_written.clone()), AS_WRITTEN));
        let nearly = self.narrowed(plan(Typos::OfEveryWord)?, query);
        let both = BooleanQuery::union(vec![first, Box::new(as_written), Box::new(nearly)]);
        page(&searcher, &both, query)
    }

    fn narrowed(&self, found: Box<dyn tantivy::query::Query>, query: &Query<'_>) -> BooleanQuery {
        let properties = [
            query.source.map(Property::Source),
            query.frequency.map(Property::Frequency),
            query.seasonal_adjustment.map(Property::SeasonalAdjustment),
            query.active.map(Property::Active),
        ];
        let mut clauses = vec![(Occur::Must, found)];
        for property in properties.into_iter().flatten() {
            let term = TermQuery::new(self.fields.filter_by(&property), IndexRecordOption::Basic);
            clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(term), 0.0))));
        }
        BooleanQuery::new(clauses)
    }
}

fn check(words: &mut Words, text: &str) -> Result<(), SearchError> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(SearchError::TooLong);
    }
    match words.all(text).len() {
        0 => Err(SearchError::Empty),
        1..=MOST_WORDS => Ok(()),
        _ => Err(SearchError::TooLong),
    }
}

/// Hits of equal score come in the order of their ids, so that pages of one answer fit together.
fn page(searcher: &tantivy::Searcher, found: &BooleanQuery, query: &Query<'_>) -> Result<Hits, SearchError> {
    if query.limit == 0 {
        return Ok(Hits {
            total: searcher.search(found, &Count)?,
            hits: Vec::new(),
        });
    }
    let order = |segment: &SegmentReader| {
        const DECLARED: &str = "the schema declares this column";
        let columns = segment.fast_fields();
        let high = columns.u64(HIGH).expect(DECLARED).first_or_default_col(0);
        let low = columns.u64(LOW).expect(DECLARED).first_or_default_col(0);
        let weight = columns.f64(WEIGHT).expect(DECLARED).first_or_default_col(1.0);
        move |doc: DocId, score: Score| {
            let as_written = score >= AS_WRITTEN;
            let score = if as_written { score - AS_WRITTEN } else { score } * weight.get_val(doc) as Score;
            (as_written, score, Reverse((high.get_val(doc), low.get_val(doc))))
        }
    };
    // The collector makes room for as many hits as it is asked for.
    let most = searcher.num_docs() as usize + 1;
    let top = TopDocs::with_limit(query.limit.min(most))
        .and_offset(query.offset.min(most))
        .tweak_score(order);
    let (total, top) = searcher.search(found, &(Count, top))?;
    let id = |((_, _, Reverse((high, low))), _)| SeriesId(Uuid::from_u64_pair(high, low));
    Ok(Hits {
        total,
        hits: top.into_iter().map(id).collect(),
    })
}
