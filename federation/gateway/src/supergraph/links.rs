//! Under which names a supergraph imports the directives of other specifications.

use graphql_tools::static_graphql::schema::{Definition, Directive, Document, Value};

/// The name of a directive of a specification, such as `cost` of `https://specs.apollo.dev/cost`.
pub(super) fn directive_name(document: &Document, spec: &str, directive: &str) -> String {
    let schema = document.definitions.iter().find_map(|definition| match definition {
        Definition::SchemaDefinition(schema) => Some(schema),
        _ => None,
    });
    let mut links = schema.into_iter().flat_map(|schema| &schema.directives);
    links
        .find(|link| link.name == "link" && is_of(link, spec))
        .map_or_else(|| directive.to_owned(), |link| name_in(link, spec, directive))
}

fn is_of(link: &Directive, spec: &str) -> bool {
    match argument(link, "url") {
        Some(Value::String(url)) => url.rsplit_once('/').is_some_and(|(base, _)| base == spec),
        _ => false,
    }
}

/// `@link(url:, as:, import: ["@a", {name: "@b", as: "@c"}])`: an import is renamed by its own `as`; what is not
/// imported is called `spec__directive`, except where both are the same.
fn name_in(link: &Directive, spec: &str, directive: &str) -> String {
    let wanted = format!("@{directive}");
    if let Some(Value::List(imports)) = argument(link, "import") {
        for import in imports {
            match import {
                Value::String(name) if *name == wanted => return directive.to_owned(),
                Value::Object(entry) if text(entry, "name") == Some(&wanted) => {
                    return text(entry, "as").unwrap_or(&wanted).trim_start_matches('@').to_owned();
                }
                _ => {}
            }
        }
    }
    let default = spec.rsplit('/').next().unwrap_or(spec);
    let prefix = match argument(link, "as") {
        Some(Value::String(name)) => name.as_str(),
        _ => default,
    };
    match default == directive {
        true => prefix.to_owned(),
        false => format!("{prefix}__{directive}"),
    }
}

fn text<'a>(entry: &'a [(String, Value)], key: &str) -> Option<&'a str> {
    entry.iter().find_map(|(name, value)| match value {
        Value::String(text) if name == key => Some(text.as_str()),
        _ => None,
    })
}

/// An argument of a directive.
pub(crate) fn argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a Value> {
    directive
        .arguments
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}
