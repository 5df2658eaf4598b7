//! Merging descriptions.

use apollo_compiler::Node;
use indexmap::IndexMap;

use super::Merger;
use crate::hint::HintCode;

impl Merger<'_> {
    /// The description most subgraphs give; of several, the first.
    pub(super) fn merge_descriptions(
        &mut self,
        coordinate: &str,
        described: Vec<(usize, Option<&Node<str>>)>,
    ) -> Option<Node<str>> {
        let mut by_text: IndexMap<&str, (usize, &Node<str>)> = IndexMap::new();
        for (_, description) in &described {
            if let Some(description) = description
                && !description.trim().is_empty()
            {
                by_text.entry(description.as_str()).or_insert((0, description)).0 += 1;
            }
        }
        let most = by_text.values().map(|(count, _)| *count).max()?;
        let (_, chosen) = by_text.values().find(|(count, _)| *count == most)?;
        let chosen = (*chosen).clone();
        if by_text.len() > 1 {
            let message = format!("\"{coordinate}\" has different descriptions: the most frequent one is used");
            let places = described
                .iter()
                .filter_map(|(index, description)| description.map(|text| (*index, text.location())));
            let places = places.collect::<Vec<_>>();
            self.hint(HintCode::InconsistentDescription, coordinate, message, places);
        }
        Some(chosen)
    }
}
