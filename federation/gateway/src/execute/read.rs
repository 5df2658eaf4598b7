//! Reads a subgraph's answer straight into the data of the request.

use std::ops::Range;

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
    /// Where a type was met last, in quotes.
    last_type: Option<(Range<usize>, TypeId)>,
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
            match self.next(&read.fields, &mut hint)? {
                Some(field) => self.field(field, target, depth)?,
                None => drop(self.scan.skip(depth)?),
            }
            if !self.scan.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// Steps over a key: its field, if it is one of these. Subgraphs answer in the order they are asked, so the next one is
    /// looked at first.
    #[inline]
    fn next<'f>(&mut self, fields: &'f [ReadField], hint: &mut usize) -> Result<Option<&'f ReadField>, Broken> {
        match fields.get(*hint) {
            Some(field) if self.scan.eat_all(&field.opening) => {
                *hint += 1;
                Ok(Some(field))
            }
            _ => {
                let key = self.scan.key()?;
                let found = fields.iter().position(|field| field.key() == key);
                *hint = found.map_or(*hint, |index| index + 1);
                Ok(found.map(|index| &fields[index]))
            }
        }
    }

    #[inline]
    fn field(&mut self, field: &ReadField, target: u32, depth: usize) -> Result<(), Broken> {
        if field.slot == TYPE_SLOT {
            return self.typename(target, depth);
        }
        let old = self.data.at(target, field.slot);
        let new = match field.child {
            Some(read) => self.value(read, old, depth)?,
            None => self.leaf(old, depth)?,
        };
        self.data.set(target, field.slot, new);
        Ok(())
    }

    /// The object, list or null that stands here, where `old` has been so far.
    fn value(&mut self, read: ReadId, old: Value, depth: usize) -> Result<Value, Broken> {
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
                let element = self.value(read, before, depth)?;
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

    #[inline]
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
        if let Some((last, id)) = &self.last_type
            && self.scan.eat_again(last)
        {
            tell_type(self.data, target, *id, self.types);
            return Ok(());
        }
        self.scan.peek();
        let start = self.scan.position();
        if self.scan.skip(depth)? != Kind::String {
            return Ok(());
        }
        let quoted = start..self.scan.position();
        let name = std::str::from_utf8(&self.bytes[start + 1..quoted.end - 1]);
        let Some(id) = name.ok().and_then(|name| self.types.id(name)) else {
            // A type that the supergraph does not have cannot be shown to anybody.
            if self.data.at(target, TYPE_SLOT) == Value::Missing {
                self.data.set(target, TYPE_SLOT, Value::Null);
            }
            return Ok(());
        };
        self.last_type = Some((quoted, id));
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
