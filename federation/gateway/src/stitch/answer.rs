//! From answers for root fields to the answer for entities.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};

use super::{
    keys::key_in,
    request::{Question, Unit},
    template::Representation,
};
use crate::{request::or_default, subgraph::Answer};

/// What answers came to so far.
pub(super) struct Answers {
    /// By batch and position, as they are written.
    entities: Vec<Vec<Option<Box<RawValue>>>>,
    errors: Vec<Value>,
    status: u16,
    headers: Option<HeaderMap>,
}

/// What one answer was.
pub(super) enum Taken {
    /// For these root fields.
    Yes,
    /// Nothing, because one root field that must have a value has none.
    Nothing,
    /// Not GraphQL.
    Foreign,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    data: Option<BTreeMap<&'a str, &'a RawValue>>,
    #[serde(default, deserialize_with = "or_default")]
    errors: Vec<Map<String, Value>>,
}

impl Answers {
    pub(super) fn new(question: &Question<'_>) -> Self {
        let nothing = |of: &Vec<Representation<'_>>| of.iter().map(|_| None).collect();
        let lost = question.lost.iter().map(|(batch, position, type_name)| {
            json!({
                "message": format!("this service finds no {type_name} by what is known of it"),
                "path": [question.batches[*batch].key, position],
                "extensions": { "code": "INTERNAL" },
            })
        });
        Self {
            entities: question.representations.iter().map(nothing).collect(),
            errors: lost.collect(),
            status: 200,
            headers: None,
        }
    }

    /// Takes what was answered for some root fields.
    pub(super) fn take(&mut self, question: &Question<'_>, units: &[&Unit<'_>], answer: &Answer) -> Taken {
        let Ok(said) = serde_json::from_slice::<Said<'_>>(&answer.body) else {
            return Taken::Foreign;
        };
        let is_about_one = |error: &Map<String, Value>| named(error, units).is_some();
        match &said.data {
            None if said.errors.is_empty() => return Taken::Foreign,
            None if units.len() > 1 && said.errors.iter().any(is_about_one) => return Taken::Nothing,
            _ => {}
        }
        self.keep_headers(answer);
        let data = said.data.unwrap_or_default();
        let mut orders: BTreeMap<&str, Vec<Option<usize>>> = BTreeMap::new();
        for unit in units {
            let Some(value) = data.get(unit.alias.as_str()) else {
                continue;
            };
            match unit.entity.is_list() {
                false => self.one(unit, value),
                true => drop(orders.insert(&unit.alias, self.list(unit, value))),
            }
        }
        for mut error in said.errors {
            error.remove("locations");
            if let Some(path) = path_of(&error, question, units, &orders) {
                error.insert("path".into(), path);
            }
            self.errors.push(error.into());
        }
        Taken::Yes
    }

    fn one(&mut self, unit: &Unit<'_>, value: &RawValue) {
        if !is_of_type(unit, value) {
            return;
        }
        for (_, positions) in &unit.asked {
            for position in positions {
                self.entities[unit.batch][*position] = Some(value.to_owned());
            }
        }
    }

    /// Takes a list, whatever its order and whatever is missing. Gives back which entity stands at each place.
    fn list(&mut self, unit: &Unit<'_>, value: &RawValue) -> Vec<Option<usize>> {
        let items: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
        // Where nothing is missing, an error's place tells whose it is although there is nothing to be seen there.
        let is_complete = items.len() == unit.asked.len();
        let mut order = Vec::new();
        for (place, item) in items.iter().enumerate() {
            let fields: Option<Representation<'_>> = serde_json::from_str(item.get()).ok();
            let key = fields.and_then(|fields| key_in(unit.entity, &fields));
            let found = key.and_then(|key| unit.asked.iter().find(|(asked, _)| *asked == key));
            let Some((_, positions)) = found else {
                order.push(
                    unit.asked
                        .get(place)
                        .filter(|_| is_complete)
                        .map(|(_, positions)| positions[0]),
                );
                continue;
            };
            order.push(Some(positions[0]));
            for position in positions {
                self.entities[unit.batch][*position] = Some((*item).to_owned());
            }
        }
        order
    }

    /// Several answers hold only as long as the shortest; where they differ none is kept.
    fn keep_headers(&mut self, answer: &Answer) {
        self.status = self.status.max(answer.status);
        match &mut self.headers {
            None => self.headers = Some(answer.headers.clone()),
            Some(known) if *known == answer.headers => {}
            Some(known) => {
                known.clear();
                known.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            }
        }
    }

    /// The answer for entities.
    pub(super) fn written(self, question: &Question<'_>) -> Answer {
        let mut body = String::from("{\"data\":{");
        for (number, (batch, entities)) in question.batches.iter().zip(&self.entities).enumerate() {
            if number > 0 {
                body.push(',');
            }
            body += &Value::from(batch.key.as_str()).to_string();
            body.push_str(":[");
            for (position, entity) in entities.iter().enumerate() {
                if position > 0 {
                    body.push(',');
                }
                body.push_str(entity.as_ref().map_or("null", |entity| entity.get()));
            }
            body.push(']');
        }
        body.push('}');
        if !self.errors.is_empty() {
            body.push_str(",\"errors\":");
            body += &Value::from(self.errors).to_string();
        }
        body.push('}');
        Answer {
            status: self.status,
            headers: self.headers.unwrap_or_default(),
            body: body.into(),
        }
    }
}

/// A root field that may give several types can give one that was not asked for: then the entity is not there.
fn is_of_type(unit: &Unit<'_>, value: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(rename = "__typename", borrow)]
        name: &'a str,
    }
    serde_json::from_str::<Typed<'_>>(value.get()).is_ok_and(|typed| typed.name == unit.type_name())
}

/// The root field that an error is about.
fn named<'u>(error: &Map<String, Value>, units: &[&'u Unit<'u>]) -> Option<&'u Unit<'u>> {
    let alias = error.get("path")?.get(0)?.as_str()?;
    units.iter().find(|unit| unit.alias == alias).copied()
}

/// The path of an error in the answer for entities: `["_0_3", "name"]` is about the name of the third entity.
fn path_of(
    error: &Map<String, Value>,
    question: &Question<'_>,
    units: &[&Unit<'_>],
    orders: &BTreeMap<&str, Vec<Option<usize>>>,
) -> Option<Value> {
    let unit = named(error, units)?;
    let path = error.get("path")?.as_array()?;
    let mut out = vec![Value::from(question.batches[unit.batch].key.as_str())];
    let (entity, rest) = match unit.entity.is_list() {
        false => (unit.asked.first().map(|(_, positions)| positions[0]), &path[1..]),
        true => {
            let place = path
                .get(1)
                .and_then(Value::as_u64)
                .and_then(|place| usize::try_from(place).ok());
            let order = orders.get(unit.alias.as_str());
            let entity = place.and_then(|place| *order?.get(place)?);
            (entity, path.get(2..).unwrap_or_default())
        }
    };
    if let Some(entity) = entity {
        out.push(entity.into());
        out.extend_from_slice(rest);
    }
    Some(out.into())
}
