//! Reads a subgraph's answer straight into the data of the request.

use super::{
    json::{Broken, DEEPEST, Kind, Scanner},
    program::{Read, ReadField, ReadId},
    shape::TYPE_SLOT,
    value::{Data, Leaf, Value, place},
};
use crate::supergraph::{TypeId, Types};

/// Reads values of one answer.
pub(crate) struct Reader<'a> {
    pub(crate) data: &'a mut Data,
    pub(crate) scan: Scanner<'a>,
    pub(crate) bytes: &'a [u8],
    pub(crate) buffer: u16,
    pub(crate) reads: &'a [Read],
    pub(crate) types: &'a Types,
    last_type: Option<(&'a [u8], TypeId)>,
}

impl<'a> Reader<'a> {
    /// Reads from the start of an answer that the data keeps already.
    pub(crate) fn new(data: &'a mut Data, bytes: &'a [u8], buffer: u16, reads: &'a [Read], types: &'a Types) -> Self {
        Self {
            data,
            scan: Scanner::new(bytes),
            bytes,
            buffer,
            reads,
            types,
            last_type: None,
        }
    }

    /// Reads an object into the slots of an existing one. Reading ends where the data is full.
    pub(crate) fn object_into(&mut self, read: ReadId, target: u32, depth: usize) -> Result<(), Broken> {
        if depth > DEEPEST || self.data.is_full() {
            return Err(Broken(self.scan.position()));
        }
        let reads = self.reads;
        let read = &reads[read.0 as usize];
        self.scan.expect(b'{')?;
        if self.scan.eat(b'}') {
            return Ok(());
        }
        let mut hint = 0;
        loop {
            let key = self.scan.key()?;
            match find(&read.fields, key, &mut hint) {
                Some(field) => self.field(field, target, depth)?,
                None => drop(self.scan.skip(depth)?),
            }
            if !self.scan.more(b'}')? {
                return Ok(());
            }
        }
    }

    fn field(&mut self, field: &ReadField, target: u32, depth: usize) -> Result<(), Broken> {
        if field.slot == TYPE_SLOT {
            return self.typename(target, depth);
        }
        let old = self.data.at(target, field.slot);
        let new = self.value(field.child, old, depth)?;
        if new != old {
            self.data.set(target, field.slot, new);
        }
        Ok(())
    }

    /// The value that stands here, where `old` has been so far.
    fn value(&mut self, child: Option<ReadId>, old: Value, depth: usize) -> Result<Value, Broken> {
        let Some(read) = child else {
            return self.leaf(old, depth);
        };
        match self.scan.peek() {
            Some(b'{') => {
                let (shape, slots) = {
                    let read = &self.reads[read.0 as usize];
                    (read.shape, read.slots)
                };
                let start = match old {
                    Value::Object { start, shape: same } if same == shape => start,
                    _ => self.data.object(slots as usize),
                };
                self.object_into(read, start, depth + 1)?;
                Ok(Value::Object { start, shape })
            }
            Some(b'[') => self.list(read, old, depth + 1),
            _ => self.leaf(old, depth),
        }
    }

    fn list(&mut self, read: ReadId, old: Value, depth: usize) -> Result<Value, Broken> {
        if depth > DEEPEST {
            return Err(Broken(self.scan.position()));
        }
        self.scan.expect(b'[')?;
        let from = self.data.pending.len();
        if !self.scan.eat(b']') {
            loop {
                let index = place(self.data.pending.len() - from);
                let before = match old {
                    Value::List { start, len } if index < len => self.data.at(start, index),
                    _ => Value::Missing,
                };
                let element = self.value(Some(read), before, depth)?;
                self.data.pending.push(element);
                if self.data.is_full() {
                    return Err(Broken(self.scan.position()));
                }
                if !self.scan.more(b']')? {
                    break;
                }
            }
        }
        Ok(self.data.list(from))
    }

    fn leaf(&mut self, old: Value, depth: usize) -> Result<Value, Broken> {
        self.scan.peek();
        let start = self.scan.position();
        let kind = self.scan.skip(depth)?;
        if kind == Kind::Null {
            // What one subgraph knows, another one's null does not take away.
            return Ok(if old == Value::Missing { Value::Null } else { old });
        }
        let len = place(self.scan.position() - start);
        Ok(Value::Leaf(Leaf {
            buffer: self.buffer,
            kind,
            start: place(start),
            len,
        }))
    }

    fn typename(&mut self, target: u32, depth: usize) -> Result<(), Broken> {
        self.scan.peek();
        let start = self.scan.position();
        if self.scan.skip(depth)? != Kind::String {
            return Ok(());
        }
        let name = &self.bytes[start + 1..self.scan.position() - 1];
        let id = match self.last_type {
            Some((last, id)) if last == name => Some(id),
            _ => std::str::from_utf8(name).ok().and_then(|name| self.types.id(name)),
        };
        let Some(id) = id else {
            // A type that the supergraph does not have cannot be shown to anybody.
            if self.data.at(target, TYPE_SLOT) == Value::Missing {
                self.data.set(target, TYPE_SLOT, Value::Null);
            }
            return Ok(());
        };
        self.last_type = Some((name, id));
        tell_type(self.data, target, id, self.types);
        Ok(())
    }
}

/// Says of which type an object is. An interface's name takes away nothing: whoever answers with it does not know the
/// objects behind it.
pub(super) fn tell_type(data: &mut Data, object: u32, id: TypeId, types: &Types) {
    let keeps = matches!(data.at(object, TYPE_SLOT), Value::Type(old) if types.is_object(old) && !types.is_object(id));
    if !keeps {
        data.set(object, TYPE_SLOT, Value::Type(id));
    }
}

/// The field of a key. Subgraphs answer in the order they are asked, so the next one is looked at first.
#[inline]
fn find<'f>(fields: &'f [ReadField], key: &[u8], hint: &mut usize) -> Option<&'f ReadField> {
    let (before, after) = fields.split_at((*hint).min(fields.len()));
    let is_it = |field: &&ReadField| *field.key == *key;
    if let Some(ahead) = after.iter().position(|field| is_it(&field)) {
        *hint += ahead + 1;
        return Some(&after[ahead]);
    }
    let behind = before.iter().position(|field| is_it(&field))?;
    *hint = behind + 1;
    Some(&before[behind])
}
