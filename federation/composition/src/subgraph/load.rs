//! From a subgraph's text to its schema.

use apollo_compiler::{
    Name,
    ast::{Definition, Directive, Document, OperationType},
    name,
    parser::Parser,
};

use super::{
    Link, Schema,
    fold::{Folded, fold},
    graphql,
    link::link_name,
    links,
    names::Names,
    rename::rename,
    shadow, upgrade,
    usage::Usage,
};
use crate::{
    compose::Subgraph,
    error::{Code, CompositionError},
    spec::Version,
    validate,
};

/// How deep selections, types and values may be nested in a subgraph's text.
const DEEPEST: usize = 500;

/// Reads a subgraph. Each step runs only when the one before it found nothing wrong.
pub(crate) fn load(subgraph: &Subgraph, graph: Name) -> Result<Schema, Vec<CompositionError>> {
    let mut schema = Schema {
        name: subgraph.name.clone(),
        url: subgraph.url.clone(),
        graph,
        version: Version::FEDERATION_1,
        links: Vec::new(),
        roots: Vec::new(),
        types: Default::default(),
        definitions: Default::default(),
        directives: Vec::new(),
        usage: Usage::default(),
        sources: Default::default(),
    };
    let document = parse(subgraph, &mut schema)?;
    let names = read_links(&document, &mut schema)?;
    let faults = graphql::check(&document, &names);
    if !faults.is_empty() {
        let error = |(message, span): graphql::Fault| schema.error(Code::InvalidGraphql, message, span);
        return Err(faults.into_iter().map(error).collect());
    }
    let errors = validate::definitions(&document, &names, &schema);
    if !errors.is_empty() {
        return Err(errors);
    }

    let folded = fold(&document, &names);
    let errors = shadow::check(&folded, &schema);
    if !errors.is_empty() {
        return Err(errors);
    }
    rename_roots(folded, &mut schema)?;
    Ok(schema)
}

/// Brings schemas of Federation 1 up to date, and checks each by itself.
pub(crate) fn prepare(schemas: &mut [Schema]) -> Vec<CompositionError> {
    let all = upgrade::All::of(schemas);
    let mut errors = Vec::new();
    for schema in schemas.iter_mut() {
        if schema.is_federation_1() {
            errors.extend(upgrade::upgrade(schema, &all));
        }
        schema.usage = Usage::of(schema);
        errors.extend(validate::subgraph(schema));
    }
    if errors.is_empty() {
        upgrade::share(schemas);
    }
    errors
}

fn parse(subgraph: &Subgraph, schema: &mut Schema) -> Result<Document, Vec<CompositionError>> {
    let parsed = Parser::new()
        .recursion_limit(DEEPEST)
        .parse_ast(subgraph.sdl.as_str(), &subgraph.name);
    let document = match parsed {
        Ok(document) => document,
        Err(invalid) => {
            schema.sources = invalid.partial.sources.clone();
            let faults = graphql::faults(&invalid.errors);
            let error = |(message, span): graphql::Fault| schema.error(Code::InvalidGraphql, message, span);
            return Err(faults.into_iter().map(error).collect());
        }
    };
    schema.sources = document.sources.clone();
    let executable = document
        .definitions
        .iter()
        .filter(|definition| definition.is_executable_definition());
    let errors = executable
        .map(|definition| {
            let message = "a schema cannot contain operations or fragments: remove them";
            schema.error(Code::InvalidGraphql, message, definition.location())
        })
        .collect::<Vec<_>>();
    if errors.is_empty() { Ok(document) } else { Err(errors) }
}

fn read_links(document: &Document, schema: &mut Schema) -> Result<Names, Vec<CompositionError>> {
    let applied = document.definitions.iter().filter(|definition| {
        matches!(
            definition,
            Definition::SchemaDefinition(_) | Definition::SchemaExtension(_)
        )
    });
    let applied = applied.flat_map(|definition| definition.directives().0.iter());
    let link_name = link_name(applied.clone().map(|directive| -> &Directive { directive }));
    let mut errors = Vec::new();
    for directive in applied.filter(|directive| directive.name == link_name.as_str()) {
        match Link::read(directive, directive.location()) {
            Ok(link) => schema.links.push(link),
            Err(error) => errors.push(error),
        }
    }
    errors.extend(links::check(&schema.links, &link_name));
    let defines = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::DirectiveDefinition(directive) => Some(directive.name.as_str()),
            _ => None,
        })
        .collect::<Vec<_>>();
    let names = Names::new(&schema.links, &link_name, &defines);
    match names {
        Ok(names) if errors.is_empty() => {
            schema.version = names.version;
            Ok(names)
        }
        other => {
            errors.extend(other.err());
            let error = |error: super::link::LinkError| schema.error(error.code, error.message, error.location);
            Err(errors.into_iter().map(error).collect())
        }
    }
}

/// Gives the root types their usual names, which is what the supergraph calls them.
fn rename_roots(folded: Folded, schema: &mut Schema) -> Result<(), Vec<CompositionError>> {
    let mut errors = Vec::new();
    let mut renames: Vec<(Name, Name)> = Vec::new();
    let usual = [
        (OperationType::Query, name!("Query"), Code::RootQueryUsed),
        (OperationType::Mutation, name!("Mutation"), Code::RootMutationUsed),
        (
            OperationType::Subscription,
            name!("Subscription"),
            Code::RootSubscriptionUsed,
        ),
    ];
    for (operation, usual, code) in usual {
        let root = folded.roots.iter().find(|(other, _)| *other == operation);
        let Some((_, root)) = root.filter(|(_, root)| *root != usual) else {
            continue;
        };
        if let Some(ty) = folded.types.get(&usual) {
            let message =
                format!("the {operation} root is \"{root}\", so no other type may be called \"{usual}\": rename it");
            errors.push(schema.error(code, message, ty.location));
        }
        renames.push((root.clone(), usual));
    }
    if !errors.is_empty() {
        return Err(errors);
    }

    schema.roots = folded.roots.iter().map(|(operation, _)| *operation).collect();
    schema.types = rename(folded.types, &renames);
    schema.definitions = folded.definitions;
    schema.directives = folded.directives;
    Ok(())
}
