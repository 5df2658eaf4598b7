//! Merging descriptions.

use apollo_compiler::Node;
use indexmap::IndexMap;

use super::{Merger, Source};
use crate::hint::HintCode;

impl Merger<'_> {
    /// The description most subgraphs give; of several, the first.
    pub(super) fn merge_descriptions<T>(
        &mut self,
        coordinate: &str,
        sources: &[Source<'_, T>],
        of: impl Fn(&T) -> Option<&Node<str>>,
    ) -> Option<Node<str>> {
        let mut by_text: IndexMap<&str, (usize, &Node<str>)> = IndexMap::new();
        let described = sources.iter();
        let described = described.filter_map(|source| Some((source.index, of(source.part)?)));
        for (_, description) in described.clone() {
            if !description.trim().is_empty() {
                by_text.entry(description.as_str()).or_insert((0, description)).0 += 1;
            }
        }
        let most = by_text.values().map(|(count, _)| *count).max()?;
        let (_, chosen) = by_text.values().find(|(count, _)| *count == most)?;
        let chosen = (*chosen).clone();
        if by_text.len() > 1 {
            let message = format!("\"{coordinate}\" has different descriptions: the most frequent one is used");
            let places = described.map(|(index, text)| (index, text.location()));
            self.hint(HintCode::InconsistentDescription, coordinate, message, places);
        }
        Some(chosen)
    }
}
