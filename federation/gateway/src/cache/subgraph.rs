//! Asks a subgraph only for what is not kept of its answers.

use std::{collections::HashMap, sync::Arc};

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use graphql_tools::static_graphql::query::Document;

use super::{
    Entity, Fresh, Hints, Key, Policy, Store, Tags,
    entities::{self, Body, Wanted},
    hints::{TypesOf, Unsaid},
};
use crate::{
    numbers,
    outline::{Operation, OperationKind},
    subgraph::{Answer, Ask, CallError, Subgraphs, header_parts},
    telemetry,
};

/// Where answers of subgraphs are kept, and what the schema says of them.
#[derive(Clone, Copy)]
pub(crate) struct Keeping<'a> {
    pub(crate) store: &'a Store,
    pub(crate) hints: &'a Hints,
}

/// What decides what is kept of one subgraph's answers.
pub(crate) struct Keeper<'a> {
    pub(crate) keeping: Keeping<'a>,
    pub(crate) subgraphs: &'a Subgraphs,
    pub(crate) subgraph: &'a str,
    /// The headers that are handed on: an answer to other headers is another answer.
    pub(crate) headers: &'a HeaderMap,
    /// Where something is kept since this question.
    pub(crate) kept: Vec<Key>,
}

/// A request for entities, and who asks.
struct Question<'a> {
    parts: &'a Body<'a>,
    subject: Option<&'a str>,
    moment: u64,
}

impl Keeper<'_> {
    /// Answers from what is kept, and asks for the rest. Mutations and subscriptions are always asked.
    pub(crate) async fn call(&mut self, ask: Ask<'_>) -> Result<Answer, CallError> {
        if ask.kind != OperationKind::Query {
            return self.asked(ask).await;
        }
        let body = ask.body.clone();
        let Ok(parts) = serde_json::from_slice::<Body<'_>>(&body) else {
            return self.asked(ask).await;
        };
        match entities::wanted(&parts) {
            Some(wanted) => {
                let question = Question {
                    parts: &parts,
                    subject: ask.caller.subject(),
                    moment: ask.moment,
                };
                self.entities(ask, &question, wanted).await
            }
            None => self.root(ask, &parts).await,
        }
    }

    async fn asked(&self, ask: Ask<'_>) -> Result<Answer, CallError> {
        self.subgraphs.call(self.subgraph, ask).await
    }

    /// A request that is kept as a whole: for root fields, or for several lists of entities.
    async fn root(&mut self, ask: Ask<'_>, parts: &Body<'_>) -> Result<Answer, CallError> {
        let (body, subject, moment) = (ask.body.clone(), ask.caller.subject(), ask.moment);
        let keys = self.keys(&[&body], subject);
        if let Some(kept) = keys.iter().flatten().find_map(|key| self.keeping.store.get(key)) {
            telemetry::record_cache("subgraph", true);
            let policy = kept.remaining(self.keeping.store.clock());
            return Ok(answer(kept.body, policy));
        }
        telemetry::record_cache("subgraph", false);
        let answer = self.asked(ask).await?;
        let told = said(&answer.headers);
        if self.may_keep(told)
            && is_clean(&answer)
            && let Some(document) = document(parts)
            && let Some(operation) = Operation::find(&document, None)
        {
            let types_of: &TypesOf<'_> = &|list| entities::types_of(list, parts);
            let tags = Tags {
                subgraphs: vec![self.subgraph.to_owned()],
                types: self.keeping.hints.types_in(&operation, types_of).into(),
                entity: None,
            };
            let fresh = Fresh {
                body: answer.body.clone(),
                policy: self.policy(&operation, told, types_of),
                tags,
                moment,
            };
            self.keep(&keys, fresh);
        }
        Ok(answer)
    }

    async fn entities(
        &mut self,
        ask: Ask<'_>,
        question: &Question<'_>,
        mut wanted: Vec<Wanted<'_>>,
    ) -> Result<Answer, CallError> {
        let mut policy = Policy::UNLIMITED;
        for one in &mut wanted {
            let keys = self.keys_of(question, one);
            let kept = keys.iter().flatten().find_map(|key| self.keeping.store.get(key));
            telemetry::record_cache("entity", kept.is_some());
            if let Some(kept) = kept {
                policy = policy.and(kept.remaining(self.keeping.store.clock()));
                one.kept = Some(kept.body);
            }
        }
        let missing = wanted.iter().filter(|wanted| wanted.kept.is_none()).count();
        if missing == 0 {
            let body = entities::whole(&wanted, None).ok_or(CallError::Interrupted)?;
            return Ok(answer(body, policy));
        }
        let asked = Ask {
            body: match missing == wanted.len() {
                true => ask.body.clone(),
                false => entities::request_for_missing(question.parts, &wanted),
            },
            ..ask
        };
        let reply = self.asked(asked).await?;
        // Where the schema speaks, its word is added for the whole answer, and what was kept has less time left.
        let unsaid = self.keeping.hints.are_used().then_some(Policy::UNLIMITED);
        let told = said(&reply.headers).or(unsaid);
        self.keep_entities(question, &wanted, &reply);
        if missing == wanted.len() {
            return Ok(reply);
        }
        let body = entities::whole(&wanted, Some(&reply.body)).ok_or(match reply.status {
            200..300 => CallError::NotGraphql,
            status => CallError::Status(status),
        })?;
        let mut whole = Answer { body, ..reply };
        if let Some(told) = told {
            set(&mut whole.headers, told.and(policy));
        }
        Ok(whole)
    }

    fn keep_entities(&mut self, question: &Question<'_>, wanted: &[Wanted<'_>], reply: &Answer) {
        let told = said(&reply.headers);
        if !self.may_keep(told) || !(200..300).contains(&reply.status) {
            return;
        }
        let missing: Vec<_> = wanted.iter().filter(|wanted| wanted.kept.is_none()).collect();
        let found = entities::entities(&reply.body, missing.len());
        let (Some(found), Some(document)) = (found, document(question.parts)) else {
            return;
        };
        let Some(operation) = Operation::find(&document, None) else {
            return;
        };
        let inside = Arc::new(self.keeping.hints.types_in(&operation, &|_| None));
        let mut by_type = HashMap::new();
        for (one, entity) in missing.into_iter().zip(found) {
            let (policy, own) = by_type.entry(&one.of).or_insert_with(|| {
                let policy = self.policy(&operation, told, &|_| Some([one.of.clone()].into()));
                (policy, Arc::new(self.keeping.hints.possible(&one.of)))
            });
            let Ok(representation) = serde_json::from_str(one.representation.get()) else {
                continue;
            };
            let tags = Tags {
                subgraphs: vec![self.subgraph.to_owned()],
                types: inside.clone(),
                entity: Some(Entity {
                    types: own.clone(),
                    representation,
                }),
            };
            let fresh = Fresh {
                body: Bytes::copy_from_slice(entity.get().as_bytes()),
                policy: *policy,
                tags,
                moment: question.moment,
            };
            self.keep(&self.keys_of(question, one), fresh);
        }
    }

    /// Whether there is anything that says how long an answer may be kept.
    fn may_keep(&self, told: Option<Policy>) -> bool {
        told.map_or(self.keeping.hints.are_used(), Policy::is_kept)
    }

    /// What the schema says of a request, and what the subgraph said of its answer: the shorter counts.
    fn policy(&self, operation: &Operation<'_>, told: Option<Policy>, types_of: &TypesOf<'_>) -> Policy {
        let hints = self.keeping.hints;
        if !hints.are_used() {
            return told.unwrap_or(Policy::NEVER);
        }
        let unsaid = told.map_or(Unsaid::Default, |_| Unsaid::ByHeader);
        let by_schema = hints.of_request(operation, unsaid, types_of);
        by_schema.and(told.unwrap_or(Policy::UNLIMITED))
    }

    fn keep(&mut self, keys: &[Option<Key>; 2], fresh: Fresh) {
        // What is private and has no owner is nobody's to keep.
        if let Some(key) = keys[usize::from(fresh.policy.is_private)].filter(|_| fresh.policy.is_kept()) {
            self.keeping.store.put(key, fresh);
            self.kept.push(key);
        }
    }

    fn keys_of(&self, question: &Question<'_>, one: &Wanted<'_>) -> [Option<Key>; 2] {
        let parts = question.parts;
        let mut pieces = vec![one.representation.get().as_bytes(), parts.query.get().as_bytes()];
        for (name, value) in parts.variables.iter().filter(|(name, _)| **name != "representations") {
            pieces.extend([name.as_bytes(), value.get().as_bytes()]);
        }
        // No variable and no header has this name: one must not pass for the other.
        pieces.push(b"");
        self.keys(&pieces, question.subject)
    }

    /// Where the answer for everybody is kept, and where the one for this principal.
    fn keys(&self, pieces: &[&[u8]], subject: Option<&str>) -> [Option<Key>; 2] {
        let version = self.keeping.hints.version();
        let mut all: Vec<&[u8]> = vec![&version, self.subgraph.as_bytes()];
        all.extend(pieces);
        all.extend(header_parts(self.headers));
        Key::pair(&all, subject)
    }
}

/// The document of a request of ours.
fn document(parts: &Body<'_>) -> Option<Document> {
    let text: String = serde_json::from_str(parts.query.get()).ok()?;
    numbers::document_of(&text)
}

/// What a subgraph says of its answer, less the time it has been kept elsewhere.
pub(crate) fn said(headers: &HeaderMap) -> Option<Policy> {
    // Who stands in between may have added a line of its own.
    let lines = headers.get_all(header::CACHE_CONTROL).iter();
    let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    let age = headers.get(header::AGE).and_then(|age| age.to_str().ok()?.parse().ok());
    let (policy, age): (_, u64) = (Policy::parse(&lines.join(",")), age.unwrap_or_default());
    (!lines.is_empty()).then_some(Policy {
        max_age: policy.max_age.saturating_sub(age),
        ..policy
    })
}

fn is_clean(answer: &Answer) -> bool {
    #[derive(serde::Deserialize)]
    struct Errors<'a> {
        #[serde(borrow, default)]
        errors: Option<Vec<&'a serde_json::value::RawValue>>,
        #[serde(borrow, default)]
        data: Option<&'a serde_json::value::RawValue>,
    }
    let is_ok = (200..300).contains(&answer.status);
    is_ok
        && serde_json::from_slice::<Errors<'_>>(&answer.body)
            .is_ok_and(|read| read.data.is_some() && read.errors.is_none_or(|errors| errors.is_empty()))
}

fn answer(body: Bytes, policy: Policy) -> Answer {
    let mut answer = Answer::of(body);
    set(&mut answer.headers, policy);
    answer
}

fn set(headers: &mut HeaderMap, policy: Policy) {
    if let Ok(value) = HeaderValue::from_str(&policy.header()) {
        headers.insert(header::CACHE_CONTROL, value);
        headers.remove(header::AGE);
    }
}
