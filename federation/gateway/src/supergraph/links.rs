//! What a supergraph has of other specifications, under which names, and which of it asks for more than a gateway can
//! do.

use std::collections::HashSet;

use graphql_tools::static_graphql::schema::{Definition, Directive, Document, TypeDefinition, Value};

/// What the specifications are called that a supergraph links; names of their types begin with it.
pub(crate) struct Linked(HashSet<String>);

impl Linked {
    /// Reads the links of a supergraph.
    pub(crate) fn of(document: &Document) -> Self {
        Self(links(document).filter_map(specification).collect())
    }

    /// Whether a type is for gateways, and not for clients.
    pub(crate) fn has_type(&self, name: &str) -> bool {
        let prefix = name.split_once("__").map(|(prefix, _)| prefix);
        prefix.is_some_and(|prefix| self.0.contains(prefix))
    }
}

/// What a specification is called: by `as`, or by the part of its URL before the version.
fn specification(link: &Directive) -> Option<String> {
    if let Some(name) = text(&link.arguments, "as") {
        return Some(name.to_owned());
    }
    let (base, _) = text(&link.arguments, "url")?.rsplit_once('/')?;
    base.rsplit('/').next().map(str::to_owned)
}

/// The links of a supergraph.
fn links(document: &Document) -> impl Iterator<Item = &Directive> {
    let schema = document.definitions.iter().find_map(|definition| match definition {
        Definition::SchemaDefinition(schema) => Some(schema),
        _ => None,
    });
    let directives = schema.into_iter().flat_map(|schema| &schema.directives);
    directives.filter(|directive| directive.name == "link")
}

/// The name of a directive of a specification, such as `cost` of `https://specs.apollo.dev/cost`.
pub(super) fn directive_name(document: &Document, spec: &str, directive: &str) -> String {
    links(document)
        .find(|link| is_of(link, spec))
        .map_or_else(|| directive.to_owned(), |link| name_in(link, spec, directive))
}

fn is_of(link: &Directive, spec: &str) -> bool {
    let url = text(&link.arguments, "url").and_then(|url| url.rsplit_once('/'));
    url.is_some_and(|(base, _)| base == spec)
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
    let prefix = text(&link.arguments, "as").unwrap_or(default);
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
        handed_on.any(|directive| text(&directive.arguments, "name").is_some_and(is_connect))
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

/// An argument of a directive, or an entry of an object, that is text.
pub(crate) fn text<'a>(entry: &'a [(String, Value)], key: &str) -> Option<&'a str> {
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
