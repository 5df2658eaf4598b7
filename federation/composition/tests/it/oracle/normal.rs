//! Writes a schema so that two of them are equal as texts if they differ in order and formatting alone.

use apollo_compiler::{
    Node,
    ast::{Argument, Definition, Directive, DirectiveList, Document, FieldDefinition, InputValueDefinition, Value},
};

/// Which definitions are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Everything.
    Whole,
    /// Not the definitions of the join and link specifications, which depend on the version that is written.
    WithoutMachinery,
}

/// The normal form of a schema.
pub(super) fn normal(sdl: &str, scope: Scope) -> String {
    let mut document = Document::parse(sdl, "schema.graphql").unwrap_or_else(|it| panic!("{}", it.errors));
    document.definitions.iter_mut().for_each(sort);
    document
        .definitions
        .retain(|it| !is_default_root(it) && (scope == Scope::Whole || !is_machinery(it)));
    let mut definitions: Vec<_> = document.definitions.iter().map(ToString::to_string).collect();
    definitions.sort();
    definitions.join("\n")
}

/// The lines in which two normal forms differ.
pub(super) fn differing_lines(ours: &str, theirs: &str) -> Vec<String> {
    let (left, right): (Vec<_>, Vec<_>) = (ours.lines().collect(), theirs.lines().collect());
    let missing = left
        .iter()
        .filter(|it| !right.contains(it))
        .map(|it| format!("ours:   {it}"));
    let added = right
        .iter()
        .filter(|it| !left.contains(it))
        .map(|it| format!("theirs: {it}"));
    missing.chain(added).collect()
}

/// A schema definition that says what is so without it.
fn is_default_root(definition: &Definition) -> bool {
    let Definition::SchemaDefinition(schema) = definition else {
        return false;
    };
    let is_default = |name: &str, operation: &str| name.to_lowercase() == operation;
    schema.directives.is_empty() && schema.root_operations.iter().all(|it| is_default(&it.1, it.0.name()))
}

fn is_machinery(definition: &Definition) -> bool {
    match definition {
        Definition::SchemaDefinition(_) => true,
        Definition::DirectiveDefinition(it) => {
            let executable = it
                .locations
                .iter()
                .any(|it| it.name() == "FIELD" || it.name() == "QUERY");
            !executable
        }
        other => other
            .name()
            .is_some_and(|it| it.starts_with("join__") || it.starts_with("link__") || it.contains("__")),
    }
}

fn sort(definition: &mut Definition) {
    match definition {
        Definition::SchemaDefinition(it) => {
            let it = it.make_mut();
            directives(&mut it.directives);
            it.root_operations.sort_by_key(|root| root.0.name());
        }
        Definition::DirectiveDefinition(it) => {
            let it = it.make_mut();
            it.locations.sort_by_key(|location| location.name());
            inputs(&mut it.arguments);
        }
        Definition::ScalarTypeDefinition(it) => directives(&mut it.make_mut().directives),
        Definition::ObjectTypeDefinition(it) => {
            let it = it.make_mut();
            it.implements_interfaces.sort();
            directives(&mut it.directives);
            fields(&mut it.fields);
        }
        Definition::InterfaceTypeDefinition(it) => {
            let it = it.make_mut();
            it.implements_interfaces.sort();
            directives(&mut it.directives);
            fields(&mut it.fields);
        }
        Definition::UnionTypeDefinition(it) => {
            let it = it.make_mut();
            it.members.sort();
            directives(&mut it.directives);
        }
        Definition::EnumTypeDefinition(it) => {
            let it = it.make_mut();
            directives(&mut it.directives);
            it.values.sort_by(|a, b| a.value.cmp(&b.value));
            it.values
                .iter_mut()
                .for_each(|value| directives(&mut value.make_mut().directives));
        }
        Definition::InputObjectTypeDefinition(it) => {
            let it = it.make_mut();
            directives(&mut it.directives);
            inputs(&mut it.fields);
        }
        _ => {}
    }
}

fn fields(fields: &mut [Node<FieldDefinition>]) {
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    for field in fields {
        let field = field.make_mut();
        inputs(&mut field.arguments);
        directives(&mut field.directives);
    }
}

fn inputs(inputs: &mut [Node<InputValueDefinition>]) {
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    inputs
        .iter_mut()
        .for_each(|it| directives(&mut it.make_mut().directives));
}

fn directives(list: &mut DirectiveList) {
    for directive in &mut list.0 {
        let Directive { arguments, .. } = directive.make_mut();
        arguments.sort_by(|a, b| a.name.cmp(&b.name));
        for argument in arguments {
            let Argument { name, value } = argument.make_mut();
            values(value);
            if let ("key" | "requires" | "provides", Value::String(fields)) = (name.as_str(), value.make_mut()) {
                *fields = field_set(fields);
            }
        }
    }
    list.0.sort_by_key(ToString::to_string);
}

/// Lists in directives stand for sets.
fn values(value: &mut Node<Value>) {
    match value.make_mut() {
        Value::List(items) => {
            items.iter_mut().for_each(values);
            items.sort_by_key(ToString::to_string);
        }
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(_, value)| values(value));
            fields.sort_by(|a, b| a.0.cmp(&b.0));
        }
        _ => {}
    }
}

/// A field set whose spaces are where everybody has them.
fn field_set(text: &str) -> String {
    let spaced = text
        .replace('{', " { ")
        .replace('}', " } ")
        .replace("...", " ... ")
        .replace(':', ": ");
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}
