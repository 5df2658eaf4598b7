//! Whole answers: given from what is kept, kept where they may be, and told to clients how long they hold.

use std::collections::BTreeSet;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use graphql_tools::static_graphql::query::{self, Selection};

use super::{Fresh, Hints, Key, Policy, Tags, hints::Unsaid, said};
use crate::{
    admit::Ready,
    authorize::{self, Asked},
    gateway::Gateway,
    numbers,
    outcome::Outcome,
    outline::{Operation, OperationKind},
    plan::Plan,
    request::Caller,
    subgraph::header_parts,
    telemetry,
};

/// What each subgraph said with its answer.
type Said = [(String, HeaderMap)];

impl Gateway {
    /// Answers an operation that may run, from what is kept or from the subgraphs.
    pub(crate) async fn run(&self, ready: &Ready, caller: &Caller) -> Outcome {
        let settings = &self.0.settings.cache;
        let store = self
            .0
            .cache
            .as_ref()
            .filter(|_| settings.responses && ready.parsed.kind == OperationKind::Query);
        let Some(store) = store else {
            let (mut outcome, said) = self.run_fresh(ready, caller).await;
            if settings.header {
                self.policy(ready, &said, &outcome)
                    .inspect(|policy| self.tell(&mut outcome, *policy, ready));
            }
            return outcome;
        };
        let keys = keys(ready, caller);
        if let Some(kept) = keys.iter().flatten().find_map(|key| store.get(key)) {
            telemetry::record_cache("response", true);
            self.count(ready).went_well();
            let mut outcome = Outcome::executed(kept.body.clone(), Vec::new());
            if settings.header {
                self.tell(&mut outcome, kept.policy, ready);
                let age = kept.age(store.clock());
                outcome.headers.insert(header::AGE, HeaderValue::from(age));
            }
            return outcome;
        }
        telemetry::record_cache("response", false);
        let moment = store.moment();
        let (mut outcome, said) = self.run_fresh(ready, caller).await;
        let Some(policy) = self.policy(ready, &said, &outcome) else {
            return outcome;
        };
        let body = outcome
            .data
            .clone()
            .filter(|_| outcome.faults.is_empty() && policy.is_kept());
        if let (Some(body), Some(key)) = (body, keys[usize::from(policy.is_private)])
            && let Some(tags) = tags(ready, &said)
        {
            store.put(
                key,
                Fresh {
                    body,
                    policy,
                    tags,
                    moment,
                },
            );
        }
        if settings.header {
            self.tell(&mut outcome, policy, ready);
        }
        outcome
    }

    /// Tells a client how long it may keep an answer, and which of its headers made the answer what it is.
    fn tell(&self, outcome: &mut Outcome, policy: Policy, ready: &Ready) {
        let believed = &self.0.believed;
        let policy = Policy {
            is_private: policy.is_private || believed.is_required,
            ..policy
        };
        let vary = match &ready.serving.forwarded {
            Some(forwarded) => {
                let forwarded = forwarded.iter().map(HeaderName::as_str);
                let names: BTreeSet<_> = forwarded.chain(believed.cookies.headers()).chain(["accept"]).collect();
                names.into_iter().collect::<Vec<_>>().join(", ")
            }
            None => "*".into(),
        };
        for (name, value) in [(header::CACHE_CONTROL, policy.header()), (header::VARY, vary)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                outcome.headers.insert(name, value);
            }
        }
    }

    /// How long an answer may be kept: as the schema says, and as every subgraph said. Nothing is known where neither
    /// said anything.
    fn policy(&self, ready: &Ready, said_by: &Said, outcome: &Outcome) -> Option<Policy> {
        let hints = &ready.serving.hints;
        let has_said = said_by
            .iter()
            .any(|(_, headers)| headers.contains_key(header::CACHE_CONTROL));
        if !hints.are_used() && !has_said {
            return None;
        }
        if ready.parsed.kind != OperationKind::Query || !outcome.faults.is_empty() {
            return Some(Policy::NEVER);
        }
        let operation = ready.parsed.outline().ok()?;
        let by_schema = match hints.are_used() {
            true => hints.policy(&operation, &ready.variables).and(Needs::of(ready)?.policy),
            false => Policy::UNLIMITED,
        };
        // Where the schema says nothing, every subgraph has to.
        let silent = if hints.are_used() {
            Policy::UNLIMITED
        } else {
            Policy::NEVER
        };
        let policies = said_by.iter().map(|(_, headers)| said(headers).unwrap_or(silent));
        let policy = policies.fold(by_schema, Policy::and);
        // What is not for everybody must not be kept for everybody.
        let is_protected = || {
            let variables = &ready.variables;
            authorize::is_protected(&ready.serving.rules, &Asked { operation, variables })
        };
        Some(Policy {
            is_private: policy.is_private || (policy.is_kept() && is_protected()),
            ..policy
        })
    }
}

/// Where the answer for everybody is kept, and where the one for this caller. What was forwarded of the headers may
/// have changed the answer, and so may what was taken out of the operation.
fn keys(ready: &Ready, caller: &Caller) -> [Option<Key>; 2] {
    let version = ready.serving.hints.version();
    let mut parts: Vec<&[u8]> = vec![&version, &ready.parsed.key, ready.prepared.document_key.as_slice()];
    for (name, value) in &ready.variables.0 {
        parts.extend([name.as_bytes(), value.get().as_bytes()]);
    }
    let headers = ready.serving.subgraphs.all_headers_for(caller);
    for (subgraph, headers) in &headers {
        // No variable and no header has this name: one must not pass for the other.
        parts.extend([b"", subgraph.as_bytes()]);
        parts.extend(header_parts(headers));
    }
    Key::pair(&parts, caller.subject())
}

/// What the answer is about: what the operation asks for, and what was asked for beside it because other fields
/// require it.
fn tags(ready: &Ready, said: &Said) -> Option<Tags> {
    let subgraphs: BTreeSet<_> = said.iter().map(|(subgraph, _)| subgraph.clone()).collect();
    let mut types = ready.serving.hints.types_in(&ready.parsed.outline().ok()?, &|_| None);
    types.extend(Needs::of(ready)?.types.iter().cloned());
    Some(Tags {
        subgraphs: subgraphs.into_iter().collect(),
        types: types.into(),
        entity: None,
    })
}

/// What a plan asks of subgraphs: also what clients do not ask for, because other fields require it.
#[derive(Debug)]
pub(crate) struct Needs {
    /// How long the schema lets it be kept.
    policy: Policy,
    /// The types in it.
    types: BTreeSet<String>,
}

impl Needs {
    fn of(ready: &Ready) -> Option<&Self> {
        let needs = || Self::read(&ready.prepared.plan, &ready.serving.hints);
        ready.prepared.needs.get_or_init(needs).as_ref()
    }

    fn read(plan: &Plan, hints: &Hints) -> Option<Self> {
        let mut needs = Self {
            policy: Policy::UNLIMITED,
            types: BTreeSet::new(),
        };
        for (_, document) in plan.fetches() {
            let document = numbers::document_of(document)?;
            let operation = Operation::find(&document, None)?;
            let policy = hints.of_request(&operation, Unsaid::ByHeader, &fragments_of);
            needs.policy = needs.policy.and(policy);
            needs.types.extend(hints.types_in(&operation, &fragments_of));
        }
        Some(needs)
    }
}

/// The types of entities that a plan asks something of.
fn fragments_of(list: &query::Field) -> Option<BTreeSet<String>> {
    let types = list.selection_set.items.iter().filter_map(|item| match item {
        Selection::InlineFragment(fragment) => fragment.type_condition.as_ref(),
        Selection::Field(_) | Selection::FragmentSpread(_) => None,
    });
    Some(types.map(|of| of.as_ref().to_owned()).collect())
}
