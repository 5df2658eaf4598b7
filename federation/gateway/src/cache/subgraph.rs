//! Asks a subgraph only for what is not kept of its answers.

use std::collections::HashMap;

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;

use super::{
    Fresh, Hints, Key, Policy, Store, Tags,
    entities::{self, Body, Wanted},
    hints::Unsaid,
};
use crate::{
    outline::OperationKind,
    subgraph::{Answer, Ask, CallError},
    telemetry,
};

/// Where answers of subgraphs are kept, and what the schema says of them.
#[derive(Clone, Copy)]
pub(crate) struct Keeping<'a> {
    pub(crate) store: &'a Store,
    pub(crate) hints: &'a Hints,
    /// How long what has no hint may be kept, in seconds.
    pub(crate) default_max_age: u64,
}

/// What decides what is kept of one subgraph's answers.
pub(crate) struct Keeper<'a> {
    pub(crate) keeping: Keeping<'a>,
    pub(crate) subgraph: &'a str,
    /// The headers that are handed on: an answer to other headers is another answer.
    pub(crate) headers: &'a HeaderMap,
}

/// A request for entities, and who asks.
struct Question<'a> {
    parts: &'a Body<'a>,
    subject: Option<&'a str>,
}

impl Keeper<'_> {
    /// Answers from what is kept, and asks for the rest. Mutations and subscriptions are always asked.
    pub(crate) async fn around<'c, F>(&self, ask: Ask<'c>, call: impl FnOnce(Ask<'c>) -> F) -> Result<Answer, CallError>
    where
        F: Future<Output = Result<Answer, CallError>>,
    {
        if ask.kind != OperationKind::Query {
            return call(ask).await;
        }
        let body = ask.body.clone();
        let Ok(parts) = serde_json::from_slice::<Body<'_>>(&body) else {
            return call(ask).await;
        };
        match entities::wanted(&parts) {
            Some(wanted) => {
                let subject = ask.caller.subject();
                self.entities(ask, &Question { parts: &parts, subject }, wanted, call)
                    .await
            }
            None => self.root(ask, &parts, call).await,
        }
    }

    async fn root<'c, F>(
        &self,
        ask: Ask<'c>,
        parts: &Body<'_>,
        call: impl FnOnce(Ask<'c>) -> F,
    ) -> Result<Answer, CallError>
    where
        F: Future<Output = Result<Answer, CallError>>,
    {
        let (body, subject) = (ask.body.clone(), ask.caller.subject().map(str::to_owned));
        let keys = self.keys(&[&body], subject.as_deref());
        if let Some(kept) = keys.iter().flatten().find_map(|key| self.keeping.store.get(key)) {
            telemetry::record_cache("subgraph", true);
            let policy = kept.remaining(self.keeping.store.clock());
            return Ok(answer(kept.body, policy));
        }
        telemetry::record_cache("subgraph", false);
        let moment = self.keeping.store.moment();
        let answer = call(ask).await?;
        let policy = self.policy(parts, said(&answer.headers), |text, unsaid| {
            self.keeping.hints.of_roots(text, unsaid)
        });
        if policy.is_kept() && is_clean(&answer) {
            let tags = Tags {
                subgraphs: vec![self.subgraph.to_owned()],
                ..Tags::default()
            };
            let body = answer.body.clone();
            self.keep(
                &keys,
                Fresh {
                    body,
                    policy,
                    tags,
                    moment,
                },
            );
        }
        Ok(answer)
    }

    async fn entities<'c, F>(
        &self,
        ask: Ask<'c>,
        question: &Question<'_>,
        mut wanted: Vec<Wanted<'_>>,
        call: impl FnOnce(Ask<'c>) -> F,
    ) -> Result<Answer, CallError>
    where
        F: Future<Output = Result<Answer, CallError>>,
    {
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
        let moment = self.keeping.store.moment();
        let asked = Ask {
            body: match missing == wanted.len() {
                true => ask.body.clone(),
                false => entities::request_for_missing(question.parts, &wanted),
            },
            ..ask
        };
        let reply = call(asked).await?;
        // Where the schema speaks, its word is added for the whole answer, and what was kept has less time left.
        let unsaid = self.keeping.hints.are_used().then_some(Policy::UNLIMITED);
        let told = said(&reply.headers).or(unsaid);
        self.keep_entities(question, &wanted, &reply, moment);
        if missing == wanted.len() {
            return Ok(reply);
        }
        let body = entities::whole(&wanted, Some(&reply.body));
        let mut whole = Answer {
            body: body.unwrap_or_else(|| reply.body.clone()),
            ..reply
        };
        if let Some(told) = told {
            set(&mut whole.headers, told.and(policy));
        }
        Ok(whole)
    }

    fn keep_entities(&self, question: &Question<'_>, wanted: &[Wanted<'_>], reply: &Answer, moment: u64) {
        let missing: Vec<_> = wanted.iter().filter(|wanted| wanted.kept.is_none()).collect();
        let Some(found) = entities::entities(&reply.body, missing.len()) else {
            return;
        };
        if !(200..300).contains(&reply.status) {
            return;
        }
        let told = said(&reply.headers);
        let mut by_type: HashMap<&str, Policy> = HashMap::new();
        for (one, entity) in missing.into_iter().zip(found) {
            let policy = *by_type.entry(&one.of).or_insert_with(|| {
                self.policy(question.parts, told, |text, unsaid| {
                    self.keeping.hints.of_entities(&one.of, text, unsaid)
                })
            });
            if !policy.is_kept() {
                continue;
            }
            let tags = Tags {
                subgraphs: vec![self.subgraph.to_owned()],
                types: vec![one.of.clone()],
                representation: serde_json::from_str(one.representation.get()).ok(),
            };
            let keys = self.keys_of(question, one);
            let body = Bytes::copy_from_slice(entity.get().as_bytes());
            self.keep(
                &keys,
                Fresh {
                    body,
                    policy,
                    tags,
                    moment,
                },
            );
        }
    }

    /// What the schema says of a request, and what the subgraph said of its answer: the shorter counts.
    fn policy(
        &self,
        parts: &Body<'_>,
        told: Option<Policy>,
        by_schema: impl FnOnce(&str, Unsaid) -> Option<Policy>,
    ) -> Policy {
        if !self.keeping.hints.are_used() {
            return told.unwrap_or(Policy::NEVER);
        }
        let unsaid = match told {
            Some(_) => Unsaid::ByHeader,
            None => Unsaid::MaxAge(self.keeping.default_max_age),
        };
        let text: Option<String> = serde_json::from_str(parts.query.get()).ok();
        let by_schema = text.and_then(|text| by_schema(&text, unsaid)).unwrap_or(Policy::NEVER);
        by_schema.and(told.unwrap_or(Policy::UNLIMITED))
    }

    fn keep(&self, keys: &[Option<Key>; 2], fresh: Fresh) {
        // What is private and has no owner is nobody's to keep.
        if let Some(key) = keys[usize::from(fresh.policy.is_private)] {
            self.keeping.store.put(key, fresh);
        }
    }

    fn keys_of(&self, question: &Question<'_>, one: &Wanted<'_>) -> [Option<Key>; 2] {
        let parts = question.parts;
        let mut pieces = vec![one.representation.get().as_bytes(), parts.query.get().as_bytes()];
        for (name, value) in parts.variables.iter().filter(|(name, _)| **name != "representations") {
            pieces.extend([name.as_bytes(), value.get().as_bytes()]);
        }
        self.keys(&pieces, question.subject)
    }

    /// Where the answer for everybody is kept, and where the one for this principal.
    fn keys(&self, pieces: &[&[u8]], subject: Option<&str>) -> [Option<Key>; 2] {
        let mut all: Vec<&[u8]> = vec![self.subgraph.as_bytes()];
        all.extend(pieces);
        let mut headers: Vec<_> = self.headers.iter().collect();
        headers.sort_by_key(|(name, _)| name.as_str());
        for (name, value) in headers {
            all.extend([name.as_str().as_bytes(), value.as_bytes()]);
        }
        let public = Key::of(&[&all[..], &[b"public"]].concat());
        let private = subject.map(|subject| Key::of(&[&all[..], &[b"private", subject.as_bytes()]].concat()));
        [Some(public), private]
    }
}

/// What a subgraph says of its answer, less the time it has been kept elsewhere.
pub(crate) fn said(headers: &HeaderMap) -> Option<Policy> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let policy = Policy::parse(text(header::CACHE_CONTROL)?);
    let age: u64 = text(header::AGE).and_then(|age| age.parse().ok()).unwrap_or_default();
    Some(Policy {
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
