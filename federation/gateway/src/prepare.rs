//! An operation ready to run: parsed, checked, planned, and its answer laid out. Done once per operation.

mod expand;
mod shown;

use std::{collections::BTreeSet, sync::Arc};

use graphql_tools::static_graphql::query::{Document, OperationDefinition};
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::{
    Error, conditions,
    execute::Program,
    fault::Refusal,
    limits::{self, LimitSettings},
    outline::{Operation, OperationKind},
    parse,
    plan::{Overrides, Plan},
    project::Projection,
    request::Variables,
    settings::{PlanningSettings, Settings},
    supergraph::Supergraph,
    telemetry::{self, Step, measured},
    validate::Validator,
};

/// What an operation is remembered by: the hash of its text and name.
pub(crate) type Key = [u8; 32];

/// A document that fits the schema.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) key: Key,
    pub(crate) text: Arc<str>,
    pub(crate) name: Option<String>,
    pub(crate) document: Document,
    /// The variables of `@skip` and `@include`.
    conditions: Vec<String>,
    /// Whether fields of it are moving between subgraphs, for a share of the requests.
    pub(crate) is_moving: bool,
}

/// A plan with everything that its execution needs.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Tells what is left of an operation for one caller from what is left of it for another.
    pub(crate) document_key: Key,
    pub(crate) plan: Plan,
    pub(crate) program: Program,
    pub(crate) projection: Projection,
}

/// The operations of one supergraph.
pub(crate) struct Operations {
    supergraph: Arc<Supergraph>,
    validator: Arc<Validator>,
    parsed: Cache<Key, Arc<Parsed>>,
    prepared: Cache<Key, Arc<Prepared>>,
    settings: PlanningSettings,
    limits: LimitSettings,
    /// The labels of `@override` that are switched on.
    labels: Arc<BTreeSet<String>>,
    /// Shared by all supergraphs of a gateway, so that warming a new one cannot starve the old one for long.
    workers: Arc<Semaphore>,
}

/// The key of an operation.
pub(crate) fn key_of(text: &str, name: Option<&str>) -> Key {
    let mut hash = Sha256::new_with_prefix(text);
    if let Some(name) = name {
        hash.update(b"\0");
        hash.update(name);
    }
    hash.finalize().into()
}

impl Parsed {
    /// The operation that is asked for; it was found once before this document was kept.
    pub(crate) fn operation(&self) -> Result<&OperationDefinition, Error> {
        parse::operation(&self.document, self.name.as_deref())
    }

    /// What a plan is remembered by: the operation, what of it is permitted, how its conditions are decided, and
    /// where its moving fields are.
    fn key_with(&self, permitted: Option<&Document>, variables: &Variables, draw: u64) -> Key {
        if permitted.is_none() && self.conditions.is_empty() && !self.is_moving {
            return self.key;
        }
        let mut hash = Sha256::new_with_prefix(self.key);
        if let Some(document) = permitted {
            hash.update(document.to_string());
        }
        for name in &self.conditions {
            hash.update([u8::from(variables.is_true(name))]);
        }
        if self.is_moving {
            hash.update(draw.to_le_bytes());
        }
        hash.finalize().into()
    }

    /// What it does.
    pub(crate) fn kind(&self) -> Result<OperationKind, Error> {
        self.operation().map(parse::kind_of)
    }
}

impl Operations {
    pub(crate) fn new(supergraph: Arc<Supergraph>, all: &Settings, workers: Arc<Semaphore>) -> Self {
        let (settings, limits) = (&all.planning, &all.limits);
        // The text and the document are a small part of what an operation takes.
        let (documents, plans) = (settings.cache.bytes() / 4, settings.cache.bytes() * 3 / 4);
        Self {
            supergraph,
            validator: Arc::default(),
            parsed: Cache::builder()
                .max_capacity(documents)
                .weigher(|_, parsed: &Arc<Parsed>| weight(512 + parsed.text.len() * 12))
                .build(),
            prepared: Cache::builder()
                .max_capacity(plans)
                .weigher(|_, prepared: &Arc<Prepared>| weight(prepared.weight()))
                .build(),
            settings: settings.clone(),
            limits: limits.clone(),
            labels: Arc::new(all.overrides.labels.clone()),
            workers,
        }
    }

    /// The document of a text, checked.
    pub(crate) fn parsed(&self, text: &Arc<str>, name: Option<&str>) -> Result<Arc<Parsed>, Refusal> {
        let key = key_of(text, name);
        let kept = self.parsed.get(&key);
        telemetry::record_cache("document", kept.is_some());
        if let Some(parsed) = kept {
            return Ok(parsed);
        }
        let document = measured(Step::Parse, || parse::parse(text, self.limits.tokens))?;
        parse::operation(&document, name)?;
        if let Some(operation) = Operation::find(&document, name) {
            limits::check(&operation, &self.limits)?;
            // Validation takes such an operation for one without fields.
            let has_root = match operation.kind {
                OperationKind::Query => true,
                OperationKind::Mutation => self.supergraph.mutation_type().is_some(),
                OperationKind::Subscription => self.supergraph.subscription_type().is_some(),
            };
            if !has_root {
                return Err(Error::NoRoot(operation.kind.as_str()).into());
            }
        }
        measured(Step::Validate, || self.validator.validate(&self.supergraph, &document))?;
        let parsed = Arc::new(Parsed {
            key,
            text: text.clone(),
            name: name.map(str::to_owned),
            conditions: conditions::variables(&document),
            is_moving: self.supergraph.labels.concern(&document),
            document,
        });
        self.parsed.insert(key, parsed.clone());
        Ok(parsed)
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
        // The work keeps the place until it is done, also where nobody waits for it any more.
        let Ok(worker) = self.workers.clone().acquire_owned().await else {
            return Err(Error::Stopping.into());
        };
        let (cache, parsed, variables) = (self.prepared.clone(), parsed.clone(), variables.clone());
        let (supergraph, settings) = (self.supergraph.clone(), self.settings.clone());
        let labels = self.labels.clone();
        let planned = tokio::task::spawn_blocking(telemetry::within(move || {
            let _worker = worker;
            let prepare = || {
                let whole = conditions::decided(&parsed.document, &variables);
                let permitted = permitted.map(|document| conditions::decided(&document, &variables));
                let documents = Documents {
                    name: parsed.name.as_deref(),
                    whole,
                    permitted,
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
        }));
        planned.await.unwrap_or_else(|error| match error.is_cancelled() {
            true => Err(Error::Stopping.into()),
            false => Err(unplannable(Error::Unplannable(error.to_string())).into()),
        })
    }

    /// The operations known here, to be planned for the next supergraph.
    pub(crate) fn known(&self) -> Vec<(Arc<str>, Option<String>)> {
        self.parsed
            .iter()
            .map(|(_, parsed)| (parsed.text.clone(), parsed.name.clone()))
            .collect()
    }

    /// Plans operations before anybody asks for them. What does not fit this supergraph is left out.
    pub(crate) async fn warm(&self, operations: Vec<(Arc<str>, Option<String>)>) -> usize {
        let mut warmed = 0;
        for (text, name) in operations {
            let Ok(parsed) = self.parsed(&text, name.as_deref()) else {
                continue;
            };
            let draws = self.supergraph.labels.draws();
            let draws: Vec<u64> = draws.take(if parsed.is_moving { usize::MAX } else { 1 }).collect();
            let mut is_planned = true;
            for draw in draws {
                is_planned &= self.prepared(&parsed, None, &Variables::default(), draw).await.is_ok();
            }
            warmed += usize::from(is_planned);
        }
        warmed
    }
}

/// What is planned and what is answered, with conditions decided.
struct Documents<'a> {
    name: Option<&'a str>,
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
        whole,
        permitted,
        overrides,
    } = documents;
    let planned = conditions::with_types(permitted.as_ref().unwrap_or(whole).clone());
    expand::check(supergraph, &planned, *name, settings.fields)?;
    let plan = || supergraph.planner.plan(&planned, *name, overrides, settings.budget);
    let plan = measured(Step::Plan, plan).map_err(unplannable)?;
    let program = Program::new(&plan, &supergraph.types);
    // What was taken out of the plan stays in the answer, as null.
    let projection = Projection::new(supergraph, whole, *name, &program.shapes, settings.fields)?;
    Ok(Prepared {
        document_key: Key::default(),
        plan,
        program,
        projection,
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
