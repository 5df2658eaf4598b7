//! Collects the entities of a request: each different one once, and where its fields will go.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::{program::BatchTask, represent::Writer, value::Data};
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
    let mut gathered = Gathered::default();
    let mut known = Known::default();
    for (index, at) in (0u32..).zip(&batch.places) {
        at.way.each_once(data, &mut |object| {
            let mark = body.len();
            if gathered.count > 0 {
                body.push(b',');
            }
            let start = body.len();
            if !(Writer { data, types, out: body }).entity(&at.needs, object, &batch.renamed) {
                body.truncate(mark);
                return;
            }
            let next = gathered.count;
            let found = *known
                .entry(FxBuildHasher.hash_one(&body[start..]))
                .or_insert((start, body.len(), next));
            let is_known = found.2 != next && body[found.0..found.1] == body[start..];
            let entity = if is_known { found.2 } else { next };
            match is_known {
                true => body.truncate(mark),
                false => gathered.count += 1,
            }
            gathered.targets.push(Target {
                entity,
                place: index,
                object,
            });
        });
    }
    body.push(b']');
    gathered.order();
    gathered
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

    /// The position among the objects of its places, in walking order, of the first that waits for an entity.
    pub(crate) fn first_of(&self, entity: u32) -> Option<Target> {
        let index = self.targets.partition_point(|target| target.entity < entity);
        self.targets
            .get(index)
            .copied()
            .filter(|target| target.entity == entity)
    }
}

/// Where the bytes of an entity are, and which it is, by their hash. Two of one hash are compared byte by byte.
type Known = FxHashMap<u64, (usize, usize, u32)>;
