//! Selections of Federation 1, without the fields that the subgraph resolves by itself.

use apollo_compiler::{Name, ast::Selection};

use super::{Schema, parse_selections, usage::Usage};
use crate::{
    model::{Applied, Field, Kind, Type},
    spec::Feature,
};

/// Trims each `@requires` and `@provides`, and drops those of which nothing remains.
pub(super) fn trim(schema: &mut Schema) {
    let usage = Usage::of(schema);
    let trim = Trim { schema, usage: &usage };
    let types = schema.types.values();
    let fields = types.flat_map(|ty| ty.fields.values().map(move |field| (ty, field)));
    let trimmed = fields.map(|(ty, field)| trim.directives(ty, field)).collect::<Vec<_>>();
    let fields = schema.types.values_mut().flat_map(|ty| ty.fields.values_mut());
    for (field, directives) in fields.zip(trimmed) {
        field.directives = directives;
    }
}

struct Trim<'a> {
    schema: &'a Schema,
    usage: &'a Usage,
}

impl Trim<'_> {
    fn directives(&self, ty: &Type, field: &Field) -> Vec<Applied> {
        let trimmed = field.directives.iter().filter_map(|applied| {
            let parent = match applied.feature {
                Some(Feature::Requires) => Some(ty),
                Some(Feature::Provides) => self.schema.types.get(field.ty.inner_named_type()),
                _ => None,
            };
            let selections = parse_selections(applied.fields()).ok();
            match parent
                .zip(selections)
                .and_then(|(parent, it)| self.selections(parent, &it))
            {
                Some(selections) => selecting(applied, &selections),
                None => Some(applied.clone()),
            }
        });
        trimmed.collect()
    }

    /// What is external of a selection; nothing if it selects what the schema does not know.
    fn selections(&self, parent: &Type, selections: &[Selection]) -> Option<Vec<Selection>> {
        let mut kept = Vec::new();
        for selection in selections {
            let mut selection = selection.clone();
            let is_kept = match &mut selection {
                Selection::Field(selected) => {
                    let field = parent.fields.get(&selected.name)?;
                    let target = self.schema.types.get(field.ty.inner_named_type());
                    let trimmed = match target {
                        Some(target) => self.selections(target, &selected.selection_set)?,
                        None => Vec::new(),
                    };
                    let is_external = self.is_external(parent, &field.name);
                    if !is_external {
                        selected.make_mut().selection_set = trimmed;
                    }
                    is_external || !selected.selection_set.is_empty()
                }
                Selection::InlineFragment(fragment) => {
                    let target = match &fragment.type_condition {
                        Some(name) => self.schema.types.get(name)?,
                        None => parent,
                    };
                    let trimmed = self.selections(target, &fragment.selection_set)?;
                    fragment.make_mut().selection_set = trimmed;
                    !fragment.selection_set.is_empty()
                }
                Selection::FragmentSpread(_) => return None,
            };
            kept.extend(is_kept.then_some(selection));
        }
        Some(kept)
    }

    /// Whether a field comes from elsewhere; that of an interface, on one of its types.
    fn is_external(&self, parent: &Type, field: &Name) -> bool {
        let objects = match parent.kind {
            Kind::Interface => self.schema.runtime_types(parent),
            _ => Vec::new(),
        };
        let mut types = objects.into_iter().chain([&parent.name]);
        types.any(|ty| self.usage.is_external(ty, field))
    }
}

/// The directive with another selection, unless that is empty.
fn selecting(applied: &Applied, selections: &[Selection]) -> Option<Applied> {
    let texts = selections.iter().map(|it| it.serialize().no_indent().to_string());
    let text = texts.collect::<Vec<_>>().join(" ");
    let mut applied = applied.clone();
    applied.set_text("fields", &text);
    (!selections.is_empty()).then_some(applied)
}
