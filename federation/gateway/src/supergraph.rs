//! A supergraph that can be served: its schema for clients, its types, its subgraphs and its planner.

pub(crate) mod labels;
mod links;
mod print;
mod types;
mod walk;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use graphql_tools::{
    parser::parse_schema,
    static_graphql::schema::{Definition, Document, Field, SchemaDefinition, TypeDefinition, Value},
};
use platform_graphql::strings::readable;

pub(crate) use self::links::{Linked, argument, text};
pub(crate) use self::types::{TypeId, TypeSet, Types};
use self::{labels::Labels, walk::Met};
use crate::{
    Error,
    numbers::Numbers,
    outline::OperationKind,
    plan::{HivePlanner, Planner, caught},
    stitch::{self, Adapter},
};

const INACCESSIBLE: &str = "https://specs.apollo.dev/inaccessible";
/// The scalars of the specification.
pub(crate) const BUILT_IN_SCALARS: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];
const BUILT_IN_DIRECTIVES: [&str; 5] = ["skip", "include", "deprecated", "specifiedBy", "oneOf"];

/// A supergraph that can be served.
pub struct Supergraph {
    /// The text it was read from.
    pub(crate) sdl: Arc<str>,
    /// The whole supergraph, with the directives of the join specification and of costs, scopes and tags.
    pub(crate) document: Arc<Document>,
    /// What clients see: no `@inaccessible` element, with the types of introspection.
    pub(crate) api: Arc<Document>,
    /// The output types.
    pub(crate) types: Types,
    /// The address of each subgraph.
    pub endpoints: BTreeMap<String, String>,
    /// The planner of this supergraph.
    pub(crate) planner: Box<dyn Planner>,
    /// What stands before services that are no subgraphs.
    pub(crate) adapters: HashMap<String, Arc<Adapter>>,
    /// The labels of fields that are moving from one subgraph to another.
    pub(crate) labels: Labels,
    definitions: HashMap<String, usize>,
    visible: HashMap<String, usize>,
}

impl Supergraph {
    /// Reads a supergraph. A text that the planner cannot work with is refused, whatever is wrong with it.
    pub fn parse(sdl: &str) -> Result<Self, Error> {
        let document = Arc::new(parsed(sdl)?);
        check(&document)?;
        // The planner's library panics on some schemas that nobody composed.
        let planner = caught(|| HivePlanner::new(&document))
            .ok_or_else(|| Error::Supergraph("the planner does not accept it; was it composed?".into()))??;
        let api = planner.api();
        let endpoints = planner.endpoints();
        let types = Types::new(&document, &api);
        Ok(Self {
            sdl: sdl.into(),
            adapters: stitch::adapters(&document, &types)?,
            labels: Labels::new(&document),
            types,
            definitions: index(&document),
            visible: index(&api),
            document,
            api,
            endpoints,
            planner: Box::new(planner),
        })
    }

    /// The schema that clients see as text, without what introspection adds to it.
    pub fn api_sdl(&self) -> String {
        let mut document = Document::clone(&self.api);
        document.definitions.retain(|definition| match definition {
            Definition::TypeDefinition(definition) => {
                !definition.name().starts_with("__") && !BUILT_IN_SCALARS.contains(&definition.name())
            }
            Definition::DirectiveDefinition(directive) => !BUILT_IN_DIRECTIVES.contains(&directive.name.as_str()),
            _ => true,
        });
        for definition in &mut document.definitions {
            if let Definition::TypeDefinition(TypeDefinition::Object(object)) = definition {
                object.fields.retain(|field| !field.name.starts_with("__"));
            }
        }
        print::printed(document)
    }

    /// A type as the supergraph defines it, with all directives.
    pub(crate) fn definition(&self, name: &str) -> Option<&TypeDefinition> {
        type_at(&self.document, *self.definitions.get(name)?)
    }

    /// A type as clients see it.
    pub(crate) fn api_type(&self, name: &str) -> Option<&TypeDefinition> {
        type_at(&self.api, *self.visible.get(name)?)
    }

    /// A field of an object or interface as clients see it.
    pub(crate) fn api_field(&self, parent: &str, name: &str) -> Option<&Field> {
        self.api_type(parent)?.field_by_name(name)
    }

    /// A field of an object or interface with all directives.
    pub(crate) fn field(&self, parent: &str, name: &str) -> Option<&Field> {
        self.definition(parent)?.field_by_name(name)
    }

    /// The name of the root type for queries.
    pub(crate) fn query_type(&self) -> &str {
        self.api.query_type_name().map_or("Query", String::as_str)
    }

    /// The name of the root type for mutations.
    pub(crate) fn mutation_type(&self) -> Option<&str> {
        self.root_named(|schema| schema.mutation.as_ref(), self.api.mutation_type_name())
    }

    /// The name of the root type for subscriptions.
    pub(crate) fn subscription_type(&self) -> Option<&str> {
        self.root_named(|schema| schema.subscription.as_ref(), self.api.subscription_type_name())
    }

    /// A root, where the schema names its roots. Where it does not, a type with the usual name is one: the library takes
    /// such a type for one in both cases.
    fn root_named<'a>(
        &'a self,
        named: impl Fn(&'a SchemaDefinition) -> Option<&'a String>,
        usual: Option<&'a String>,
    ) -> Option<&'a str> {
        let schema = self.api.definitions.iter().find_map(|definition| match definition {
            Definition::SchemaDefinition(schema) => Some(schema),
            _ => None,
        });
        let root = schema.map_or(usual, named);
        root.map(String::as_str)
    }

    /// The names of the root types, in the order of the kinds of operations.
    pub(crate) fn roots(&self) -> [Option<&str>; 3] {
        [Some(self.query_type()), self.mutation_type(), self.subscription_type()]
    }

    /// The name of the root type for a kind of operation.
    pub(crate) fn root_type(&self, kind: OperationKind) -> Option<&str> {
        self.roots()[kind as usize]
    }

    /// The name under which the supergraph imports a directive of a specification, such as `cost` of
    /// `https://specs.apollo.dev/cost`.
    pub(crate) fn directive_name(&self, spec: &str, directive: &str) -> String {
        links::directive_name(&self.document, spec, directive)
    }
}

/// A schema with its strings and numbers as they were written: those of defaults as enum values, whose text nobody looks
/// into, and those that directives are applied with as near as 64 bits come.
fn parsed(sdl: &str) -> Result<Document, Error> {
    let text = readable(sdl);
    let (text, numbers) = Numbers::take_out(&text);
    let document = parse_schema::<String>(&text).map_err(|error| Error::Supergraph(error.to_string()))?;
    let mut document = document.into_static();
    walk::each(&mut document, &mut |met| match met {
        Met::Default(value) => {
            if let Some(number) = numbers.behind(value) {
                *value = Value::Enum(number.to_owned());
            }
        }
        Met::Argument(value) => {
            if let Some(number) = numbers.behind(value).and_then(|number| number.parse().ok()) {
                *value = Value::Float(number);
            }
        }
        Met::Description(_) => {}
    });
    Ok(document)
}

/// What every supergraph has; said here in clear words, because the planner's library would not.
fn check(document: &Document) -> Result<(), Error> {
    let has = |name: &str| {
        document.definitions.iter().any(|definition| {
        matches!(definition, Definition::TypeDefinition(TypeDefinition::Enum(found)) if found.name == name)
    })
    };
    if !has("join__Graph") {
        return Err(Error::Supergraph(
            "it has no enum join__Graph; compose the subgraphs first".into(),
        ));
    }
    if links::directive_name(document, INACCESSIBLE, "inaccessible") != "inaccessible" {
        // The planner's library knows it by this name alone, and would show clients what is hidden.
        return Err(Error::Supergraph(
            "it imports @inaccessible under another name; let the subgraphs import it under its own".into(),
        ));
    }
    if let Some(field) = links::connector(document) {
        return Err(Error::Supergraph(format!(
            "{field} is answered by a connector (@connect), and this gateway asks GraphQL services only; leave its subgraph out, or put a GraphQL service in its place"
        )));
    }
    let query = document.query_type_name().map_or("Query", String::as_str);
    match document.type_by_name(query) {
        Some(TypeDefinition::Object(_)) => Ok(()),
        _ => Err(Error::Supergraph(format!(
            "it has no object type {query}, so nothing can be asked for"
        ))),
    }
}

fn index(document: &Document) -> HashMap<String, usize> {
    let types = document.definitions.iter().enumerate();
    types
        .filter_map(|(position, definition)| match definition {
            Definition::TypeDefinition(definition) => Some((definition.name().to_owned(), position)),
            _ => None,
        })
        .collect()
}

fn type_at(document: &Document, position: usize) -> Option<&TypeDefinition> {
    match document.definitions.get(position)? {
        Definition::TypeDefinition(definition) => Some(definition),
        _ => None,
    }
}
