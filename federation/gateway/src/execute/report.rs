//! The errors that a subgraph reports, as the client sees them: at the client's paths, with the subgraph's name.

use std::{borrow::Cow, fmt};

use rustc_hash::FxHashSet;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::{Map, Value as Json, value::RawValue};

use super::{
    gather::Gathered,
    program::{EntityTask, RootTask},
    run::Run,
    value::Data,
    walk,
};
use crate::{
    fault::{Fault, PathSegment},
    settings::SubgraphErrors,
};
use platform_error::Code;

/// Errors beyond this many of one answer are left out.
const MOST: usize = 100;
/// Bytes of one answer's errors that are read; what is longer counts without its text.
const LONGEST: usize = 1 << 20;
/// What subgraphs put into extensions that is nobody's business.
const PRIVATE: [&str; 4] = ["stacktrace", "exception", "debug", "trace"];

#[derive(Debug, Default, Deserialize)]
struct Reported {
    #[serde(default)]
    message: String,
    #[serde(default)]
    path: Option<Vec<Json>>,
    #[serde(default)]
    extensions: Option<Map<String, Json>>,
}

/// The first elements of a list; the others are stepped over.
#[derive(Default)]
struct First<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for First<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

impl<'de> Visitor<'de> for First<'de> {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self, A::Error> {
        while self.0.len() < MOST {
            match list.next_element()? {
                Some(error) => self.0.push(error),
                None => return Ok(self),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self)
    }
}

/// The errors of one answer.
pub(super) struct Report<'r> {
    subgraph: &'r str,
    mode: SubgraphErrors,
    errors: Vec<Reported>,
}

impl<'r> Report<'r> {
    /// Reads them. What is not an error by the specification still counts as one, without a text.
    pub(super) fn new(subgraph: &'r str, mode: SubgraphErrors, bytes: &[u8]) -> Self {
        let mut left = LONGEST;
        let mut read = |error: &RawValue| {
            let text = Some(error.get()).filter(|text| text.len() <= left)?;
            left -= text.len();
            serde_json::from_str(text).ok()
        };
        // What is no list counts as one error.
        let single = || serde_json::from_slice(bytes).into_iter().collect();
        let errors: Vec<_> = serde_json::from_slice(bytes).map_or_else(|_| single(), |First(errors)| errors);
        Self {
            subgraph,
            mode,
            errors: errors
                .into_iter()
                .map(|error| read(error).unwrap_or_default())
                .collect(),
        }
    }

    /// Of a request for root fields.
    pub(super) fn root(self, task: &RootTask, stem: &[PathSegment], run: &Run<'_>) -> Vec<Fault> {
        let (subgraph, mode) = (self.subgraph, self.mode);
        let fault = |error: Reported| {
            let below = segments(error.path.as_deref().unwrap_or_default());
            let mut path = stem.to_vec();
            path.extend(original(below, task.read.0, run));
            shown(error, subgraph, mode).at(path)
        };
        self.errors.into_iter().map(fault).collect()
    }

    /// Of a request for entities: `["_entities", 3, "name"]` is the name of the third entity that was asked for, wherever
    /// it is in the answer.
    pub(super) fn entities(self, task: &EntityTask, gathered: &[Gathered], data: &Data, run: &Run<'_>) -> Vec<Fault> {
        let (subgraph, mode) = (self.subgraph, self.mode);
        // One that is at very many places leaves room for the others.
        let most = MOST / self.errors.len().max(1);
        let faults = |error: Reported| {
            let path = error.path.as_deref().unwrap_or_default();
            let paths = entity_paths(path, task, gathered, (data, run), most);
            let fault = shown(error, subgraph, mode);
            paths.into_iter().map(move |path| fault.clone().at(path))
        };
        self.errors.into_iter().flat_map(faults).collect()
    }
}

/// Where the client meets what an error of entities is about: the first so many places.
fn entity_paths(
    path: &[Json],
    task: &EntityTask,
    gathered: &[Gathered],
    (data, run): (&Data, &Run<'_>),
    most: usize,
) -> Vec<Vec<PathSegment>> {
    let shapes = &run.program.shapes;
    let key = path.first().and_then(Json::as_str);
    let batches = || task.batches.iter().zip(gathered);
    let Some((batch, gathered)) = batches()
        .find(|(batch, _)| key == Some(&batch.key))
        .or_else(|| batches().next())
    else {
        return vec![Vec::new()];
    };
    let entity = path
        .get(1)
        .and_then(Json::as_u64)
        .and_then(|index| u32::try_from(index).ok());
    let targets = entity.map_or(&[][..], |entity| gathered.all_of(entity));
    let waiting: FxHashSet<_> = targets.iter().map(|target| (target.place, target.object)).collect();
    let mut found = Vec::new();
    for (index, place) in (0u32..).zip(&batch.places) {
        let below = original(segments(path.get(2..).unwrap_or_default()), place.read.0, run);
        place.way.each(data, &mut |taken, object| {
            if found.len() < most && waiting.contains(&(index, object)) {
                found.push([walk::path(taken, shapes), below.clone()].concat());
            }
        });
    }
    if found.is_empty() {
        let place = batch.places.first();
        found.push(place.map(|place| place.way.stem(data, shapes)).unwrap_or_default());
    }
    found
}

/// The keys of a subgraph's path as the client knows them, without the planner's aliases.
fn original(path: Vec<PathSegment>, read: u32, run: &Run<'_>) -> Vec<PathSegment> {
    let mut read = Some(read);
    let kept = |segment| {
        let PathSegment::Key(key) = &segment else {
            return segment;
        };
        let Some(at) = read.and_then(|read| run.program.reads.get(read as usize)) else {
            return segment;
        };
        let Some(field) = at.fields.iter().find(|field| field.key() == key.as_bytes()) else {
            return segment;
        };
        read = field.child.map(|child| child.0);
        match field.slot {
            0 => segment,
            slot => PathSegment::Key(run.program.shapes.key(at.shape, slot).to_owned()),
        }
    };
    path.into_iter().map(kept).collect()
}

fn segments(path: &[Json]) -> Vec<PathSegment> {
    let segment = |json: &Json| match json {
        Json::String(key) => Some(PathSegment::Key(key.clone())),
        Json::Number(index) => index
            .as_u64()
            .and_then(|index| usize::try_from(index).ok())
            .map(PathSegment::Index),
        _ => None,
    };
    path.iter().filter_map(segment).collect()
}

fn shown(error: Reported, subgraph: &str, mode: SubgraphErrors) -> Fault {
    let mut extensions = error.extensions.unwrap_or_default();
    let code = match extensions.remove("code") {
        Some(Json::String(code)) => Cow::Owned(code),
        _ => Cow::Borrowed(Code::Unavailable.as_str()),
    };
    let fault = Fault::new(Code::Unavailable, "").of(subgraph);
    match mode {
        SubgraphErrors::Redact => {
            tracing::warn!(subgraph, error = error.message, "a subgraph reported an error");
            Fault {
                message: format!("subgraph {subgraph} reported an error"),
                ..fault
            }
        }
        SubgraphErrors::Show => {
            extensions.retain(|key, _| !PRIVATE.contains(&key.as_str()) && key != "service");
            let message = match error.message.is_empty() {
                true => format!("subgraph {subgraph} reported an error without a text"),
                false => error.message,
            };
            Fault {
                message,
                code,
                extensions,
                ..fault
            }
        }
    }
}
