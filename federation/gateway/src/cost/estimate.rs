//! The estimate itself: a walk over one operation with its variables.

use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    ptr::from_ref,
};

use graphql_tools::static_graphql::query::{Field, SelectionSet, Value};
use serde_json::Value as Json;

use super::{
    CostError, Model,
    model::{FieldCost, InputCost, ListSize},
};
use crate::{
    outline::{Operation, OperationKind, Part},
    request::Variables,
};

/// What a mutation costs before its fields are counted.
const MUTATION: u64 = 10;
const ENTITIES: &str = "_entities";

impl Model {
    /// What an operation costs at most, as far as the schema says. Fragments on several types of one place are added
    /// up: which of them an object is, is not known before.
    pub(crate) fn estimate(
        &self,
        operation: &Operation<'_>,
        variables: &Variables,
        list_size: u64,
        asked_by: AskedBy,
    ) -> Result<u64, CostError> {
        let base = match operation.kind {
            OperationKind::Mutation => MUTATION,
            OperationKind::Query | OperationKind::Subscription => 0,
        };
        let Some(root) = self.root(operation.kind) else {
            return Ok(base);
        };
        let declared = operation.variables.iter();
        let walk = Walk {
            model: self,
            operation,
            variables,
            read: declared.map(|it| (it.name.as_str(), OnceCell::new())).collect(),
            counted: RefCell::default(),
            list_size,
            asked_by,
        };
        Ok(base.saturating_add(walk.set(root, operation.selection, &[])?))
    }
}

/// Who wrote an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskedBy {
    /// A client, who has to say how long a list is where the schema wants it.
    Client,
    /// The planner, which needs what others require: a list of no told length is as long as an unknown one.
    Planner,
}

struct Walk<'a> {
    model: &'a Model,
    operation: &'a Operation<'a>,
    variables: &'a Variables,
    /// The variables that were needed. Many fields may use one, and it may be as large as a request.
    read: HashMap<&'a str, OnceCell<Option<Json>>>,
    /// What variables cost, by the inputs that they stand for.
    counted: RefCell<HashMap<(*const InputCost, String), u64>>,
    list_size: u64,
    asked_by: AskedBy,
}

/// Lists further down whose length an outer field has told: the way to each, and its length.
type Sized<'a> = [(&'a [String], u64)];

impl Walk<'_> {
    fn set(&self, parent: &str, set: &SelectionSet, sized: &Sized<'_>) -> Result<u64, CostError> {
        let mut sum = 0_u64;
        for part in self.operation.parts(parent, set, self.variables) {
            let cost = match part {
                Part::Field(field) => self.field(parent, field, sized)?,
                Part::Fragment(on, set) => self.set(on, set, sized)?,
            };
            sum = sum.saturating_add(cost);
        }
        Ok(sum)
    }

    fn field(&self, parent: &str, field: &Field, sized: &Sized<'_>) -> Result<u64, CostError> {
        let cost = self.model.fields.get(parent).and_then(|fields| fields.get(&field.name));
        let Some(cost) = cost else {
            // A subgraph's own entry for entities, which is in no supergraph.
            let is_entities = field.name == ENTITIES;
            let inside = self.set("", &field.selection_set, &[])?;
            return Ok(inside.saturating_mul(if is_entities { self.list_size } else { 1 }));
        };
        let told = match &cost.size {
            Some(size) => self.told(parent, field, cost, size)?,
            None => None,
        };
        let is_for_children = cost.size.as_ref().is_some_and(|size| !size.sized.is_empty());
        let by_parent = sized
            .iter()
            .find_map(|(way, length)| (way.len() == 1 && way[0] == field.name).then_some(*length));
        let length = match cost.is_list {
            true if is_for_children => by_parent.unwrap_or(self.list_size),
            true => told.or(by_parent).unwrap_or(self.list_size),
            false => 1,
        };
        let inside = self.set(&cost.of, &field.selection_set, &below(field, sized, cost, told))?;
        let each = cost.weight.saturating_add(inside);
        Ok(length.saturating_mul(each).saturating_add(self.arguments(cost, field)))
    }

    /// The length that `@listSize` tells: the largest slicing argument, or what is assumed.
    fn told(&self, parent: &str, field: &Field, cost: &FieldCost, size: &ListSize) -> Result<Option<u64>, CostError> {
        let given: Vec<u64> = size
            .slicing
            .iter()
            .filter_map(|way| self.argument(field, cost, way))
            .collect();
        if size.needs_one && given.len() != 1 && self.asked_by == AskedBy::Client {
            let names: Vec<_> = size.slicing.iter().map(|way| way.join(".")).collect();
            return Err(CostError::Slicing {
                field: format!("{parent}.{}", field.name),
                arguments: names.join(", "),
            });
        }
        Ok(given.into_iter().max().or(size.assumed))
    }

    /// The length that an argument stands for, or a value inside it, defaults of the schema included.
    fn argument(&self, field: &Field, cost: &FieldCost, way: &[String]) -> Option<u64> {
        let (first, rest) = way.split_first()?;
        let given = field
            .arguments
            .iter()
            .find(|(name, _)| name == first)
            .map(|(_, value)| value);
        let declared = cost.arguments.get(first)?;
        // A null that was written stands for null, not for the default.
        let given = given.filter(|value| !matches!(value, Value::Variable(name) if self.variable(name).is_none()));
        self.length_at(given.or(declared.default.as_ref())?, rest)
    }

    fn length_at(&self, value: &Value, way: &[String]) -> Option<u64> {
        let told = |value: &Json| length(value).unwrap_or(self.list_size);
        match (value, way.split_first()) {
            (Value::Variable(name), _) => {
                let inside = way.iter().try_fold(self.variable(name)?, |value, step| value.get(step));
                inside.filter(|value| !value.is_null()).map(told)
            }
            (Value::Object(entries), Some((step, rest))) => {
                let (_, value) = entries.iter().find(|(name, _)| name == step)?;
                self.length_at(value, rest)
            }
            (Value::Null, _) | (_, Some(_)) => None,
            (Value::List(_) | Value::Object(_), None) => Some(self.list_size),
            (plain, None) => self.operation.resolve(plain, self.variables).as_ref().map(told),
        }
    }

    /// A variable's value, defaults of the operation included; nothing where it is absent or null.
    fn variable(&self, name: &str) -> Option<&Json> {
        let read = || {
            self.operation
                .resolve(&Value::Variable(name.to_owned()), self.variables)
        };
        self.read.get(name)?.get_or_init(read).as_ref()
    }

    fn arguments(&self, cost: &FieldCost, field: &Field) -> u64 {
        let given = field.arguments.iter();
        sum(given.filter_map(|(name, value)| Some(self.written(cost.arguments.get(name)?, value))))
    }

    fn written(&self, input: &InputCost, value: &Value) -> u64 {
        match value {
            Value::Null => 0,
            Value::Variable(name) => self.variable(name).map_or(0, |value| {
                let place = (from_ref(input), name.clone());
                let mut counted = self.counted.borrow_mut();
                *counted.entry(place).or_insert_with(|| self.sent(input, value))
            }),
            Value::List(items) => sum(items.iter().map(|item| self.written(input, item))),
            Value::Object(entries) => {
                let entries = entries.iter().map(|(name, value)| (name, value));
                self.object(input, entries, Self::written)
            }
            _ => input.weight,
        }
    }

    fn sent(&self, input: &InputCost, value: &Json) -> u64 {
        match value {
            Json::Null => 0,
            Json::Array(items) => sum(items.iter().map(|item| self.sent(input, item))),
            Json::Object(entries) => self.object(input, entries, Self::sent),
            _ => input.weight,
        }
    }

    /// What an object costs by itself and with what is in it.
    fn object<'v, V: 'v>(
        &self,
        input: &InputCost,
        entries: impl IntoIterator<Item = (&'v String, &'v V)>,
        cost: impl Fn(&Self, &InputCost, &V) -> u64,
    ) -> u64 {
        let fields = self.model.inputs.get(&input.of);
        let inside = entries
            .into_iter()
            .filter_map(|(name, value)| Some(cost(self, fields?.get(name)?, value)));
        input.weight.saturating_add(sum(inside))
    }
}

fn sum(costs: impl Iterator<Item = u64>) -> u64 {
    costs.fold(0, u64::saturating_add)
}

/// The length that a value stands for; nothing where it is none, which must not make a list look short.
fn length(value: &Json) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| *number >= 0.0)?;
        Some(number.ceil() as u64)
    })
}

/// The lengths that are told for lists below a field: by itself, and by those above it.
fn below<'a>(field: &Field, sized: &Sized<'a>, cost: &'a FieldCost, told: Option<u64>) -> Vec<(&'a [String], u64)> {
    let own = cost.size.iter().flat_map(|size| &size.sized);
    let own = own.filter_map(|way| Some((way.as_slice(), told?)));
    let passed = sized
        .iter()
        .filter(|(way, _)| way.len() > 1 && way[0] == field.name)
        .map(|(way, length)| (&way[1..], *length));
    own.chain(passed).collect()
}
