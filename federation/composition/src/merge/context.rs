//! `@context` and `@fromContext` in the supergraph.

use apollo_compiler::{Name, Node, ast::Value, name};

use super::{Merger, Source, join::Application};
use crate::{
    context::split,
    model::{Applied, Directives, Field, Type},
    spec::Feature,
};

impl Merger<'_> {
    /// Contexts belong to their subgraph, so its name becomes part of theirs.
    pub(super) fn merge_contexts(&mut self, sources: &[Source<'_, Type>], into: &mut Vec<Applied>) {
        for source in sources {
            for context in source.part.directives.all(Feature::Context) {
                let name = context.text("name").unwrap_or_default();
                let qualified = self.qualified(source.index, name);
                let mut applied = Application::new(context.name.clone())
                    .text(name!("name"), qualified.as_str())
                    .build();
                applied.feature = Some(Feature::Context);
                into.push(applied);
                self.spell(Feature::Context, &context.name, [source.index].into_iter());
            }
        }
    }

    /// A value of `contextArguments`.
    pub(super) fn context_argument(&self, index: usize, argument: &Field) -> Node<Value> {
        let applied = argument.directives.first(Feature::FromContext);
        let field = applied.and_then(|applied| applied.text("field")).unwrap_or_default();
        let (context, selection) = split(field).unwrap_or_default();
        let text = |text: &str| Node::new(Value::String(text.to_owned()));
        let entry = |name: Name, value: Node<Value>| (name, value);
        Node::new(Value::Object(vec![
            entry(name!("context"), text(&self.qualified(index, context))),
            entry(name!("name"), text(&argument.name)),
            entry(name!("type"), text(&argument.ty.to_string())),
            entry(name!("selection"), text(selection)),
        ]))
    }

    fn qualified(&self, index: usize, context: &str) -> String {
        format!("{}__{context}", self.schemas[index].name)
    }
}
