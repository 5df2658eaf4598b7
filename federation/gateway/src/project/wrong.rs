//! What is wrong with the data, as errors of the answer.

use platform_error::Code;

use super::write::Projector;
use crate::fault::{Fault, PathSegment};

/// More errors than this are not added: an answer that lacks a thousand names says so a hundred times.
const MOST_FAULTS: usize = 100;

/// One step of the path to what is written.
#[derive(Clone, Copy)]
pub(super) enum Segment<'a> {
    Key(&'a str),
    Index(u32),
}

impl Projector<'_> {
    pub(super) fn misfit(&mut self, expected: &str) -> bool {
        self.report(format!("the subgraph's answer has no {expected} here"));
        false
    }

    pub(super) fn report_unasked(&mut self) {
        self.report("no subgraph was asked for this: an object of another type was expected here".into());
    }

    pub(super) fn report_null(&mut self) {
        self.wrongs += 1;
        if self.faults.len() >= MOST_FAULTS {
            return;
        }
        let path = self.segments();
        let is_known = self.lost.contains(&path) || self.faults.iter().any(|fault| is_same_way(&fault.path, &path));
        if !is_known {
            self.report("there is no value here, and there must be one".into());
        }
    }

    fn report(&mut self, message: String) {
        self.wrongs += 1;
        if self.faults.len() < MOST_FAULTS {
            let fault = Fault::new(Code::Unavailable, message).at(self.segments());
            self.faults.push(fault);
        }
    }

    fn segments(&self) -> Vec<PathSegment> {
        let segment = |segment: &Segment<'_>| match segment {
            Segment::Key(key) => PathSegment::Key((*key).to_owned()),
            Segment::Index(index) => PathSegment::Index(*index as usize),
        };
        self.path.iter().map(segment).collect()
    }
}

/// Whether one path leads on from the other. `@` in the path of a field that was taken out is every position of a list.
fn is_same_way(one: &[PathSegment], other: &[PathSegment]) -> bool {
    let every_item = |segment: &PathSegment| matches!(segment, PathSegment::Key(key) if key == "@");
    let is_item = |segment: &PathSegment| matches!(segment, PathSegment::Index(_));
    one.iter()
        .zip(other)
        .all(|(one, other)| one == other || (every_item(one) && is_item(other)))
}
