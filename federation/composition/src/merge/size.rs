//! `@listSize` names arguments, which may be left out when its field is merged.

use apollo_compiler::{Node, ast::Value};

use super::{Merger, Source};
use crate::{error::Code, model::Field, spec::Feature};

impl Merger<'_> {
    /// Leaves only those slicing arguments that the merged field has. Without any of them nobody could ask for it.
    pub(super) fn merge_slicing(&mut self, coordinate: &str, declared: &[Source<'_, Field>], merged: &mut Field) {
        let mut directives = merged.directives.iter_mut();
        let Some(size) = directives.find(|applied| applied.feature == Some(Feature::ListSize)) else {
            return;
        };
        let named = size.list("slicingArguments").unwrap_or_default();
        let is_kept = |name: &&Node<Value>| name.as_str().is_some_and(|name| merged.arguments.contains_key(name));
        let kept: Vec<_> = named.iter().filter(is_kept).cloned().collect();
        if kept.len() == named.len() {
            return;
        }
        if kept.is_empty() {
            let message = format!(
                "no slicing argument of \"{coordinate}\" is in all subgraphs that have the field: declare one of them in all"
            );
            let places = declared.iter().map(|source| (source.index, source.part.location));
            return self.error(Code::ListSizeInvalidSlicingArgument, message, places);
        }
        let mut arguments = size.arguments.iter_mut();
        if let Some(slicing) = arguments.find(|argument| argument.name == "slicingArguments") {
            slicing.make_mut().value = Node::new(Value::List(kept));
        }
    }
}
