//! How different arguments of one directive become one application.

use apollo_compiler::{
    Name, Node,
    ast::{Argument, Value},
    name,
};

use super::alternatives::{alternatives, conjunction};
use crate::{model::Applied, spec::Feature};

/// An access requirement would have more alternatives than anybody can read.
#[derive(Debug)]
pub(super) struct TooMany;

/// The merged arguments of a directive; nothing, if it does not know how to merge them.
pub(super) fn merge(feature: Feature, applied: &[&Applied]) -> Result<Option<Vec<Node<Argument>>>, TooMany> {
    let merged = match feature {
        Feature::RequiresScopes => vec![(name!("scopes"), together(applied, "scopes")?)],
        Feature::Policy => vec![(name!("policies"), together(applied, "policies")?)],
        Feature::Cost => vec![(name!("weight"), maximum(applied, "weight"))],
        Feature::ListSize => vec![
            (name!("assumedSize"), maximum(applied, "assumedSize")),
            (name!("slicingArguments"), union(applied, "slicingArguments")),
            (name!("sizedFields"), union(applied, "sizedFields")),
            (
                name!("requireOneSlicingArgument"),
                all(applied, "requireOneSlicingArgument"),
            ),
        ],
        _ => return Ok(None),
    };
    let argument = |(name, value): (Name, Option<Value>)| {
        let value = Node::new(value?);
        Some(Node::new(Argument { name, value }))
    };
    Ok(Some(merged.into_iter().filter_map(argument).collect()))
}

fn values<'a>(applied: &[&'a Applied], argument: &'a str) -> impl Iterator<Item = &'a Node<Value>> {
    let given = applied.iter().filter_map(move |applied| applied.argument(argument));
    given.filter(|value| !value.is_null()).collect::<Vec<_>>().into_iter()
}

fn maximum(applied: &[&Applied], argument: &str) -> Option<Value> {
    let given = values(applied, argument).filter_map(|value| value.to_i32());
    given.max().map(|most| Value::Int(most.into()))
}

fn union(applied: &[&Applied], argument: &str) -> Option<Value> {
    let given: Vec<_> = applied.iter().filter_map(|applied| applied.list(argument)).collect();
    let mut members: Vec<Node<Value>> = Vec::new();
    for member in given.iter().copied().flatten() {
        if !members.contains(member) {
            members.push(member.clone());
        }
    }
    (!given.is_empty()).then_some(Value::List(members))
}

/// Whether a flag that is on by default is on everywhere.
fn all(applied: &[&Applied], argument: &str) -> Option<Value> {
    let mut given = applied.iter().map(|applied| applied.flag(argument).unwrap_or(true));
    Some(Value::Boolean(given.all(|flag| flag)))
}

/// Who passes must fulfil the requirement of every subgraph.
fn together(applied: &[&Applied], argument: &str) -> Result<Option<Value>, TooMany> {
    let given = values(applied, argument).map(|value| alternatives(value));
    let list = conjunction(given).ok_or(TooMany)?.into_iter().map(|alternative| {
        let texts = alternative.into_iter().map(|text| Node::new(Value::String(text)));
        Node::new(Value::List(texts.collect()))
    });
    Ok(Some(Value::List(list.collect())))
}
