//! From a text to the words that are compared: folded, split, without the smallest ones, and stemmed.

use std::collections::HashMap;

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RawTokenizer, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer,
};

/// Stands before a stem in the index, so that stems and words as written share a field and never meet.
const STEM: char = '=';

/// Words that say nothing in the name of a series.
const SMALL: [&str; 16] = [
    "a", "an", "and", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "what", "with",
];

/// Stems that are remembered: texts repeat their words, and looking one up is faster than finding it.
const REMEMBERED: usize = 50_000;

/// Splits and stems. Cheap to clone while it is new, and a clone per use is how it is shared.
#[derive(Clone)]
pub(super) struct Words {
    fold: TextAnalyzer,
    stem: TextAnalyzer,
    stems: HashMap<String, String>,
}

impl Words {
    pub(super) fn new() -> Self {
        Self {
            fold: TextAnalyzer::builder(RawTokenizer::default())
                .filter(AsciiFoldingFilter)
                .filter(LowerCaser)
                .build(),
            stem: TextAnalyzer::builder(RawTokenizer::default())
                .filter(Stemmer::new(Language::English))
                .build(),
            stems: HashMap::new(),
        }
    }

    /// `text` in lower case and without diacritics: `São` is `sao`.
    pub(super) fn fold(&mut self, text: &str) -> String {
        let text = text.trim();
        if text.is_ascii() {
            return text.to_ascii_lowercase();
        }
        let mut folded = whole(&mut self.fold, text);
        folded.retain(|c| !('\u{300}'..='\u{36f}').contains(&c));
        folded
    }

    /// The words of `text`, small ones included.
    pub(super) fn all(&mut self, text: &str) -> Vec<String> {
        split(&self.fold(text))
    }

    /// The stem of a folded word, marked as such.
    pub(super) fn stem(&mut self, word: &str) -> String {
        if let Some(stem) = self.stems.get(word) {
            return stem.clone();
        }
        let stem = format!("{STEM}{}", whole(&mut self.stem, word));
        if self.stems.len() < REMEMBERED {
            self.stems.insert(word.to_owned(), stem.clone());
        }
        stem
    }
}

/// Which tokens a field holds of each word that is not small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forms {
    /// The word as written and its stem, in one place.
    WrittenAndStem,
    /// The stem alone, for long texts.
    Stem,
}

/// What the index splits its texts with.
#[derive(Clone)]
pub(super) struct Splitter {
    pub(super) words: Words,
    pub(super) forms: Forms,
}

impl Tokenizer for Splitter {
    type TokenStream<'a> = Tokens;

    fn token_stream(&mut self, text: &str) -> Tokens {
        let (mut tokens, mut position) = (Vec::new(), 0);
        for word in self.words.all(text) {
            if is_small(&word) {
                continue;
            }
            tokens.push(Token {
                position,
                text: self.words.stem(&word),
                ..Token::default()
            });
            if self.forms == Forms::WrittenAndStem {
                tokens.push(Token {
                    position,
                    text: word,
                    ..Token::default()
                });
            }
            position += 1;
        }
        Tokens {
            rest: tokens.into_iter(),
            current: Token::default(),
        }
    }
}

/// The tokens of one text.
pub(super) struct Tokens {
    rest: std::vec::IntoIter<Token>,
    current: Token,
}

impl TokenStream for Tokens {
    fn advance(&mut self) -> bool {
        let next = self.rest.next();
        let found = next.is_some();
        self.current = next.unwrap_or_default();
        found
    }

    fn token(&self) -> &Token {
        &self.current
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.current
    }
}

/// Whether a word says nothing.
pub(super) fn is_small(word: &str) -> bool {
    SMALL.contains(&word)
}

/// Whether a token of the index is a stem, and not a word as written.
pub(super) fn is_stem(token: &str) -> bool {
    token.starts_with(STEM)
}

/// A marked stem as a word.
pub(super) fn without_mark(stem: &str) -> &str {
    stem.trim_start_matches(STEM)
}

fn whole(analyzer: &mut TextAnalyzer, text: &str) -> String {
    let mut tokens = analyzer.token_stream(text);
    if tokens.advance() {
        std::mem::take(&mut tokens.token_mut().text)
    } else {
        String::new()
    }
}

/// Runs of letters and digits; `U.S.` is `us`, `S&P` is `sp`, `Moody's` is `moody`.
fn split(folded: &str) -> Vec<String> {
    let text: Vec<char> = folded.chars().collect();
    let (mut words, mut word, mut at) = (Vec::new(), String::new(), 0);
    while let Some(&c) = text.get(at) {
        let possessive = c == '\'' && text.get(at + 1) == Some(&'s') && !is_word(&text, at + 2);
        let joined = at > 0 && (c == '.' || c == '&') && is_initial(&text, at - 1) && is_initial(&text, at + 1);
        match c {
            _ if c.is_alphanumeric() => word.push(c),
            _ if possessive => at += 1,
            _ if joined || c == '\'' => {}
            _ if !word.is_empty() => words.push(std::mem::take(&mut word)),
            _ => {}
        }
        at += 1;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn is_word(text: &[char], at: usize) -> bool {
    text.get(at).is_some_and(|c| c.is_alphanumeric())
}

fn is_initial(text: &[char], at: usize) -> bool {
    let alone = !is_word(text, at + 1) && at.checked_sub(1).is_none_or(|before| !is_word(text, before));
    alone && text.get(at).is_some_and(|c| c.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_initials_and_possessives_are_one_word() {
        let mut words = Words::new();
        for (text, expected) in [
            ("S&P 500: U.S. City Average", "sp 500 us city average"),
            ("Moody's Aaa, 10-Year", "moody aaa 10 year"),
            ("Zürich (São Paulo) re\u{301}al", "zurich sao paulo real"),
            ("Index 1982-1984=100", "index 1982 1984 100"),
            ("  ?!  ", ""),
        ] {
            assert_eq!(words.all(text).join(" "), expected);
        }
        assert_eq!(words.stem("payments"), words.stem("payment"));
    }
}
