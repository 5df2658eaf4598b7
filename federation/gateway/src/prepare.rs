//! An operation ready to run: parsed, checked, planned, and its answer laid out. Done once per operation.

mod expand;
mod parsed;
mod reserved;
mod shown;

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, OnceLock},
};

use graphql_tools::static_graphql::query::Document;
use moka::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::parsed::{Checks, Reader, defaults, key_of};
pub(crate) use self::parsed::{Key, Parsed};
use crate::{
    Error,
    cache::Needs,
    conditions,
    execute::Program,
    fault::Refusal,
    plan::{Overrides, Plan},
    project::{Projection, Shown},
    request::Variables,
    settings::{PlanningSettings, Settings},
    supergraph::Supergraph,
    telemetry::{self, Step, measured},
    validate::Validator,
};

/// Texts shorter than this are read where they come in; longer ones where nobody else waits.
const SHORT: usize = 4096;
/// What a key costs that stands for another.
const KEY: u32 = 256;

/// A plan with everything that its execution needs.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Tells what is left of an operation for one caller from what is left of it for another.
    pub(crate) document_key: Key,
    pub(crate) plan: Plan,
    pub(crate) program: Program,
    pub(crate) projection: Projection,
    /// What matters of the plan for how long an answer may be kept; worked out where somebody asks.
    pub(crate) needs: OnceLock<Option<Needs>>,
}

/// The operations of one supergraph.
pub(crate) struct Operations {
    supergraph: Arc<Supergraph>,
    reader: Arc<Reader>,
    parsed: Cache<Key, Arc<Parsed>>,
    /// The keys of operations by what they are asked for without their names.
    unnamed: Cache<Key, Key>,
    prepared: Cache<Key, Arc<Prepared>>,
    settings: PlanningSettings,
    /// The labels of `@override` that are switched on.
    labels: Arc<BTreeSet<String>>,
    /// Shared by all supergraphs of a gateway, so that warming a new one cannot starve the old one for long.
    workers: Arc<Semaphore>,
}

impl Operations {
    pub(crate) fn new(supergraph: Arc<Supergraph>, all: &Settings, workers: Arc<Semaphore>) -> Self {
        let settings = &all.planning;
        // The text and the document are a small part of what an operation takes.
        let (documents, plans) = (settings.cache.bytes() / 4, settings.cache.bytes() * 3 / 4);
        Self {
            reader: Arc::new(Reader {
                supergraph: supergraph.clone(),
                checks: Checks {
                    validator: Validator::default(),
                    limits: all.limits.clone(),
                },
            }),
            supergraph,
            parsed: Cache::builder()
                .max_capacity(documents)
                .weigher(|_, parsed: &Arc<Parsed>| weight(512 + parsed.text.len() * 12))
                .build(),
            unnamed: Cache::builder()
                .max_capacity(documents / 16)
                .weigher(|_, _| KEY)
                .build(),
            prepared: Cache::builder()
                .max_capacity(plans)
                .weigher(|_, prepared: &Arc<Prepared>| weight(prepared.weight()))
                .build(),
            settings: settings.clone(),
            labels: Arc::new(all.overrides.labels.clone()),
            workers,
        }
    }

    /// The document of a text, checked.
    pub(crate) async fn parsed(&self, text: &Arc<str>, name: Option<&str>) -> Result<Arc<Parsed>, Refusal> {
        let sent = key_of(text, name);
        // Who sends no name asks for the same as who does.
        let named = name.is_none().then(|| self.unnamed.get(&sent)).flatten();
        let key = named.unwrap_or(sent);
        let kept = self.parsed.get(&key);
        telemetry::record_cache("document", kept.is_some());
        if let Some(parsed) = kept {
            return Ok(parsed);
        }
        let parsed = match text.len() < SHORT {
            true => self.reader.read(text, name)?,
            false => {
                let worker = self.worker().await?;
                let (reader, text, name) = (self.reader.clone(), text.clone(), name.map(str::to_owned));
                blocking(worker, move || reader.read(&text, name.as_deref())).await?
            }
        };
        let parsed = Arc::new(parsed);
        if parsed.name.is_some() && parsed.is_alone() {
            self.unnamed.insert(key_of(&parsed.text, None), parsed.key);
        }
        self.parsed.insert(parsed.key, parsed.clone());
        Ok(parsed)
    }

    async fn worker(&self) -> Result<OwnedSemaphorePermit, Error> {
        let worker = self.workers.clone().acquire_owned().await;
        worker.map_err(|_| Error::Stopping)
    }

    /// The plan of a document; of `permitted` instead, if parts of it are not for the caller to see. What was drawn
    /// for the request says where the document's moving fields are.
    pub(crate) async fn prepared(
        &self,
        parsed: &Arc<Parsed>,
        permitted: Option<Document>,
        variables: &Variables,
        draw: u64,
    ) -> Result<Arc<Prepared>, Refusal> {
        let draw = self.supergraph.labels.standing_for(draw);
        let key = parsed.key_with(permitted.as_ref(), variables, draw);
        let kept = self.prepared.get(&key);
        telemetry::record_cache("plan", kept.is_some());
        if let Some(prepared) = kept {
            return Ok(prepared);
        }
        let worker = self.worker().await?;
        let (cache, parsed, variables) = (self.prepared.clone(), parsed.clone(), variables.clone());
        let (supergraph, settings) = (self.supergraph.clone(), self.settings.clone());
        let labels = self.labels.clone();
        let planned = blocking(worker, move || {
            let prepare = || {
                let undecided = permitted.as_ref().unwrap_or(&parsed.document);
                let mut planned = conditions::to_plan(undecided, &variables);
                if let Some(name) = &parsed.stand_in {
                    reserved::rename(&mut planned, name);
                }
                let permitted = permitted.as_ref();
                let documents = Documents {
                    name: parsed.name.as_deref(),
                    planned,
                    whole: conditions::decided(&parsed.document, &variables),
                    permitted: permitted.map(|document| conditions::decided(document, &variables)),
                    overrides: Overrides { labels, draw },
                };
                let prepared = prepare(&supergraph, &documents, &settings)?;
                Ok(Arc::new(Prepared {
                    document_key: key,
                    ..prepared
                }))
            };
            cache
                .try_get_with(key, prepare)
                .map_err(|refusal| Refusal::clone(&refusal))
        });
        planned.await
    }

    /// The operations known here, to be planned for the next supergraph.
    pub(crate) fn known(&self) -> Vec<(Arc<str>, Option<String>)> {
        self.parsed
            .iter()
            .map(|(_, parsed)| (parsed.text.clone(), parsed.name.clone()))
            .collect()
    }

    /// Plans the first so many operations before anybody asks for them, for those who send no variables. What does not
    /// fit this supergraph is left out.
    pub(crate) async fn warm(&self, operations: Vec<(Arc<str>, Option<String>)>, most: usize) -> usize {
        let (mut met, mut left, mut warmed) = (HashSet::new(), most, 0);
        for (text, name) in operations {
            if left == 0 {
                break;
            }
            let parsed = self.parsed(&text, name.as_deref()).await.ok();
            // With its name and without it, an operation is one.
            if parsed.as_ref().is_some_and(|parsed| !met.insert(parsed.key)) {
                continue;
            }
            left -= 1;
            let Some(parsed) = parsed else { continue };
            let variables = parsed
                .outline()
                .map_or_else(|_| Variables::default(), |operation| defaults(operation.variables));
            let draws = self.supergraph.labels.draws();
            let draws: Vec<u64> = draws.take(if parsed.is_moving { usize::MAX } else { 1 }).collect();
            let mut is_planned = true;
            for draw in draws {
                is_planned &= self.prepared(&parsed, None, &variables, draw).await.is_ok();
            }
            warmed += usize::from(is_planned);
        }
        warmed
    }
}

/// What is planned and what is answered, with conditions decided.
struct Documents<'a> {
    name: Option<&'a str>,
    planned: Document,
    whole: Document,
    /// Without what the caller may not see.
    permitted: Option<Document>,
    overrides: Overrides,
}

fn prepare(
    supergraph: &Supergraph,
    documents: &Documents<'_>,
    settings: &PlanningSettings,
) -> Result<Prepared, Refusal> {
    let Documents {
        name,
        planned,
        whole,
        permitted,
        overrides,
    } = documents;
    expand::check(supergraph, planned, *name, settings.fields)?;
    let plan = || supergraph.planner.plan(planned, *name, overrides, settings.budget);
    let plan = measured(Step::Plan, plan).map_err(unplannable)?;
    let program = Program::new(&plan, &supergraph.types);
    // What was taken out of the plan stays in the answer, as null.
    let shown = Shown {
        name: *name,
        whole,
        permitted: permitted.as_ref(),
    };
    let projection = Projection::new(supergraph, &shown, &program.shapes, settings.fields)?;
    Ok(Prepared {
        document_key: Key::default(),
        plan,
        program,
        projection,
        needs: OnceLock::new(),
    })
}

/// Does work on a thread that may take its time. The work keeps its place until it is done, also where nobody waits for
/// it any more.
async fn blocking<T: Send + 'static>(
    worker: OwnedSemaphorePermit,
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let work = telemetry::within(move || {
        let _worker = worker;
        work()
    });
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| match error.is_cancelled() {
        true => Err(Error::Stopping.into()),
        false => Err(unplannable(Error::Unplannable(error.to_string())).into()),
    })
}

/// Says in the log what clients are not told.
fn unplannable(error: Error) -> Error {
    if let Error::Unplannable(reason) = &error {
        tracing::warn!(reason, "an operation cannot be planned");
    }
    error
}

impl Prepared {
    fn weight(&self) -> usize {
        1024 + self.program.weight() + self.projection.weight()
    }
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
