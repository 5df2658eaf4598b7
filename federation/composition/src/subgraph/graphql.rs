//! Whether a subgraph's schema is GraphQL, once the definitions that Federation lends it are added.

use std::collections::BTreeSet;

use apollo_compiler::{
    Node, Schema,
    ast::{Definition, Document, FieldDefinition, OperationType},
    diagnostic::ToCliReport,
    parser::{SourceMap, SourceSpan},
    validation::{DiagnosticList, Valid, WithErrors},
};

use super::{names::Names, roots::roots, search};
use crate::spec::{Feature, MACHINERY_FIELDS, MACHINERY_TYPES, definition, types_of};

/// How many faults of a text are told: one that is something else has a fault for each of its words.
const MOST_FAULTS: usize = 100;

/// Something that is not GraphQL, and where.
pub(crate) type Fault = (String, Option<SourceSpan>);

/// What is wrong with a schema by the rules of the GraphQL specification.
pub(crate) fn check(document: &Document, names: &Names) -> Vec<Fault> {
    let completed = complete(document, names);
    let built = Schema::builder()
        .adopt_orphan_extensions()
        .ignore_builtin_redefinitions()
        .add_ast(&completed)
        .build();
    validated(built).err().map(|invalid| invalid.faults).unwrap_or_default()
}

/// Why a schema is not GraphQL.
pub(crate) struct Invalid {
    pub(crate) faults: Vec<Fault>,
    pub(crate) sources: SourceMap,
}

/// A schema that keeps the rules of the GraphQL specification.
pub(crate) fn validated(built: Result<Schema, WithErrors<Schema>>) -> Result<Valid<Schema>, Invalid> {
    let schema = built.map_err(invalid)?;
    match search::check(&schema) {
        Some(fault) => Err(Invalid {
            faults: vec![fault],
            sources: schema.sources.clone(),
        }),
        None => schema.validate().map_err(invalid),
    }
}

fn invalid(found: WithErrors<Schema>) -> Invalid {
    Invalid {
        faults: faults(&found.errors),
        sources: found.partial.sources.clone(),
    }
}

/// The first diagnostics, each with its position.
pub(crate) fn faults(diagnostics: &DiagnosticList) -> Vec<Fault> {
    let fault = |message: String, span| match message.as_str() {
        // So the parser says that it met nothing but blanks and comments.
        "syntax error: Unexpected <EOF>." => ("there are no definitions".to_owned(), span),
        _ => (message, span),
    };
    diagnostics
        .iter()
        .take(MOST_FAULTS)
        .map(|diagnostic| fault(diagnostic.error.to_string(), diagnostic.error.location()))
        .collect()
}

/// The document with our definitions of federation directives in place of its own, and with a query root.
fn complete(document: &Document, names: &Names) -> Document {
    let mut lent = lend(names);
    let roots = roots(document);
    let query = roots
        .iter()
        .find(|(operation, _)| *operation == OperationType::Query)
        .map(|(_, name)| name.as_str());
    lent.push_str(&format!(
        "extend type {} {{ _service: Boolean }}\n",
        query.unwrap_or("Query")
    ));
    let is_explicit = document
        .definitions
        .iter()
        .any(|definition| matches!(definition, Definition::SchemaDefinition(_)));
    if is_explicit && query.is_none() {
        lent.push_str("extend schema { query: Query }\n");
    }
    if !is_explicit {
        lent.push_str("schema { query: ");
        lent.push_str(query.unwrap_or("Query"));
        lent.push_str(" }\n");
        for (operation, name) in &roots {
            if *operation != OperationType::Query {
                lent.push_str(&format!("extend schema {{ {}: {name} }}\n", operation.name()));
            }
        }
    }

    let mut definitions = document
        .definitions
        .iter()
        .filter(|definition| !is_lent(definition, names))
        .cloned()
        .collect::<Vec<_>>();
    for definition in &mut definitions {
        strip(definition, query.unwrap_or("Query"));
        if let Definition::SchemaExtension(extension) = definition
            && !is_explicit
            && !extension.root_operations.is_empty()
        {
            extension.make_mut().root_operations.clear();
        }
    }
    let text = Document::parse(lent, "federation").unwrap_or_else(|partial| partial.partial);
    definitions.extend(text.definitions);
    Document {
        sources: document.sources.clone(),
        definitions,
    }
}

/// The definitions of the directives and types that a subgraph may use without defining them.
fn lend(names: &Names) -> String {
    let mut text = String::new();
    let mut types = BTreeSet::new();
    for (local, feature) in names.directives() {
        if matches!(feature, Feature::Deprecated | Feature::SpecifiedBy) {
            continue;
        }
        text.push_str(&definition(feature, names.version, local, |element| {
            names.type_name(feature, element)
        }));
        types.extend(
            types_of(feature)
                .iter()
                .map(|element| (*element, names.type_name(feature, element))),
        );
    }
    for (element, name) in types {
        match element {
            "Purpose" => text.push_str(&format!("enum {name} {{ SECURITY EXECUTION }}\n")),
            _ => text.push_str(&format!("scalar {name}\n")),
        }
    }
    text
}

fn is_lent(definition: &Definition, names: &Names) -> bool {
    let Some(name) = definition.name() else { return false };
    match definition {
        Definition::DirectiveDefinition(_) => names.feature(name).is_some(),
        _ => MACHINERY_TYPES.contains(&name.as_str()) || names.is_spec_type(name),
    }
}

/// Removes the gateway's root fields.
fn strip(definition: &mut Definition, query: &str) {
    let is_machinery = |field: &Node<FieldDefinition>| MACHINERY_FIELDS.contains(&field.name.as_str());
    match definition {
        Definition::ObjectTypeDefinition(ty) if ty.name == query && ty.fields.iter().any(is_machinery) => {
            ty.make_mut().fields.retain(|field| !is_machinery(field));
        }
        Definition::ObjectTypeExtension(ty) if ty.name == query && ty.fields.iter().any(is_machinery) => {
            ty.make_mut().fields.retain(|field| !is_machinery(field));
        }
        _ => {}
    }
}
