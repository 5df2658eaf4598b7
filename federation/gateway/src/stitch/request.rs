//! From representations of entities to requests for root fields.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fmt::Write,
};

use bytes::Bytes;
use serde_json::{Value, value::RawValue};

use super::{
    adapter::Adapter,
    document::Batch,
    entity::Entity,
    keys::{key_of, key_selection},
    template::Representation,
};

/// The JSON of a request.
pub(super) struct Body<'a> {
    members: BTreeMap<&'a str, &'a RawValue>,
    query: Cow<'a, str>,
}

impl<'a> Body<'a> {
    /// Reads it; nothing, if it is not a GraphQL request.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let members: BTreeMap<&str, &RawValue> = serde_json::from_slice(bytes).ok()?;
        let query = serde_json::from_str::<Text<'a>>(members.get("query")?.get()).ok()?.0;
        Some(Self { members, query })
    }

    /// The operation's text.
    pub(super) fn query(&self) -> &str {
        &self.query
    }

    /// The same with another text.
    pub(super) fn with_query(&self, text: &str) -> Bytes {
        let mut out = format!("{{\"query\":{}", Value::from(text));
        for (name, value) in self.members.iter().filter(|(name, _)| **name != "query") {
            let _ = write!(out, ",{}:{}", Value::from(*name), value.get());
        }
        out.push('}');
        out.into()
    }

    fn variables(&self) -> BTreeMap<&'a str, &'a RawValue> {
        let variables = self.members.get("variables").map(|raw| raw.get());
        variables
            .and_then(|raw| serde_json::from_str(raw).ok())
            .unwrap_or_default()
    }
}

/// Text that is borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Entities that are asked for.
pub(super) struct Question<'q> {
    adapter: &'q Adapter,
    pub(super) batches: &'q [Batch],
    variables: BTreeMap<&'q str, &'q RawValue>,
    /// What the names of our own variables begin with, and none of the client's.
    prefix: String,
    /// By batch.
    pub(super) representations: Vec<Vec<Representation<'q>>>,
    units: Vec<Unit<'q>>,
    /// Those that no root field finds, by batch and position, with their types.
    pub(super) lost: Vec<(usize, usize, String)>,
}

/// One root field of a request.
pub(super) struct Unit<'q> {
    pub(super) alias: String,
    pub(super) batch: usize,
    type_name: String,
    pub(super) entity: &'q Entity,
    /// For each entity that is asked for its key, and the positions of its representations.
    pub(super) asked: Vec<(String, Vec<usize>)>,
}

/// Entities for one root field that gives many, each once.
#[derive(Default)]
struct List {
    asked: Vec<(String, Vec<usize>)>,
    places: HashMap<String, usize>,
}

impl List {
    fn add(&mut self, key: String, position: usize) {
        match self.places.get(&key) {
            Some(place) => self.asked[*place].1.push(position),
            None => {
                self.places.insert(key.clone(), self.asked.len());
                self.asked.push((key, vec![position]));
            }
        }
    }
}

impl Unit<'_> {
    /// The type of its entities.
    pub(super) fn type_name(&self) -> &str {
        &self.type_name
    }
}

impl<'q> Question<'q> {
    pub(super) fn new(adapter: &'q Adapter, batches: &'q [Batch], body: &Body<'q>) -> Self {
        let variables = body.variables();
        let read = |batch: &Batch| -> Vec<Representation<'q>> {
            let raw = variables.get(batch.variable.as_str()).map(|raw| raw.get());
            raw.and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default()
        };
        let mut prefix = "_stitch".to_owned();
        let parts = batches.iter().flat_map(|batch| &batch.selections);
        let declared = parts.flat_map(|part| part.variables.iter().map(|(name, _)| name.as_str()));
        let theirs: Vec<&str> = declared.chain(variables.keys().copied()).collect();
        while theirs.iter().any(|name| name.starts_with(&prefix)) {
            prefix.push('_');
        }
        let mut question = Self {
            adapter,
            batches,
            prefix,
            representations: batches.iter().map(read).collect(),
            variables,
            units: Vec::new(),
            lost: Vec::new(),
        };
        for batch in 0..batches.len() {
            question.plan(batch);
        }
        question
    }

    /// Decides which root field finds which entity.
    fn plan(&mut self, batch: usize) {
        let mut lists: HashMap<(String, usize), List> = HashMap::new();
        let mut order = Vec::new();
        for (position, representation) in self.representations[batch].iter().enumerate() {
            let type_name = representation.get("__typename").map(|raw| raw.get().trim_matches('"'));
            let type_name = type_name.unwrap_or_default().to_owned();
            let entities = self.adapter.entities(&type_name);
            let found = entities
                .iter()
                .enumerate()
                .find_map(|(number, entity)| Some((number, entity, key_of(entity, representation)?)));
            let Some((number, entity, key)) = found else {
                self.lost.push((batch, position, type_name));
                continue;
            };
            if !entity.is_list() {
                self.units.push(Unit {
                    alias: format!("_{batch}_{position}"),
                    batch,
                    type_name,
                    entity,
                    asked: vec![(key, vec![position])],
                });
                continue;
            }
            let known = lists.entry((type_name.clone(), number)).or_insert_with(|| {
                order.push((type_name, number));
                List::default()
            });
            known.add(key, position);
        }
        for (type_name, number) in order {
            let List { asked, .. } = lists.remove(&(type_name.clone(), number)).unwrap_or_default();
            let entity = &self.adapter.entities(&type_name)[number];
            for part in asked.chunks(entity.batch) {
                self.units.push(Unit {
                    alias: format!("_{batch}_list_{}", self.units.len()),
                    batch,
                    type_name: type_name.clone(),
                    entity,
                    asked: part.to_vec(),
                });
            }
        }
    }

    /// The root fields of each request: as many as are allowed in one.
    pub(super) fn packs(&self) -> Vec<Vec<&Unit<'q>>> {
        let mut packs: Vec<Vec<&Unit<'q>>> = Vec::new();
        let mut room = 0;
        for unit in &self.units {
            if room < unit.asked.len() {
                packs.push(Vec::new());
                room = unit.entity.batch;
            }
            room = room.saturating_sub(unit.asked.len());
            if let Some(pack) = packs.last_mut() {
                pack.push(unit);
            }
        }
        packs
    }

    /// The request for some root fields.
    pub(super) fn body(&self, units: &[&Unit<'q>]) -> Bytes {
        let (mut declared, mut fields, mut values) = (BTreeMap::new(), String::new(), BTreeMap::new());
        for unit in units {
            let representations = &self.representations[unit.batch];
            let of: Vec<&Representation<'_>> = unit.asked.iter().map(|(_, at)| &representations[at[0]]).collect();
            let mut arguments = Vec::new();
            for (number, argument) in unit.entity.arguments.iter().enumerate() {
                let variable = format!("{}{}_{number}", self.prefix, unit.alias);
                arguments.push(format!("{}: ${variable}", argument.name));
                declared.insert(variable.clone(), format!("${variable}: {}", argument.ty));
                let mut value = String::new();
                argument.value.fill(&of, &argument.ty, &mut value);
                values.insert(variable, value);
            }
            let arguments = match arguments.is_empty() {
                true => String::new(),
                false => format!("({})", arguments.join(", ")),
            };
            let selection = self.selection(unit, &mut declared);
            let _ = write!(
                fields,
                " {}: {}{arguments} {{ __typename {selection} }}",
                unit.alias, unit.entity.field
            );
        }
        for name in declared.keys().filter(|name| !name.starts_with(&self.prefix)) {
            if let Some(value) = self.variables.get(name.as_str()) {
                values.insert(name.clone(), value.get().to_owned());
            }
        }
        let declared: Vec<String> = declared.into_values().collect();
        let declared = match declared.is_empty() {
            true => String::new(),
            false => format!("({})", declared.join(", ")),
        };
        let values: Vec<String> = values
            .into_iter()
            .map(|(name, value)| format!("{}:{value}", Value::from(name)))
            .collect();
        let query = Value::from(format!("query{declared} {{{fields} }}"));
        format!("{{\"query\":{query},\"variables\":{{{}}}}}", values.join(",")).into()
    }

    /// What is asked of the entities of a root field.
    fn selection(&self, unit: &Unit<'_>, declared: &mut BTreeMap<String, String>) -> String {
        let mut out = format!("... on {} {{ __typename", unit.type_name);
        if unit.entity.is_list() {
            out += &key_selection(&unit.entity.leaves);
        }
        for part in &self.batches[unit.batch].selections {
            match &part.condition {
                Some(condition) if *condition == unit.type_name => {
                    let _ = write!(out, " {}", part.text);
                }
                Some(condition) if !self.adapter.is_about(&unit.type_name, condition) => continue,
                Some(condition) => {
                    let _ = write!(out, " ... on {condition} {{ {} }}", part.text);
                }
                None => {
                    let _ = write!(out, " {}", part.text);
                }
            }
            declared.extend(part.variables.iter().cloned());
        }
        out + " }"
    }
}
