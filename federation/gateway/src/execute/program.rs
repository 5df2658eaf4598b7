//! A plan with every name worked out: keys as slots, types as numbers, requests as bytes that only lack variables.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;

use super::{
    represent::{Needs, Renamed},
    shape::{ShapeId, Shapes},
    short::Short,
    walk::Way,
};
use crate::outline::OperationKind;

/// A plan that is ready to run.
#[derive(Debug)]
pub(crate) struct Program {
    /// The first step.
    pub(crate) start: Option<Task>,
    /// The keys of everything.
    pub(crate) shapes: Shapes,
    /// How answers are read.
    pub(crate) reads: Vec<Read>,
    /// How many values its answers have.
    pub(crate) room: Room,
}

/// How much room the next answer is likely to need: about as much as the last ones did.
#[derive(Debug, Default)]
pub(crate) struct Room(AtomicUsize);

impl Room {
    /// So many values.
    pub(crate) fn expected(&self) -> usize {
        self.0.load(Relaxed)
    }

    /// An answer had so many values. One that was much larger than the others is forgotten after a while.
    pub(crate) fn learn(&self, values: usize) {
        let known = self.expected();
        self.0.store(values.max(known - known / 8), Relaxed);
    }
}

/// A step that is ready to run.
#[derive(Debug)]
pub(crate) enum Task {
    Root(RootTask),
    Entities(EntityTask),
    Sequence(Vec<Task>),
    Parallel(Vec<Task>),
    Subscription(RootTask),
}

/// What both kinds of request have.
#[derive(Debug)]
pub(crate) struct Call {
    /// Which subgraph.
    pub(crate) subgraph: String,
    /// What the request does there.
    pub(crate) kind: OperationKind,
    /// `{"query":"…"`, escaped.
    pub(crate) opening: Bytes,
    /// The client's variables it uses.
    pub(crate) variables: Vec<String>,
}

/// A request for root fields.
#[derive(Debug)]
pub(crate) struct RootTask {
    pub(crate) call: Call,
    /// Where the answer goes.
    pub(crate) way: Way,
    pub(crate) read: ReadId,
    /// The keys it asks for, for the paths of errors.
    pub(crate) keys: Vec<String>,
}

/// A request for entities.
#[derive(Debug)]
pub(crate) struct EntityTask {
    pub(crate) call: Call,
    pub(crate) batches: Vec<BatchTask>,
}

/// A list of entities.
#[derive(Debug)]
pub(crate) struct BatchTask {
    pub(crate) key: String,
    pub(crate) variable: String,
    /// Whether an earlier batch of the request has the same variable, and so the same entities.
    pub(crate) shares_variable_of: Option<usize>,
    pub(crate) places: Vec<PlaceTask>,
    pub(crate) renamed: Vec<Renamed>,
    /// Whether equal entities may share one value: not if a later step tells them apart by what is above them.
    pub(crate) may_share: bool,
}

/// Where entities are, and what is needed of them there.
#[derive(Debug)]
pub(crate) struct PlaceTask {
    pub(crate) way: Way,
    pub(crate) shape: ShapeId,
    pub(crate) needs: Needs,
    pub(crate) read: ReadId,
}

/// Which reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadId(pub(crate) u32);

/// How the objects of one place are read from a subgraph's answer.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) shape: ShapeId,
    pub(crate) slots: u32,
    pub(crate) fields: Vec<ReadField>,
}

/// A key of an answer.
#[derive(Debug)]
pub(crate) struct ReadField {
    /// `"key":`
    pub(crate) opening: Short,
    /// Slot zero is the type.
    pub(crate) slot: u32,
    pub(crate) child: Option<ReadId>,
}

impl ReadField {
    /// The key without quotes.
    pub(crate) fn key(&self) -> &[u8] {
        let opening = self.opening.bytes();
        &opening[1..opening.len() - 2]
    }
}

impl Program {
    /// The memory it takes, about.
    pub(crate) fn weight(&self) -> usize {
        let reads: usize = self.reads.iter().map(|read| 48 + read.fields.len() * 64).sum();
        self.shapes.weight() + reads + self.start.as_ref().map_or(0, Task::weight)
    }
}

impl Task {
    fn weight(&self) -> usize {
        match self {
            Self::Root(task) | Self::Subscription(task) => 256 + task.call.opening.len() * 2,
            Self::Entities(task) => 512 * task.batches.len() + task.call.opening.len() * 2,
            Self::Sequence(tasks) | Self::Parallel(tasks) => tasks.iter().map(Self::weight).sum(),
        }
    }
}
