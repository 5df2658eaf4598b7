//! The errors that a subgraph reports, as the client sees them: at the client's paths, with the subgraph's name.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

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
/// What subgraphs put into extensions that is nobody's business.
const PRIVATE: [&str; 4] = ["stacktrace", "exception", "debug", "trace"];

#[derive(Debug, Deserialize)]
struct Reported {
    #[serde(default)]
    message: String,
    #[serde(default)]
    path: Option<Vec<Json>>,
    #[serde(default)]
    extensions: Option<Map<String, Json>>,
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
        let errors: Vec<Json> = serde_json::from_slice(bytes).unwrap_or_default();
        let read = |error: Json| {
            serde_json::from_value(error).unwrap_or(Reported {
                message: String::new(),
                path: None,
                extensions: None,
            })
        };
        Self {
            subgraph,
            mode,
            errors: errors.into_iter().take(MOST).map(read).collect(),
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

    /// Of a request for entities: `["_entities", 3, "name"]` is the name of the third entity that was asked for.
    pub(super) fn entities(self, task: &EntityTask, gathered: &[Gathered], data: &Data, run: &Run<'_>) -> Vec<Fault> {
        let (subgraph, mode) = (self.subgraph, self.mode);
        let fault = |error: Reported| {
            let path = error.path.as_deref().unwrap_or_default();
            let path = entity_path(path, task, gathered, data, run);
            shown(error, subgraph, mode).at(path)
        };
        self.errors.into_iter().map(fault).collect()
    }
}

fn entity_path(
    path: &[Json],
    task: &EntityTask,
    gathered: &[Gathered],
    data: &Data,
    run: &Run<'_>,
) -> Vec<PathSegment> {
    let shapes = &run.program.shapes;
    let key = path.first().and_then(Json::as_str);
    let batches = || task.batches.iter().zip(gathered);
    let Some((batch, gathered)) = batches()
        .find(|(batch, _)| key == Some(&batch.key))
        .or_else(|| batches().next())
    else {
        return Vec::new();
    };
    let entity = path
        .get(1)
        .and_then(Json::as_u64)
        .and_then(|index| u32::try_from(index).ok());
    let Some(target) = entity.and_then(|entity| gathered.first_of(entity)) else {
        return batch
            .places
            .first()
            .map(|place| place.way.stem(data, shapes))
            .unwrap_or_default();
    };
    let place = &batch.places[target.place as usize];
    let mut found = Vec::new();
    place.way.each(data, &mut |taken, object| {
        if object == target.object && found.is_empty() {
            found = walk::path(taken, shapes);
        }
    });
    found.extend(original(segments(&path[2..]), place.read.0, run));
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
        let Some(field) = at.fields.iter().find(|field| *field.key == *key.as_bytes()) else {
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
