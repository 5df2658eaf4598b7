//! Stands between the gateway and a service that is no subgraph: turns a question for entities into one for root
//! fields, and the answer back.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bytes::Bytes;
use futures::future::try_join_all;
use graphql_tools::static_graphql::schema::{Definition, Document, TypeDefinition};
use moka::sync::Cache;

use super::{
    ENTITY, FIELD,
    answer::{Answers, Taken},
    document::{self, Asked, Renames},
    entity::Entity,
    request::{Body, Question, Unit},
};
use crate::{
    Error,
    subgraph::{Answer, CallError},
    supergraph::{Types, text},
};

/// How long the texts may be together that are remembered for one service, in bytes.
const REMEMBERED: u64 = 4 << 20;
/// Requests at the same time for one question.
const AT_ONCE: usize = 8;

/// How one stitched service is asked.
pub(crate) struct Adapter {
    entities: HashMap<String, Vec<Entity>>,
    /// By type: itself, its interfaces and its unions.
    supertypes: HashMap<String, HashSet<String>>,
    renames: Renames,
    remembered: Cache<String, Arc<Asked>>,
}

/// The adapters of a supergraph, by subgraph.
pub(crate) fn adapters(document: &Document, types: &Types) -> Result<HashMap<String, Arc<Adapter>>, Error> {
    let mut adapters: HashMap<String, Adapter> = HashMap::new();
    let roots = [
        (document.query_type_name(), "query"),
        (document.mutation_type_name(), "mutation"),
        (document.subscription_type_name(), "subscription"),
    ];
    for definition in &document.definitions {
        let Definition::TypeDefinition(TypeDefinition::Object(object)) = definition else {
            continue;
        };
        for directive in object.directives.iter().filter(|directive| directive.name == ENTITY) {
            let entity = Entity::read(directive)
                .ok_or_else(|| Error::Supergraph(format!("a @{ENTITY} of {} cannot be read", object.name)))?;
            let adapter = adapters.entry(entity.subgraph.clone()).or_insert_with(Adapter::new);
            adapter.supertypes.entry(object.name.clone()).or_insert_with(|| {
                let names = document.definitions.iter().filter_map(type_name);
                names
                    .filter(|name| types.is_subtype(&object.name, name))
                    .map(str::to_owned)
                    .collect()
            });
            adapter.entities.entry(object.name.clone()).or_default().push(entity);
        }
        let Some((_, kind)) = roots
            .iter()
            .find(|(root, _)| root.is_some_and(|root| *root == object.name))
        else {
            continue;
        };
        for field in &object.fields {
            for directive in field.directives.iter().filter(|directive| directive.name == FIELD) {
                let text = |name| text(&directive.arguments, name).map(str::to_owned);
                let (Some(subgraph), Some(name)) = (text("subgraph"), text("name")) else {
                    return Err(Error::Supergraph(format!(
                        "a @{FIELD} of {} cannot be read",
                        field.name
                    )));
                };
                let adapter = adapters.entry(subgraph).or_insert_with(Adapter::new);
                adapter.renames.insert((kind, field.name.clone()), name);
            }
        }
    }
    Ok(adapters
        .into_iter()
        .map(|(name, adapter)| (name, Arc::new(adapter)))
        .collect())
}

fn type_name<'d>(definition: &'d Definition<'static, String>) -> Option<&'d str> {
    match definition {
        Definition::TypeDefinition(definition) => Some(definition.name()),
        _ => None,
    }
}

impl Adapter {
    fn new() -> Self {
        Self {
            entities: HashMap::new(),
            supertypes: HashMap::new(),
            renames: Renames::new(),
            remembered: Cache::builder()
                .max_capacity(REMEMBERED)
                .weigher(|text: &String, _| u32::try_from(text.len()).unwrap_or(u32::MAX))
                .build(),
        }
    }

    /// The root fields that find entities of a type.
    pub(super) fn entities(&self, type_name: &str) -> &[Entity] {
        self.entities.get(type_name).map_or(&[], Vec::as_slice)
    }

    /// Whether what is asked under a name is asked of a type.
    pub(super) fn is_about(&self, type_name: &str, condition: &str) -> bool {
        self.supertypes
            .get(type_name)
            .is_some_and(|names| names.contains(condition))
    }

    /// Asks the service, by way of `send`, which sends one request.
    pub(crate) async fn ask<F, Fut>(&self, body: Bytes, send: F) -> Result<Answer, CallError>
    where
        F: Fn(Bytes) -> Fut + Send + Sync,
        Fut: Future<Output = Result<Answer, CallError>> + Send,
    {
        let Some(parsed) = Body::read(&body) else {
            return send(body).await;
        };
        let asked = self.asked(parsed.query());
        let batches = match asked.as_ref() {
            Asked::Plain => return send(body).await,
            Asked::Renamed(text) => return send(parsed.with_query(text)).await,
            Asked::Entities(batches) => batches,
        };
        let question = Question::new(self, batches, &parsed);
        let mut answers = Answers::new(&question);
        let alone = match exchange(&question, question.packs(), &mut answers, &send).await? {
            Exchanged::Foreign(answer) => return Ok(answer),
            Exchanged::Whole(alone) => alone,
        };
        // One entity that must be there and is not takes the others of its request with it: they are asked for again,
        // each by itself.
        if !alone.is_empty()
            && let Exchanged::Foreign(answer) = exchange(&question, alone, &mut answers, &send).await?
        {
            return Ok(answer);
        }
        Ok(answers.written(&question))
    }

    /// What is to be sent to listen to the service.
    pub(crate) fn listen(&self, body: Bytes) -> Bytes {
        let Some(parsed) = Body::read(&body) else { return body };
        match self.asked(parsed.query()).as_ref() {
            Asked::Renamed(text) => parsed.with_query(text),
            Asked::Plain | Asked::Entities(_) => body.clone(),
        }
    }

    fn asked(&self, text: &str) -> Arc<Asked> {
        if let Some(known) = self.remembered.get(text) {
            return known;
        }
        let asked = Arc::new(document::read(text, &self.renames));
        self.remembered.insert(text.to_owned(), asked.clone());
        asked
    }
}

/// What came of some requests.
enum Exchanged<'u> {
    /// All were answered; these are to be asked for again, each by itself.
    Whole(Vec<Vec<&'u Unit<'u>>>),
    /// One was answered with something that is not GraphQL.
    Foreign(Answer),
}

async fn exchange<'u, F, Fut>(
    question: &Question<'_>,
    packs: Vec<Vec<&'u Unit<'u>>>,
    answers: &mut Answers,
    send: &F,
) -> Result<Exchanged<'u>, CallError>
where
    F: Fn(Bytes) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Answer, CallError>> + Send,
{
    let mut alone = Vec::new();
    for group in packs.chunks(AT_ONCE) {
        let sent: Vec<Fut> = group.iter().map(|pack| send(question.body(pack))).collect();
        for (pack, answer) in group.iter().zip(try_join_all(sent).await?) {
            match answers.take(question, pack, &answer) {
                Taken::Yes => {}
                Taken::Nothing => alone.extend(pack.iter().map(|unit| vec![*unit])),
                Taken::Foreign => return Ok(Exchanged::Foreign(answer)),
            }
        }
    }
    Ok(Exchanged::Whole(alone))
}
