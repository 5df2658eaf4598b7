//! Under which names a supergraph imports the directives of other specifications, and which of them ask for more than
//! a gateway can do.

use graphql_tools::static_graphql::schema::{Definition, Directive, Document, TypeDefinition, Value};

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

/// A type or field that a connector answers. Composers hand connectors on by `@join__directive`; what else comes that
/// way, such as tags for caches, can be left alone.
pub(super) fn connector(document: &Document) -> Option<String> {
    let connects = |directives: &[Directive]| {
        let mut handed_on = directives
            .iter()
            .filter(|directive| directive.name == "join__directive");
        handed_on.any(|directive| matches!(argument(directive, "name"), Some(Value::String(name)) if is_connect(name)))
    };
    document.definitions.iter().find_map(|definition| {
        let (name, directives, fields) = match definition {
            Definition::TypeDefinition(TypeDefinition::Object(it)) => (&it.name, &it.directives, &it.fields),
            Definition::TypeDefinition(TypeDefinition::Interface(it)) => (&it.name, &it.directives, &it.fields),
            _ => return None,
        };
        if connects(directives) {
            return Some(name.clone());
        }
        let field = fields.iter().find(|field| connects(&field.directives))?;
        Some(format!("{name}.{}", field.name))
    })
}

/// Under whatever name it was imported, the last part of it stays in practice.
fn is_connect(name: &str) -> bool {
    name == "connect" || name.ends_with("__connect")
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
