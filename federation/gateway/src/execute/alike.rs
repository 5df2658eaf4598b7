//! Whether objects have the same representation, told without writing it.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::{
    short::begin_alike,
    value::{Data, Value},
};

/// A hash of what a representation is made of, which is in these slots; nothing where that is more than a type and leaves.
pub(super) fn mark(slots: &[u32], data: &Data, object: u32) -> Option<u64> {
    let mut hasher = FxHasher::default();
    for slot in slots {
        match data.at(object, *slot) {
            Value::Leaf(leaf) => hasher.write(data.bytes(leaf)),
            Value::Type(id) => hasher.write_u32(id.0),
            Value::Missing => hasher.write_u8(0),
            Value::Null => hasher.write_u8(1),
            Value::List { .. } | Value::Object { .. } => return None,
        }
    }
    Some(hasher.finish())
}

/// Whether two objects have the same in these slots: the same type, and leaves of the same bytes.
pub(super) fn are_alike(slots: &[u32], data: &Data, (one, other): (u32, u32)) -> bool {
    slots
        .iter()
        .all(|slot| match (data.at(one, *slot), data.at(other, *slot)) {
            (Value::Leaf(one), Value::Leaf(other)) => {
                one.len == other.len && begin_alike(data.tail(one), data.tail(other), one.len as usize)
            }
            (one, other) => one == other,
        })
}
