//! The weights and list sizes of a supergraph, read once when it is loaded.

use std::collections::HashMap;

use graphql_tools::static_graphql::schema::{self, Definition, Directive, Field, TypeDefinition};

use crate::{
    outline::{OperationKind, flag, inner, is_list, number, texts},
    supergraph::Supergraph,
};

const SPECIFICATION: &str = "https://specs.apollo.dev/cost";

/// What each field of a supergraph costs.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(super) fields: HashMap<String, HashMap<String, FieldCost>>,
    pub(super) inputs: HashMap<String, HashMap<String, InputCost>>,
    pub(super) roots: [Option<String>; 3],
}

/// One field: its own weight, and how long it is where it is a list.
#[derive(Debug)]
pub(super) struct FieldCost {
    pub(super) weight: u64,
    pub(super) of: String,
    pub(super) is_list: bool,
    pub(super) size: Option<ListSize>,
    pub(super) arguments: HashMap<String, InputCost>,
}

/// An argument, or a field of an input object.
#[derive(Debug)]
pub(super) struct InputCost {
    pub(super) weight: u64,
    pub(super) of: String,
    pub(super) default: Option<schema::Value>,
}

/// `@listSize`.
#[derive(Debug)]
pub(super) struct ListSize {
    pub(super) assumed: Option<u64>,
    pub(super) slicing: Vec<Vec<String>>,
    pub(super) sized: Vec<Vec<String>>,
    pub(super) needs_one: bool,
}

struct Names {
    cost: String,
    list_size: String,
}

impl Model {
    /// Reads the directives of a supergraph.
    pub(crate) fn new(supergraph: &Supergraph) -> Self {
        let names = Names {
            cost: supergraph.directive_name(SPECIFICATION, "cost"),
            list_size: supergraph.directive_name(SPECIFICATION, "listSize"),
        };
        let mut model = Self {
            roots: supergraph.roots().map(|root| root.map(Into::into)),
            ..Self::default()
        };
        for definition in &supergraph.document.definitions {
            match definition {
                Definition::TypeDefinition(TypeDefinition::Object(object)) => {
                    model.add(supergraph, &names, &object.name, &object.fields);
                }
                Definition::TypeDefinition(TypeDefinition::Interface(interface)) => {
                    model.add(supergraph, &names, &interface.name, &interface.fields);
                }
                Definition::TypeDefinition(TypeDefinition::InputObject(input)) => {
                    let fields = input.fields.iter().map(|field| input_cost(supergraph, &names, field));
                    model.inputs.insert(input.name.clone(), fields.collect());
                }
                _ => {}
            }
        }
        model
    }

    pub(super) fn root(&self, kind: OperationKind) -> Option<&str> {
        self.roots[kind as usize].as_deref()
    }

    fn add(&mut self, supergraph: &Supergraph, names: &Names, parent: &str, fields: &[Field]) {
        let costs = fields.iter().map(|field| {
            let of = inner(&field.field_type);
            let cost = FieldCost {
                weight: weight(&field.directives, names).unwrap_or_else(|| type_weight(supergraph, names, of)),
                of: of.to_owned(),
                is_list: is_list(&field.field_type),
                size: find(&field.directives, &names.list_size).map(list_size),
                arguments: field
                    .arguments
                    .iter()
                    .map(|argument| input_cost(supergraph, names, argument))
                    .collect(),
            };
            (field.name.clone(), cost)
        });
        self.fields.insert(parent.to_owned(), costs.collect());
    }
}

fn input_cost(supergraph: &Supergraph, names: &Names, input: &schema::InputValue) -> (String, InputCost) {
    let of = inner(&input.value_type);
    let is_object = matches!(supergraph.definition(of), Some(TypeDefinition::InputObject(_)));
    let cost = InputCost {
        weight: weight(&input.directives, names).unwrap_or(u64::from(is_object)),
        of: of.to_owned(),
        default: input.default_value.clone(),
    };
    (input.name.clone(), cost)
}

/// One for what has fields, nothing for a value, unless the type says otherwise.
fn type_weight(supergraph: &Supergraph, names: &Names, of: &str) -> u64 {
    let Some(definition) = supergraph.definition(of) else {
        return 0;
    };
    let directives = match definition {
        TypeDefinition::Object(object) => &object.directives,
        TypeDefinition::Interface(interface) => &interface.directives,
        TypeDefinition::Union(union) => &union.directives,
        TypeDefinition::Scalar(scalar) => &scalar.directives,
        TypeDefinition::Enum(enumeration) => &enumeration.directives,
        TypeDefinition::InputObject(input) => &input.directives,
    };
    weight(directives, names).unwrap_or(u64::from(definition.is_composite_type()))
}

/// A weight below nothing counts as nothing: costs only add up.
fn weight(directives: &[Directive], names: &Names) -> Option<u64> {
    let weight = number(find(directives, &names.cost)?, "weight")?;
    Some(u64::try_from(weight).unwrap_or_default())
}

fn list_size(directive: &Directive) -> ListSize {
    let slicing: Vec<Vec<String>> = texts(directive, "slicingArguments")
        .iter()
        .map(|path| steps(path))
        .collect();
    ListSize {
        assumed: number(directive, "assumedSize").and_then(|size| u64::try_from(size).ok()),
        sized: texts(directive, "sizedFields").iter().map(|path| steps(path)).collect(),
        needs_one: !slicing.is_empty() && flag(directive, "requireOneSlicingArgument").unwrap_or(true),
        slicing,
    }
}

/// `page.edges` and `page { edges }` alike.
fn steps(path: &str) -> Vec<String> {
    path.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|step| !step.is_empty())
        .map(Into::into)
        .collect()
}

fn find<'a>(directives: &'a [Directive], name: &str) -> Option<&'a Directive> {
    directives.iter().find(|directive| directive.name == name)
}
