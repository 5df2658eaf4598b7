//! The data of one request: values in one vector, objects as rows of slots, leaves as ranges of subgraphs' answers.

use bytes::Bytes;

use super::{
    json::Kind,
    shape::{ShapeId, Shapes},
};
use crate::supergraph::TypeId;

/// A value of the answer. Small, and copied freely: what it refers to is never changed by a copy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    /// Nobody has said anything.
    Missing,
    /// Null.
    Null,
    /// A `__typename` of a known type.
    Type(TypeId),
    /// Bytes of an answer: a scalar, or a whole tree of one.
    Leaf(Leaf),
    /// A row of values.
    List {
        /// Where the row starts.
        start: u32,
        /// How long it is.
        len: u32,
    },
    /// A row of slots, one for each key of the shape.
    Object {
        /// Where the row starts.
        start: u32,
        /// What the slots are.
        shape: ShapeId,
    },
}

/// Bytes of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Leaf {
    /// Which answer.
    pub(crate) buffer: u16,
    /// What the bytes are.
    pub(crate) kind: Kind,
    /// Where they start.
    pub(crate) start: u32,
    /// How many they are.
    pub(crate) len: u32,
}

/// There is no room for more answers in this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// All values of one request.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) values: Vec<Value>,
    buffers: Vec<Bytes>,
    bytes: usize,
    limit: usize,
    /// How many values there may be beside the answers.
    most: usize,
    /// Elements of lists that are still being read.
    pub(crate) pending: Vec<Value>,
}

/// Where the root object's slots start.
pub(crate) const ROOT: u32 = 0;

impl Data {
    /// Nothing but the slots of the root object, and room for as many values as are to be expected.
    pub(crate) fn new(shapes: &Shapes, limit: usize, room: usize) -> Self {
        let mut data = Self {
            values: Vec::with_capacity(room.max(256)),
            buffers: Vec::with_capacity(8),
            bytes: 0,
            limit,
            most: limit / size_of::<Value>(),
            pending: Vec::new(),
        };
        data.object(shapes.slots(ShapeId::ROOT));
        data
    }

    /// Keeps an answer for as long as the request lasts.
    pub(crate) fn keep(&mut self, answer: Bytes) -> Result<u16, Full> {
        let id = u16::try_from(self.buffers.len()).map_err(|_| Full)?;
        self.bytes += answer.len();
        self.buffers.push(answer);
        self.most = self.limit.saturating_sub(self.bytes) / size_of::<Value>();
        match self.is_full() {
            false => Ok(id),
            true => Err(Full),
        }
    }

    /// Whether the answers and what was read of them take more than they may.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.values.len() + self.pending.len() > self.most
    }

    /// How many bytes the answers have together.
    pub(crate) fn size(&self) -> usize {
        self.bytes
    }

    /// The bytes of a leaf.
    #[inline]
    pub(crate) fn bytes(&self, leaf: Leaf) -> &[u8] {
        &self.buffers[usize::from(leaf.buffer)][leaf.start as usize..][..leaf.len as usize]
    }

    /// The bytes of a leaf, and what comes behind them.
    #[inline]
    pub(crate) fn tail(&self, leaf: Leaf) -> &[u8] {
        &self.buffers[usize::from(leaf.buffer)][leaf.start as usize..]
    }

    /// A new object without values; gives back where its slots start.
    #[inline]
    pub(crate) fn object(&mut self, slots: usize) -> u32 {
        let start = self.values.len();
        self.values.resize(start + slots, Value::Missing);
        place(start)
    }

    /// Makes a list of the elements that are pending since `from`.
    pub(crate) fn list(&mut self, from: usize) -> Value {
        let start = place(self.values.len());
        let len = place(self.pending.len() - from);
        self.values.extend(self.pending.drain(from..));
        Value::List { start, len }
    }

    /// The value of a slot, or of an element.
    #[inline]
    pub(crate) fn at(&self, start: u32, slot: u32) -> Value {
        self.values[(start + slot) as usize]
    }

    /// Sets a slot.
    #[inline]
    pub(crate) fn set(&mut self, start: u32, slot: u32, value: Value) {
        self.values[(start + slot) as usize] = value;
    }

    /// Adds the values of one row to another of the same shape. What both have and is not composite stays new.
    pub(crate) fn merge(&mut self, target: u32, source: u32, len: u32, shapes: &Shapes) {
        for slot in 0..len {
            self.merge_slot(target, source, slot, shapes);
        }
    }

    /// Adds one value of a row to another.
    pub(crate) fn merge_slot(&mut self, target: u32, source: u32, slot: u32, shapes: &Shapes) {
        let merged = match (self.at(target, slot), self.at(source, slot)) {
            (_, Value::Missing) => return,
            (Value::Missing | Value::Null, new) => new,
            (_, Value::Null) => return,
            (
                Value::Object { start: old, shape },
                Value::Object {
                    start: new,
                    shape: same,
                },
            ) if shape == same => {
                if old != new {
                    self.merge(old, new, place(shapes.slots(shape)), shapes);
                }
                return;
            }
            (Value::List { start: old, len }, Value::List { start: new, len: same }) if len == same => {
                if old != new {
                    self.merge(old, new, len, shapes);
                }
                return;
            }
            (_, new) => new,
        };
        self.set(target, slot, merged);
    }
}

/// Answers are limited to far less than what 32 bits can count: see `traffic.answer` and `execution.memory`.
#[inline]
pub(crate) fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
