//! What is known of operations whose text nobody kept: the fields and arguments they asked for.

use std::collections::HashSet;

use apollo_compiler::{Name, Schema};

use super::{change::Use, directives::is_executable, spreads, together::Together, usage::any_value};

/// What operations with these coordinates may use. What they cannot tell, such as the values and directives that were
/// sent, counts.
pub(super) fn uses(together: &Together<'_>, coordinates: &[String]) -> HashSet<Use> {
    let schema = together.old;
    let mut uses = HashSet::new();
    for coordinate in coordinates {
        let (field, argument) = match coordinate.split_once('(') {
            Some((field, argument)) => (field, argument.strip_suffix(":)")),
            None => (coordinate.as_str(), None),
        };
        add(schema, field, argument, &mut uses);
    }
    directives(schema, &mut uses);
    let fields: Vec<_> = uses.iter().filter_map(field).collect();
    together.add_any(&fields, &mut uses);
    uses
}

fn field(used: &Use) -> Option<(Name, Name)> {
    match used {
        Use::Field(parent, field) => Some((parent.clone(), field.clone())),
        _ => None,
    }
}

fn directives(schema: &Schema, uses: &mut HashSet<Use>) {
    let definitions = schema.directive_definitions.values();
    for directive in definitions.filter(|it| !it.is_built_in() && is_executable(it)) {
        uses.insert(Use::Directive(directive.name.clone()));
        for argument in &directive.arguments {
            let (of, name) = (directive.name.clone(), argument.name.clone());
            uses.insert(Use::DirectiveArgument(of, name));
            any_value(schema, argument.ty.inner_named_type(), uses, &mut HashSet::new());
        }
    }
}

/// Adds one coordinate. What the schema does not know is passed over.
fn add(schema: &Schema, coordinate: &str, argument: Option<&str>, uses: &mut HashSet<Use>) -> Option<()> {
    let (parent, field) = coordinate.split_once('.')?;
    let definition = schema.type_field(parent, field).ok()?;
    let parent = schema.types.get(parent)?.name();
    uses.insert(Use::Field(parent.clone(), definition.name.clone()));
    uses.extend([parent, definition.ty.inner_named_type()].map(|it| Use::Type(it.clone())));
    uses.extend(root(schema, parent));
    uses.extend(spreads::to(schema, parent));
    let argument = definition.argument_by_name(argument?)?;
    uses.insert(Use::Argument(
        parent.clone(),
        definition.name.clone(),
        argument.name.clone(),
    ));
    any_value(schema, argument.ty.inner_named_type(), uses, &mut HashSet::new());
    Some(())
}

fn root(schema: &Schema, name: &Name) -> Option<Use> {
    let roots = &schema.schema_definition;
    let kinds = [
        ("query", &roots.query),
        ("mutation", &roots.mutation),
        ("subscription", &roots.subscription),
    ];
    let (kind, _) = kinds
        .into_iter()
        .find(|(_, root)| root.as_ref().is_some_and(|it| it.name == *name))?;
    Some(Use::Root(kind))
}
