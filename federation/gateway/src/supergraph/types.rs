//! The names of output types as small numbers, and which objects each of them can be.

use std::collections::HashMap;

use graphql_tools::static_graphql::schema::{Definition, Directive, Document, TypeDefinition, Value};
use rustc_hash::FxHashMap;

use super::{argument, text};

/// A type of the supergraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TypeId(pub(crate) u32);

/// All object, interface and union types of a supergraph.
#[derive(Debug, Default)]
pub(crate) struct Types {
    names: Vec<String>,
    ids: FxHashMap<String, TypeId>,
    /// For each type the objects it can be, the interfaces that implement it, and itself, as a set of bits.
    possible: Vec<TypeSet>,
    is_object: Vec<bool>,
    is_visible: Vec<bool>,
    /// For each subgraph the interfaces that it knows as objects.
    interface_objects: HashMap<String, Vec<TypeId>>,
}

/// A set of types.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct TypeSet(Vec<u64>);

impl TypeSet {
    /// Whether the type is in the set.
    pub(crate) fn contains(&self, id: TypeId) -> bool {
        let (word, bit) = (id.0 as usize / 64, id.0 % 64);
        self.0.get(word).is_some_and(|bits| bits & (1 << bit) != 0)
    }

    /// Adds a type.
    pub(crate) fn insert(&mut self, id: TypeId) {
        let (word, bit) = (id.0 as usize / 64, id.0 % 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << bit;
    }

    /// Adds every type of another set.
    pub(crate) fn extend(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }
}

impl Types {
    /// The types of a supergraph; `api` says which of them clients may see.
    pub(crate) fn new(supergraph: &Document, api: &Document) -> Self {
        let mut types = Self::default();
        for definition in output_types(supergraph).chain(output_types(api)) {
            types.add(definition);
        }
        for definition in output_types(supergraph).chain(output_types(api)) {
            types.relate(definition);
        }
        for definition in output_types(api) {
            let id = types.ids[definition.name()];
            types.is_visible[id.0 as usize] = true;
        }
        types.find_interface_objects(supergraph);
        types
    }

    fn find_interface_objects(&mut self, supergraph: &Document) {
        let subgraphs = subgraphs(supergraph);
        for definition in output_types(supergraph) {
            let (TypeDefinition::Interface(interface), Some(id)) = (definition, self.id(definition.name())) else {
                continue;
            };
            for directive in interface
                .directives
                .iter()
                .filter(|directive| directive.name == "join__type")
            {
                let is_object = argument(directive, "isInterfaceObject") == Some(&Value::Boolean(true));
                let Some(Value::Enum(graph)) = argument(directive, "graph").filter(|_| is_object) else {
                    continue;
                };
                if let Some(subgraph) = subgraphs.get(graph.as_str()) {
                    self.interface_objects.entry(subgraph.clone()).or_default().push(id);
                }
            }
        }
    }

    /// The interfaces that a subgraph knows as objects: it does not know the objects behind them.
    pub(crate) fn interface_objects(&self, subgraph: &str) -> &[TypeId] {
        self.interface_objects.get(subgraph).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, definition: &TypeDefinition) {
        let name = definition.name();
        if self.ids.contains_key(name) {
            return;
        }
        let id = TypeId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.ids.insert(name.to_owned(), id);
        self.names.push(name.to_owned());
        let mut itself = TypeSet::default();
        itself.insert(id);
        self.possible.push(itself);
        self.is_object.push(matches!(definition, TypeDefinition::Object(_)));
        self.is_visible.push(false);
    }

    fn relate(&mut self, definition: &TypeDefinition) {
        let Some(id) = self.id(definition.name()) else { return };
        match definition {
            TypeDefinition::Object(object) => self.implements(id, &object.implements_interfaces),
            TypeDefinition::Interface(interface) => self.implements(id, &interface.implements_interfaces),
            TypeDefinition::Union(union) => {
                for member in union.types.iter().filter_map(|member| self.ids.get(member)) {
                    self.possible[id.0 as usize].insert(*member);
                }
            }
            _ => {}
        }
    }

    fn implements(&mut self, id: TypeId, interfaces: &[String]) {
        for interface in interfaces {
            if let Some(interface) = self.id(interface) {
                self.possible[interface.0 as usize].insert(id);
            }
        }
    }

    /// The type of a name.
    pub(crate) fn id(&self, name: &str) -> Option<TypeId> {
        self.ids.get(name).copied()
    }

    /// The name of a type.
    pub(crate) fn name(&self, id: TypeId) -> &str {
        &self.names[id.0 as usize]
    }

    /// The objects a type can be, the interfaces that implement it, and the type itself.
    pub(crate) fn possible(&self, id: TypeId) -> &TypeSet {
        &self.possible[id.0 as usize]
    }

    /// The names of the objects that `name` can be; of an object that is its own name alone.
    pub(crate) fn objects_of<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let possible = self.id(name).map(|id| self.possible(id));
        (0u32..)
            .zip(&self.names)
            .filter(move |(id, _)| {
                self.is_object[*id as usize] && possible.is_some_and(|set| set.contains(TypeId(*id)))
            })
            .map(|(_, name)| name.as_str())
    }

    /// Whether every object of type `name` is also a `condition`.
    pub(crate) fn is_subtype(&self, name: &str, condition: &str) -> bool {
        name == condition
            || matches!((self.id(name), self.id(condition)), (Some(id), Some(of)) if self.possible(of).contains(id))
    }

    /// Whether clients may see the type.
    pub(crate) fn is_visible(&self, id: TypeId) -> bool {
        self.is_visible[id.0 as usize]
    }

    /// Whether it is an object type.
    pub(crate) fn is_object(&self, id: TypeId) -> bool {
        self.is_object[id.0 as usize]
    }
}

/// The names of the subgraphs by the values of `join__Graph`.
fn subgraphs(supergraph: &Document) -> HashMap<&str, String> {
    let graphs = supergraph.definitions.iter().find_map(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Enum(graphs)) if graphs.name == "join__Graph" => Some(graphs),
        _ => None,
    });
    let name = |directives: &[Directive]| {
        let graph = directives.iter().find(|directive| directive.name == "join__graph")?;
        text(&graph.arguments, "name").map(str::to_owned)
    };
    let values = graphs.into_iter().flat_map(|graphs| &graphs.values);
    values
        .filter_map(|value| Some((value.name.as_str(), name(&value.directives)?)))
        .collect()
}

fn output_types(document: &Document) -> impl Iterator<Item = &TypeDefinition> {
    document.definitions.iter().filter_map(|definition| match definition {
        Definition::TypeDefinition(
            definition @ (TypeDefinition::Object(_) | TypeDefinition::Interface(_) | TypeDefinition::Union(_)),
        ) => Some(definition),
        _ => None,
    })
}
