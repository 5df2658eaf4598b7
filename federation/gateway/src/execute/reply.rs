//! Takes one answer of a subgraph apart: its data into the request's data, its errors into the request's errors.

use std::ops::Range;

use super::{
    gather::{Gathered, Target},
    json::{Broken, Scanner},
    program::{BatchTask, EntityTask, PlaceTask, Program, RootTask},
    read::{Reader, tell_type},
    report::Report,
    run::{Run, State},
    shape::{Shapes, TYPE_SLOT},
    value::{Data, ROOT, Value},
};
use crate::{
    fault::PathSegment,
    plan::of_client,
    subgraph::{Answer, CallError},
};

/// An answer and whose it is.
pub(super) struct Reply<'r> {
    run: &'r Run<'r>,
    subgraph: &'r str,
    answer: &'r Answer,
}

/// Where the parts of an answer are.
#[derive(Debug, Default)]
struct Parts {
    data: Option<usize>,
    errors: Option<Range<usize>>,
}

impl<'r> Reply<'r> {
    pub(super) fn new(run: &'r Run<'r>, subgraph: &'r str, answer: &'r Answer) -> Self {
        Self { run, subgraph, answer }
    }

    /// Takes the root fields.
    pub(super) fn root(&self, task: &RootTask, state: &mut State) -> Result<(), CallError> {
        let mut objects = Vec::new();
        match task.way.is_root() {
            true => objects.push(ROOT),
            false => task.way.each(&state.data, &mut |_, object| objects.push(object)),
        }
        let parts = self.read(state, |reader, start| {
            for object in &objects {
                reader.scan = Scanner::at(reader.bytes, start);
                reader.object_into(task.read, *object, 1)?;
            }
            Ok(())
        })?;
        if let Some(errors) = parts.errors {
            let stem = task.way.stem(&state.data, &self.run.program.shapes);
            let report = Report::new(self.subgraph, self.run.errors, &self.answer.body[errors]);
            state.faults.extend(report.root(task, &stem, self.run));
            let is_lost = parts
                .data
                .is_none_or(|start| self.answer.body.get(start) == Some(&b'n'));
            for key in task.keys.iter().filter(|_| is_lost) {
                let key = PathSegment::Key(of_client(key).to_owned());
                state.lost.push(stem.iter().cloned().chain([key]).collect());
            }
        }
        Ok(())
    }

    /// Takes the fields of entities.
    pub(super) fn entities(
        &self,
        task: &EntityTask,
        gathered: &[Gathered],
        state: &mut State,
    ) -> Result<(), CallError> {
        let mut whole = 0;
        let parts = self.read(state, |reader, start| {
            reader.scan = Scanner::at(reader.bytes, start);
            whole = self.batches(task, gathered, reader)?;
            Ok(())
        })?;
        match parts.errors {
            Some(errors) => {
                let report = Report::new(self.subgraph, self.run.errors, &self.answer.body[errors]);
                let faults = report.entities(task, gathered, &state.data, self.run);
                state.faults.extend(faults);
                Ok(())
            }
            // Nothing says why entities are missing, or which of them are there.
            None if whole < task.batches.len() => Err(self.not_graphql()),
            None => Ok(()),
        }
    }

    /// How many of the lists have as many entities as were asked for.
    fn batches(&self, task: &EntityTask, gathered: &[Gathered], reader: &mut Reader<'_>) -> Result<usize, Broken> {
        let mut whole = 0;
        reader.scan.expect(b'{')?;
        if reader.scan.eat(b'}') {
            return Ok(whole);
        }
        loop {
            let key = reader.scan.key()?;
            let batch = task
                .batches
                .iter()
                .zip(gathered)
                .find(|(batch, _)| batch.key.as_bytes() == key);
            match batch {
                Some((batch, gathered)) if reader.scan.peek() == Some(b'[') => {
                    whole += usize::from(self.list(batch, gathered, reader)? == gathered.count);
                }
                _ => drop(reader.scan.skip(1)?),
            }
            if !reader.scan.more(b'}')? {
                return Ok(whole);
            }
        }
    }

    /// Takes the entities of a list and says how many there are.
    fn list(&self, batch: &BatchTask, gathered: &Gathered, reader: &mut Reader<'_>) -> Result<u32, Broken> {
        reader.scan.expect(b'[')?;
        if reader.scan.eat(b']') {
            return Ok(0);
        }
        let (mut entity, mut from) = (0, 0);
        loop {
            let targets = gathered.targets_of(entity, &mut from);
            match reader.scan.peek() {
                Some(b'{') if !targets.is_empty() => self.entity(batch, targets, reader)?,
                _ => drop(reader.scan.skip(2)?),
            }
            entity += 1;
            if !reader.scan.more(b']')? {
                return Ok(entity);
            }
        }
    }

    fn entity(&self, batch: &BatchTask, targets: &[Target], reader: &mut Reader<'_>) -> Result<(), Broken> {
        let start = reader.scan.position();
        let mut rest = targets;
        while let Some(first) = rest.first() {
            let here = rest.iter().take_while(|target| target.place == first.place).count();
            let (group, others) = rest.split_at(here);
            rest = others;
            let place = &batch.places[first.place as usize];
            if group.len() > 1 && batch.may_share {
                reader.scan = Scanner::at(reader.bytes, start);
                self.shared(place, group, reader)?;
                continue;
            }
            for target in group {
                reader.scan = Scanner::at(reader.bytes, start);
                reader.object_into(place.read, target.object, 3)?;
            }
        }
        Ok(())
    }

    /// Reads an entity once for all objects of a place that wait for it.
    fn shared(&self, place: &PlaceTask, group: &[Target], reader: &mut Reader<'_>) -> Result<(), Broken> {
        let Program { shapes, reads, .. } = self.run.program;
        let shared = reader.data.object(shapes.slots(place.shape));
        reader.object_into(place.read, shared, 3)?;
        match reader.data.at(shared, TYPE_SLOT) {
            // What is one entity for a subgraph that knows their interface alone may be objects of several types.
            Value::Type(id) => {
                for target in group {
                    tell_type(reader.data, target.object, id, reader.types);
                }
            }
            _ => hand_out(reader.data, shared, TYPE_SLOT, group, shapes),
        }
        let slots = reads[place.read.0 as usize].fields.iter().map(|field| field.slot);
        for slot in slots.filter(|slot| *slot != TYPE_SLOT) {
            hand_out(reader.data, shared, slot, group, shapes);
        }
        Ok(())
    }

    /// Goes through the answer once. `take` is called where the data starts, and leaves the position at its end.
    fn read(
        &self,
        state: &mut State,
        mut take: impl FnMut(&mut Reader<'_>, usize) -> Result<(), Broken>,
    ) -> Result<Parts, CallError> {
        let bytes = self.answer.body.as_ref();
        let buffer = state
            .data
            .keep(self.answer.body.clone())
            .map_err(|_| CallError::TooMuch)?;
        if std::str::from_utf8(bytes).is_err() {
            return Err(self.not_graphql());
        }
        let mut reader = Reader::new(&mut state.data, bytes, buffer, &self.run.program.reads, self.run.types);
        let read = members(&mut reader, &mut take);
        if state.data.is_full() {
            return Err(CallError::TooMuch);
        }
        let parts = read.map_err(|_| self.not_graphql())?;
        match parts.data.is_none() && parts.errors.is_none() {
            true => Err(self.not_graphql()),
            false => Ok(parts),
        }
    }

    fn not_graphql(&self) -> CallError {
        match self.answer.status {
            200..=299 => CallError::NotGraphql,
            status => CallError::Status(status),
        }
    }
}

/// Gives one value of an entity to all objects that wait for it.
fn hand_out(data: &mut Data, shared: u32, slot: u32, group: &[Target], shapes: &Shapes) {
    match data.at(shared, slot) {
        Value::Missing => {}
        value @ Value::Leaf(_) => {
            for target in group {
                data.set(target.object, slot, value);
            }
        }
        Value::Type(_) | Value::Null | Value::List { .. } | Value::Object { .. } => {
            let mut merged = None;
            for target in group {
                // What several of them share already is merged once.
                let old = data.at(target.object, slot);
                if merged == Some(old) {
                    continue;
                }
                data.merge_slot(target.object, shared, slot, shapes);
                if data.at(target.object, slot) == old {
                    merged = Some(old);
                }
            }
        }
    }
}

fn members(
    reader: &mut Reader<'_>,
    take: &mut impl FnMut(&mut Reader<'_>, usize) -> Result<(), Broken>,
) -> Result<Parts, Broken> {
    let mut parts = Parts::default();
    reader.scan.expect(b'{')?;
    if reader.scan.eat(b'}') {
        return Ok(parts);
    }
    loop {
        let key = reader.scan.key()?;
        let next = reader.scan.peek();
        let start = reader.scan.position();
        match (key, next) {
            (b"data", Some(b'{')) => {
                parts.data = Some(start);
                take(reader, start)?;
                if reader.scan.position() == start {
                    // Nobody waits for it.
                    reader.scan.skip(1)?;
                }
            }
            (b"data", _) => {
                reader.scan.skip(1)?;
                parts.data = Some(start);
            }
            (b"errors", Some(next)) if next != b'n' => {
                reader.scan.skip(1)?;
                let errors = start..reader.scan.position();
                // Nothing in the list says that nothing is wrong.
                let says = |byte: &u8| !matches!(byte, b'[' | b']' | b' ' | b'\n' | b'\r' | b'\t');
                parts.errors = reader.bytes[errors.clone()].iter().any(says).then_some(errors);
            }
            _ => drop(reader.scan.skip(1)?),
        }
        if !reader.scan.more(b'}')? {
            break;
        }
    }
    match reader.scan.peek() {
        None => Ok(parts),
        Some(_) => Err(Broken(reader.scan.position())),
    }
}
