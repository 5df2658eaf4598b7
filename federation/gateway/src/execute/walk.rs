//! From the root of the data down to the objects that a step is about.

use super::{
    shape::{ShapeId, Shapes, TYPE_SLOT},
    value::{Data, ROOT, Value, place},
};
use crate::{
    fault::PathSegment,
    plan::{Path, Step},
    supergraph::{TypeSet, Types},
};

/// A path with slots for keys. Lists need no step: every list on the way is gone through.
#[derive(Debug)]
pub(crate) struct Way(Vec<Hop>);

#[derive(Debug)]
enum Hop {
    Into(u32),
    On(TypeSet),
}

/// One step that was taken.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Taken {
    /// Into a slot of an object.
    Slot(ShapeId, u32),
    /// Into an element of a list.
    Element(u32),
}

/// The way of a path, and the shape of the objects at its end.
pub(crate) fn way(path: &Path, shapes: &Shapes, types: &Types) -> (Way, ShapeId) {
    let (mut hops, mut shape) = (Vec::new(), ShapeId::ROOT);
    for step in &path.0 {
        match step {
            Step::Field(name) => {
                let Some(slot) = shapes.slot(shape, name) else { continue };
                shape = shapes.child(shape, slot).unwrap_or(shape);
                hops.push(Hop::Into(slot));
            }
            Step::On(names) => hops.push(Hop::On(super::compile::set(names, types))),
            Step::Each => {}
        }
    }
    (Way(hops), shape)
}

impl Way {
    /// Whether it stays at the root.
    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Calls back for each object at the end of the way, always in the same order.
    pub(crate) fn each(&self, data: &Data, visit: &mut dyn FnMut(&[Taken], u32)) {
        let root = Value::Object {
            start: ROOT,
            shape: ShapeId::ROOT,
        };
        follow(&self.0, root, data, &mut Vec::with_capacity(16), visit);
    }

    /// Calls back for each object at the end of the way once, in the order they are first met. Entities that several
    /// parents share, and all below them, are gone through once only.
    pub(crate) fn each_once(&self, data: &Data, visit: &mut dyn FnMut(u32)) {
        let root = Value::Object {
            start: ROOT,
            shape: ShapeId::ROOT,
        };
        follow_once(&self.0, root, data, &mut Met::new(data, self.0.len()), visit);
    }

    /// The keys up to the first list, for errors that are about all objects at the end of the way.
    pub(crate) fn stem(&self, data: &Data, shapes: &Shapes) -> Vec<PathSegment> {
        let (mut path, mut at) = (
            Vec::new(),
            Value::Object {
                start: ROOT,
                shape: ShapeId::ROOT,
            },
        );
        for hop in &self.0 {
            let (Value::Object { start, shape }, Hop::Into(slot)) = (at, hop) else {
                continue;
            };
            path.push(PathSegment::Key(shapes.key(shape, *slot).to_owned()));
            at = data.at(start, *slot);
        }
        path
    }
}

fn follow(hops: &[Hop], at: Value, data: &Data, taken: &mut Vec<Taken>, visit: &mut dyn FnMut(&[Taken], u32)) {
    match (at, hops.split_first()) {
        (Value::List { start, len }, _) => {
            for index in 0..len {
                taken.push(Taken::Element(index));
                follow(hops, data.at(start, index), data, taken, visit);
                taken.pop();
            }
        }
        (Value::Object { start, .. }, None) => visit(taken, start),
        (Value::Object { start, shape }, Some((Hop::Into(slot), rest))) => {
            taken.push(Taken::Slot(shape, *slot));
            follow(rest, data.at(start, *slot), data, taken, visit);
            taken.pop();
        }
        (Value::Object { start, .. }, Some((Hop::On(types), rest))) if is_of(types, start, data) => {
            follow(rest, at, data, taken, visit);
        }
        _ => {}
    }
}

fn follow_once(hops: &[Hop], at: Value, data: &Data, met: &mut Met, visit: &mut dyn FnMut(u32)) {
    match (at, hops.split_first()) {
        (Value::List { start, len }, _) if len > 0 && met.is_new(start, hops.len()) => {
            for index in 0..len {
                follow_once(hops, data.at(start, index), data, met, visit);
            }
        }
        (Value::Object { start, .. }, None) if met.is_new(start, 0) => visit(start),
        (Value::Object { start, .. }, Some((Hop::Into(slot), rest))) => {
            follow_once(rest, data.at(start, *slot), data, met, visit);
        }
        (Value::Object { start, .. }, Some((Hop::On(types), rest))) if is_of(types, start, data) => {
            follow_once(rest, at, data, met, visit);
        }
        _ => {}
    }
}

/// Where the type was not asked for, there is only one it can be.
fn is_of(types: &TypeSet, object: u32, data: &Data) -> bool {
    match data.at(object, TYPE_SLOT) {
        Value::Type(id) => types.contains(id),
        _ => true,
    }
}

/// The rows that were met with so many hops to go. Rows that are not empty start at different places.
struct Met {
    bits: Vec<Vec<u64>>,
    words: usize,
}

impl Met {
    fn new(data: &Data, hops: usize) -> Self {
        Self {
            bits: vec![Vec::new(); hops + 1],
            words: data.values.len() / 64 + 1,
        }
    }

    fn is_new(&mut self, row: u32, hops: usize) -> bool {
        let bits = &mut self.bits[hops];
        if bits.is_empty() {
            bits.resize(self.words, 0);
        }
        let word = &mut bits[row as usize / 64];
        let bit = 1 << (row % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

/// The path in the answer of steps that were taken.
pub(crate) fn path(taken: &[Taken], shapes: &Shapes) -> Vec<PathSegment> {
    let segment = |taken: &Taken| match taken {
        Taken::Slot(shape, slot) => PathSegment::Key(shapes.key(*shape, *slot).to_owned()),
        Taken::Element(index) => PathSegment::Index(place(*index as usize) as usize),
    };
    taken.iter().map(segment).collect()
}
