//! Runs a program: asks the subgraphs, at the same time where that is possible, and brings their answers together.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};

use super::{
    gather::{Gathered, gather},
    program::{BatchTask, Call, EntityTask, Program, RootTask, Task},
    reply::Reply,
    value::Data,
};
use crate::{
    cache::{Keeper, Keeping, Key, Store},
    fault::{Fault, PathSegment},
    request::{Caller, Variables},
    settings::SubgraphErrors,
    subgraph::{Answer, Ask, CallError, Subgraphs},
    supergraph::Types,
};

/// One request's execution.
pub(crate) struct Run<'a> {
    pub(crate) program: &'a Program,
    pub(crate) types: &'a Types,
    pub(crate) subgraphs: &'a Subgraphs,
    pub(crate) variables: &'a Variables,
    pub(crate) caller: &'a Caller,
    pub(crate) errors: SubgraphErrors,
    store: Option<&'a Store>,
    keeping: Option<Keeping<'a>>,
    state: Mutex<State>,
}

/// What has come in so far.
pub(crate) struct State {
    pub(crate) data: Data,
    pub(crate) faults: Vec<Fault>,
    /// Where a subgraph's errors left nothing of its answer: they are about these places too.
    pub(crate) lost: Vec<Vec<PathSegment>>,
    /// The headers of every answer, with the name of its subgraph.
    pub(crate) headers: Vec<(String, HeaderMap)>,
    /// Where answers are kept that came in.
    pub(crate) kept: Vec<Key>,
}

/// What stays the same for all requests of a program.
pub(crate) struct Surroundings<'a> {
    pub(crate) types: &'a Types,
    pub(crate) subgraphs: &'a Subgraphs,
    pub(crate) errors: SubgraphErrors,
    pub(crate) memory: usize,
    /// Where answers are kept, if any are.
    pub(crate) store: Option<&'a Store>,
    /// What is kept there of subgraphs.
    pub(crate) keeping: Option<Keeping<'a>>,
}

impl<'a> Run<'a> {
    /// An execution about to begin.
    pub(crate) fn new(
        program: &'a Program,
        around: &Surroundings<'a>,
        variables: &'a Variables,
        caller: &'a Caller,
    ) -> Self {
        Self {
            program,
            types: around.types,
            subgraphs: around.subgraphs,
            variables,
            caller,
            errors: around.errors,
            store: around.store,
            keeping: around.keeping,
            state: Mutex::new(State {
                data: Data::new(&program.shapes, around.memory, program.room.expected()),
                faults: Vec::new(),
                lost: Vec::new(),
                headers: Vec::new(),
                kept: Vec::new(),
            }),
        }
    }

    /// Runs everything.
    pub(crate) async fn all(self) -> State {
        if let Some(task) = &self.program.start {
            self.task(task).await;
        }
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.program.room.learn(state.data.values.len());
        state
    }

    /// Runs what follows an event of a subscription, whose answer has the root fields already.
    pub(crate) async fn event(self, event: Bytes) -> State {
        match &self.program.start {
            Some(Task::Subscription(root)) => self.take_root(root, &Answer::of(event)),
            Some(Task::Sequence(tasks)) => {
                if let Some((Task::Subscription(root), rest)) = tasks.split_first() {
                    self.take_root(root, &Answer::of(event));
                    for task in rest {
                        self.task(task).await;
                    }
                }
            }
            _ => {}
        }
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn task<'s>(&'s self, task: &'s Task) -> BoxFuture<'s, ()> {
        match task {
            Task::Root(root) | Task::Subscription(root) => self.root(root).boxed(),
            Task::Entities(entities) => self.entities(entities).boxed(),
            Task::Sequence(tasks) => async move {
                for task in tasks {
                    self.task(task).await;
                }
            }
            .boxed(),
            Task::Parallel(tasks) => join_all(tasks.iter().map(|task| self.task(task))).map(drop).boxed(),
        }
    }

    async fn root(&self, task: &RootTask) {
        let mut body = Vec::with_capacity(task.call.opening.len() + 64);
        body.extend_from_slice(&task.call.opening);
        self.write_variables(&task.call, &mut body, false);
        match self.send(&task.call, body).await {
            Ok(answer) => self.take_root(task, &answer),
            Err(error) => self.fail_root(task, &error),
        }
    }

    fn take_root(&self, task: &RootTask, answer: &Answer) {
        let mut state = self.state();
        let reply = Reply::new(self, &task.call.subgraph, answer);
        if let Err(error) = reply.root(task, &mut state) {
            drop(state);
            self.fail_root(task, &error);
        }
    }

    fn fail_root(&self, task: &RootTask, error: &CallError) {
        let mut state = self.state();
        let mut path = task.way.stem(&state.data, &self.program.shapes);
        if let ([only], true) = (task.keys.as_slice(), task.way.is_root()) {
            path.push(PathSegment::Key(crate::plan::of_client(only).to_owned()));
        }
        state.faults.push(error.fault(&task.call.subgraph).at(path));
    }

    async fn entities(&self, task: &EntityTask) {
        let mut body = Vec::with_capacity(task.call.opening.len() + 1024);
        body.extend_from_slice(&task.call.opening);
        body.extend_from_slice(b",\"variables\":{");
        let gathered = self.gather(task, &mut body);
        if gathered.iter().all(|batch| batch.count == 0) {
            return;
        }
        self.write_variables(&task.call, &mut body, true);
        match self.send(&task.call, body).await {
            Ok(answer) => self.take_entities(task, &answer, &gathered),
            Err(error) => self.fail_entities(task, &error),
        }
    }

    fn gather(&self, task: &EntityTask, body: &mut Vec<u8>) -> Vec<Gathered> {
        let state = self.state();
        let mut all: Vec<Gathered> = Vec::with_capacity(task.batches.len());
        for batch in &task.batches {
            let gathered = match batch.shares_variable_of {
                Some(other) => all[other].clone(),
                None => gather(batch, &state.data, self.types, body),
            };
            all.push(gathered);
        }
        all
    }

    fn take_entities(&self, task: &EntityTask, answer: &Answer, gathered: &[Gathered]) {
        let mut state = self.state();
        let reply = Reply::new(self, &task.call.subgraph, answer);
        if let Err(error) = reply.entities(task, gathered, &mut state) {
            drop(state);
            self.fail_entities(task, &error);
        }
    }

    fn fail_entities(&self, task: &EntityTask, error: &CallError) {
        let mut state = self.state();
        let places = task.batches.iter().flat_map(|batch: &BatchTask| &batch.places);
        let mut paths: Vec<_> = places
            .map(|place| place.way.stem(&state.data, &self.program.shapes))
            .collect();
        paths.dedup();
        for path in paths {
            state.faults.push(error.fault(&task.call.subgraph).at(path));
        }
    }

    /// Writes the client's variables that a request uses, and closes the request. The object of variables is open
    /// already if the request has representations.
    fn write_variables(&self, call: &Call, body: &mut Vec<u8>, mut is_open: bool) {
        for name in &call.variables {
            let Some(raw) = self.variables.raw(name) else { continue };
            body.extend_from_slice(if is_open { b"," } else { b",\"variables\":{" });
            is_open = true;
            body.push(b'"');
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(b"\":");
            body.extend_from_slice(raw.as_bytes());
        }
        body.extend_from_slice(if is_open { b"}}" } else { b"}" });
    }

    async fn send(&self, call: &Call, body: Vec<u8>) -> Result<Answer, CallError> {
        let ask = Ask {
            kind: call.kind,
            body: body.into(),
            caller: self.caller,
            moment: self.store.map_or(0, Store::moment),
        };
        let answer = match self.keeping {
            Some(keeping) => {
                let headers = self.subgraphs.headers_for(&call.subgraph, self.caller);
                let mut keeper = Keeper {
                    keeping,
                    subgraphs: self.subgraphs,
                    subgraph: &call.subgraph,
                    headers: &headers,
                    kept: Vec::new(),
                };
                let answer = Box::pin(keeper.call(ask)).await?;
                self.state().kept.append(&mut keeper.kept);
                answer
            }
            None => self.subgraphs.call(&call.subgraph, ask).await?,
        };
        let mut headers = answer.headers.clone();
        if !(200..300).contains(&answer.status) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        self.state().headers.push((call.subgraph.clone(), headers));
        Ok(answer)
    }
}
