//! Collects the entities of a request: each different one once, and where its fields will go.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::{
    alike::{are_alike, mark},
    program::BatchTask,
    represent::{Needs, Writer},
    value::Data,
};
use crate::supergraph::Types;

/// The entities of one list of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathered {
    /// How many different ones there are.
    pub(crate) count: u32,
    /// The objects that wait for them, those of one entity beside each other.
    pub(crate) targets: Vec<Target>,
}

/// An object that waits for an entity's fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    /// Which entity of the list.
    pub(crate) entity: u32,
    /// Which of the batch's places.
    pub(crate) place: u32,
    /// Where the object's slots start.
    pub(crate) object: u32,
}

/// Writes `"variable":[…]` and remembers for whom.
pub(crate) fn gather(batch: &BatchTask, data: &Data, types: &Types, body: &mut Vec<u8>) -> Gathered {
    if body.last() != Some(&b'{') {
        body.push(b',');
    }
    body.push(b'"');
    body.extend_from_slice(batch.variable.as_bytes());
    body.extend_from_slice(b"\":[");
    let (mut gathered, mut list) = (Gathered::default(), List::new(batch, data, types, body));
    for (index, at) in (0u32..).zip(&batch.places) {
        let mut firsts = Firsts::default();
        at.way.each_once(data, &mut |object| {
            if let Some(entity) = list.entity(&at.needs, object, &mut firsts) {
                gathered.targets.push(Target {
                    entity,
                    place: index,
                    object,
                });
            }
        });
    }
    gathered.count = list.count;
    body.push(b']');
    gathered.order();
    gathered
}

/// The first object of a place with such a mark, and which entity it is.
type Firsts = FxHashMap<u64, (u32, u32)>;
/// Where the bytes of an entity are, and which it is, by their hash. Two of one hash are compared byte by byte.
type Known = FxHashMap<u64, (usize, usize, u32)>;

/// The list that is being written.
struct List<'a> {
    batch: &'a BatchTask,
    data: &'a Data,
    types: &'a Types,
    body: &'a mut Vec<u8>,
    known: Known,
    count: u32,
}

impl<'a> List<'a> {
    fn new(batch: &'a BatchTask, data: &'a Data, types: &'a Types, body: &'a mut Vec<u8>) -> Self {
        Self {
            batch,
            data,
            types,
            body,
            known: Known::default(),
            count: 0,
        }
    }

    /// Which entity an object is. Most look like one before, and need not be written to be told so.
    fn entity(&mut self, needs: &Needs, object: u32, firsts: &mut Firsts) -> Option<u32> {
        let Some(mark) = mark(&needs.slots, self.data, object) else {
            return self.present(needs, object);
        };
        match firsts.get(&mark) {
            Some((first, entity)) if are_alike(&needs.slots, self.data, (*first, object)) => Some(*entity),
            _ => {
                let entity = self.present(needs, object)?;
                firsts.insert(mark, (object, entity));
                Some(entity)
            }
        }
    }

    /// Writes an object's representation, unless it is in the list already. Nothing, where nothing is known that tells it
    /// from others.
    fn present(&mut self, needs: &Needs, object: u32) -> Option<u32> {
        let (mark, next) = (self.body.len(), self.count);
        if next > 0 {
            self.body.push(b',');
        }
        let start = self.body.len();
        let mut writer = Writer {
            data: self.data,
            types: self.types,
            out: self.body,
        };
        if !writer.entity(needs, object, &self.batch.renamed) {
            self.body.truncate(mark);
            return None;
        }
        let hash = FxBuildHasher.hash_one(&self.body[start..]);
        let found = *self.known.entry(hash).or_insert((start, self.body.len(), next));
        if found.2 != next && self.body[found.0..found.1] == self.body[start..] {
            self.body.truncate(mark);
            return Some(found.2);
        }
        self.count += 1;
        Some(next)
    }
}

impl Gathered {
    /// Puts the objects of one entity beside each other; otherwise they stay as they were met.
    fn order(&mut self) {
        if self.targets.len() == self.count as usize {
            return;
        }
        let mut ends = vec![0; self.count as usize + 1];
        for target in &self.targets {
            ends[target.entity as usize + 1] += 1;
        }
        for entity in 1..ends.len() {
            ends[entity] += ends[entity - 1];
        }
        let mut ordered = self.targets.clone();
        for target in &self.targets {
            let end = &mut ends[target.entity as usize];
            ordered[*end] = *target;
            *end += 1;
        }
        self.targets = ordered;
    }

    /// The objects that wait for an entity, where `from` is where those of the entity before ended.
    pub(crate) fn targets_of(&self, entity: u32, from: &mut usize) -> &[Target] {
        let start = *from;
        while self.targets.get(*from).is_some_and(|target| target.entity == entity) {
            *from += 1;
        }
        &self.targets[start..*from]
    }

    /// All objects that wait for an entity.
    pub(crate) fn all_of(&self, entity: u32) -> &[Target] {
        let from = self.targets.partition_point(|target| target.entity < entity);
        let to = self.targets.partition_point(|target| target.entity <= entity);
        &self.targets[from..to]
    }
}
