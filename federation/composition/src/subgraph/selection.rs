//! The selections in `@key`, `@requires` and `@provides`.

use apollo_compiler::ast::{self, Definition, Document, Selection};

use crate::model::{Field, Type, Types};

/// Parses a selection, which may be written with or without its outer braces.
pub(crate) fn parse_selections(text: &str) -> Result<Vec<Selection>, String> {
    let trimmed = text.trim();
    let braced = if trimmed.starts_with('{') {
        trimmed.to_owned()
    } else {
        format!("{{ {trimmed} }}")
    };
    let document = Document::parse(braced, "fields").map_err(|invalid| {
        let message = invalid.errors.iter().next().map(|error| error.error.to_string());
        message.unwrap_or_else(|| "a selection of fields is expected".to_owned())
    })?;
    match document.definitions.as_slice() {
        [Definition::OperationDefinition(operation)] if !operation.selection_set.is_empty() => {
            Ok(operation.selection_set.clone())
        }
        _ => Err("a selection of fields is expected".to_owned()),
    }
}

/// Calls back for each selected field with the type it is selected on. What the schema does not know is passed over.
pub(crate) fn walk<'a>(
    types: &'a Types,
    parent: &'a Type,
    selections: &[Selection],
    visit: &mut impl FnMut(&'a Type, &'a Field, &ast::Field),
) {
    for selection in selections {
        match selection {
            Selection::Field(selected) => {
                let Some(field) = parent.fields.get(&selected.name) else {
                    continue;
                };
                visit(parent, field, selected);
                if let Some(next) = types.get(field.ty.inner_named_type()) {
                    walk(types, next, &selected.selection_set, visit);
                }
            }
            Selection::InlineFragment(fragment) => {
                let next = match &fragment.type_condition {
                    Some(name) => types.get(name),
                    None => Some(parent),
                };
                if let Some(next) = next {
                    walk(types, next, &fragment.selection_set, visit);
                }
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}
