//! Where an object can be asked for its fields, and how one gets from one such place to the next.
//!
//! A place is a subgraph's view of one object of a known type. From a place lead hops by keys to other places of the same
//! object, and fields to places of other objects. Which hops and which fields with requirements exist depends on each
//! other, so both grow from nothing until nothing changes: the least fixed point, in polynomial time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use apollo_compiler::Name;
use indexmap::IndexSet;

use super::{
    selection::{Item, SelectionId, Selections},
    supergraph::{GraphId, Kind, Part, PartField, Supergraph},
};

/// The position of a place in [`Places`].
pub(super) type PlaceId = usize;

/// Places of one object in their order, under each type it can have.
pub(super) type Children = BTreeMap<Name, Vec<PlaceId>>;

/// A subgraph's view of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) graph: GraphId,
    /// The type that the way to here knows the object by: its own, or an interface or interface object that stands for it.
    pub(super) holder: Name,
    /// The type of the object.
    pub(super) runtime: Name,
    /// What the path to here provides beyond what the subgraph resolves by itself.
    provided: Vec<SelectionId>,
}

/// A possible move to another place of the same object, by one of the keys or for free.
pub(super) struct Move {
    pub(super) to: PlaceId,
    pub(super) keys: Option<Vec<SelectionId>>,
}

/// All places of a supergraph.
pub(super) struct Places<'a> {
    pub(super) supergraph: &'a Supergraph,
    pub(super) places: IndexSet<Place>,
    pub(super) moves: Vec<Vec<Move>>,
    /// The moves from each place whose conditions hold.
    pub(super) hops: Vec<BTreeSet<PlaceId>>,
    /// The places that hops lead to from each place, by one or by several.
    pub(super) reached: Vec<Vec<PlaceId>>,
    parts: Vec<Option<&'a Part>>,
    /// The places that each field of a place leads to, one for each type its object can have.
    below: Vec<HashMap<&'a Name, Vec<PlaceId>>>,
    /// The fields of each place whose requirements can be met.
    pub(super) required: Vec<BTreeSet<Name>>,
}

impl<'a> Places<'a> {
    /// Finds all places that can be met from the roots, and the hops between them.
    pub(super) fn explore(supergraph: &'a Supergraph) -> Self {
        let mut places = Self {
            supergraph,
            places: IndexSet::new(),
            moves: Vec::new(),
            hops: Vec::new(),
            reached: Vec::new(),
            parts: Vec::new(),
            below: Vec::new(),
            required: Vec::new(),
        };
        for (_, root) in &supergraph.roots {
            places.roots(root);
        }
        let mut next = 0;
        while next < places.places.len() {
            places.discover(next);
            next += 1;
        }
        places.solve();
        places
    }

    /// The places at which a root type begins.
    pub(super) fn roots(&mut self, root: &Name) -> Vec<PlaceId> {
        let graphs = self
            .supergraph
            .types
            .get(root)
            .into_iter()
            .flat_map(|it| it.parts.keys());
        graphs
            .map(|graph| self.intern(*graph, root, root, Vec::new()))
            .collect()
    }

    pub(super) fn get(&self, id: PlaceId) -> &Place {
        &self.places[id]
    }

    /// The part of the type at a place.
    pub(super) fn part(&self, id: PlaceId) -> Option<&'a Part> {
        self.parts[id]
    }

    pub(super) fn is_interface_object(&self, id: PlaceId) -> bool {
        self.part(id).is_some_and(|it| it.is_interface_object)
    }

    /// Whether only the interface of the object is known, which its subgraph can tell the types of.
    pub(super) fn is_interface(&self, id: PlaceId) -> bool {
        let Place { holder, runtime, .. } = self.get(id);
        holder != runtime && !self.is_interface_object(id)
    }

    /// The field at a place if the subgraph has it and answers for it, whatever it requires.
    pub(super) fn field(&self, id: PlaceId, name: &str) -> Option<&'a PartField> {
        let field = self.part(id)?.fields.get(name)?;
        self.answers(id, name, field).then_some(field)
    }

    /// All fields that the subgraph of a place answers for.
    pub(super) fn fields(&self, id: PlaceId) -> impl Iterator<Item = (&'a Name, &'a PartField)> {
        let fields = self.part(id).into_iter().flat_map(|it| &it.fields);
        fields.filter(move |(name, field)| self.answers(id, name, field))
    }

    fn answers(&self, id: PlaceId, name: &str, field: &PartField) -> bool {
        !(field.external || field.overridden) || !self.provided(id, name).is_empty()
    }

    /// The places where a field leads from several places, by the types its object can have.
    ///
    /// A field that several subgraphs resolve has the same answer in all of them, so a type that one of them cannot return
    /// never occurs.
    pub(super) fn children(&self, name: &Name, options: &[(PlaceId, &PartField)]) -> Children {
        let mut children = Children::new();
        for (id, _) in options {
            for &place in self.below[*id].get(name).into_iter().flatten() {
                let runtime = self.get(place).runtime.clone();
                children.entry(runtime).or_default().push(place);
            }
        }
        children.retain(|_, places| places.len() == options.len());
        for places in children.values_mut() {
            places.sort_unstable();
            places.dedup();
        }
        children
    }

    fn intern(&mut self, graph: GraphId, holder: &Name, runtime: &Name, provided: Vec<SelectionId>) -> PlaceId {
        let (holder, runtime) = (holder.clone(), runtime.clone());
        let place = Place {
            graph,
            holder,
            runtime,
            provided,
        };
        self.add(place)
    }

    fn add(&mut self, place: Place) -> PlaceId {
        let part = self.supergraph.part(place.graph, &place.holder);
        let (id, is_new) = self.places.insert_full(place);
        if is_new {
            self.moves.push(Vec::new());
            self.hops.push(BTreeSet::new());
            self.parts.push(part);
            self.below.push(HashMap::new());
            self.required.push(BTreeSet::new());
        }
        id
    }

    /// Adds every place that one step leads to, if its conditions turn out to hold.
    fn discover(&mut self, id: PlaceId) {
        let Some(part) = self.part(id) else { return };
        for (name, field) in &part.fields {
            let places = self.child_places(id, name, field).into_iter();
            let places = places.map(|place| self.add(place)).collect();
            self.below[id].insert(name, places);
        }
        self.moves[id] = self.possible_moves(id);
    }

    fn possible_moves(&mut self, id: PlaceId) -> Vec<Move> {
        let place = self.get(id).clone();
        let supergraph = self.supergraph;
        let Some(info) = supergraph.types.get(&place.runtime) else {
            return Vec::new();
        };
        let mut moves = Vec::new();
        let is_root = supergraph.roots.iter().any(|(_, root)| *root == place.runtime);
        if is_root {
            moves.extend(self.roots(&place.runtime).into_iter().map(|to| Move { to, keys: None }));
        }
        if self.is_interface(id) {
            let holder = place.runtime.clone();
            let to = self.add(Place {
                holder,
                ..place.clone()
            });
            moves.push(Move { to, keys: None });
        }
        // What does not know the type of its object leaves by the interface alone.
        let from_interface = place.holder != place.runtime;
        let holders: Vec<&Name> = if from_interface {
            vec![&place.holder]
        } else {
            std::iter::once(&place.runtime).chain(&info.interfaces).collect()
        };
        for holder in holders {
            let Some(info) = supergraph.types.get(holder) else {
                continue;
            };
            for (&graph, part) in &info.parts {
                let is_entered = part.is_interface_object || part.possible.contains(&place.runtime);
                let is_needed = part.is_interface_object || *holder == place.runtime || from_interface;
                let keys: Vec<_> = part
                    .keys
                    .iter()
                    .filter(|it| it.resolvable)
                    .map(|it| it.fields)
                    .collect();
                if keys.is_empty() || !is_entered || !is_needed || (graph == place.graph && *holder == place.holder) {
                    continue;
                }
                let to = self.intern(graph, holder, &place.runtime, Vec::new());
                moves.push(Move { to, keys: Some(keys) });
            }
        }
        moves
    }

    /// What the path provides of a field: one selection for each time it is named.
    fn provided(&self, id: PlaceId, name: &str) -> Vec<SelectionId> {
        let place = self.get(id);
        let mut open = place.provided.clone();
        let mut found = Vec::new();
        while let Some(selection) = open.pop() {
            for item in self.supergraph.selections.items(selection) {
                match item {
                    Item::Field { name: field, inner } if field == name => found.push(*inner),
                    Item::Fragment { on, inner } if self.supergraph.applies(on.as_ref(), &place.runtime) => {
                        open.push(*inner);
                    }
                    _ => {}
                }
            }
        }
        found
    }

    fn child_places(&self, id: PlaceId, name: &str, field: &PartField) -> Vec<Place> {
        let graph = self.get(id).graph;
        let Some(info) = self.supergraph.types.get(&field.ty) else {
            return Vec::new();
        };
        let (Some(part), true) = (info.parts.get(&graph), info.kind != Kind::Leaf) else {
            return Vec::new();
        };
        let mut provided = self.provided(id, name);
        provided.extend(field.provides);
        provided.retain(|it| *it != Selections::EMPTY);
        provided.sort_unstable();
        provided.dedup();
        let runtimes = if part.is_interface_object {
            &info.possible
        } else {
            &part.possible
        };
        let places = runtimes.iter().map(|runtime| {
            let holder = if info.kind == Kind::Union { runtime } else { &field.ty };
            Place {
                graph,
                holder: holder.clone(),
                runtime: runtime.clone(),
                provided: provided.clone(),
            }
        });
        places.collect()
    }
}
