//! How different arguments of one directive become one application.

use apollo_compiler::{
    Name, Node,
    ast::{Argument, Value},
    name,
};

use crate::{model::Applied, spec::Feature};

/// The merged arguments of a directive that knows how to merge them.
pub(super) fn merge(feature: Feature, applied: &[&Applied]) -> Option<Vec<Node<Argument>>> {
    let merged = match feature {
        Feature::RequiresScopes => vec![(name!("scopes"), conjunction(applied, "scopes"))],
        Feature::Policy => vec![(name!("policies"), conjunction(applied, "policies"))],
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
        _ => return None,
    };
    let argument = |(name, value): (Name, Option<Value>)| {
        let value = Node::new(value?);
        Some(Node::new(Argument { name, value }))
    };
    Some(merged.into_iter().filter_map(argument).collect())
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
    let mut members: Vec<Node<Value>> = Vec::new();
    let mut is_given = false;
    for value in values(applied, argument) {
        is_given = true;
        for member in value.as_list().unwrap_or_default() {
            if !members.contains(member) {
                members.push(member.clone());
            }
        }
    }
    is_given.then_some(Value::List(members))
}

/// Whether a flag that is on by default is on everywhere.
fn all(applied: &[&Applied], argument: &str) -> Option<Value> {
    let mut given = applied.iter().map(|applied| applied.flag(argument).unwrap_or(true));
    Some(Value::Boolean(given.all(|flag| flag)))
}

/// Requirements are alternatives of conjunctions: who passes must fulfil one alternative of every subgraph.
fn conjunction(applied: &[&Applied], argument: &str) -> Option<Value> {
    let mut merged: Option<Vec<Vec<String>>> = None;
    for value in values(applied, argument) {
        let alternatives = alternatives(value);
        merged = Some(match merged {
            None => alternatives,
            // Each time, or their number doubles with every requirement of two alternatives.
            Some(left) => minimal(
                left.iter()
                    .flat_map(|left| alternatives.iter().map(|right| join(left, right)))
                    .collect(),
            ),
        });
    }
    let list = minimal(merged?).into_iter().map(|alternative| {
        let texts = alternative.into_iter().map(|text| Node::new(Value::String(text)));
        Node::new(Value::List(texts.collect()))
    });
    Some(Value::List(list.collect()))
}

/// The alternatives of a `@requiresScopes` or `@policy`.
pub(crate) fn alternatives(value: &Value) -> Vec<Vec<String>> {
    let inner = |list: &Node<Value>| -> Vec<String> {
        let texts = list.as_list().unwrap_or_default().iter();
        texts.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    value.as_list().unwrap_or_default().iter().map(inner).collect()
}

fn join(left: &[String], right: &[String]) -> Vec<String> {
    let mut all = left.to_vec();
    all.extend(right.iter().cloned());
    all.sort();
    all.dedup();
    all
}

/// An alternative that asks for more than another one is never needed.
fn minimal(mut alternatives: Vec<Vec<String>>) -> Vec<Vec<String>> {
    for alternative in &mut alternatives {
        alternative.sort();
        alternative.dedup();
    }
    alternatives.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    let mut kept: Vec<Vec<String>> = Vec::new();
    for alternative in alternatives {
        let is_covered = kept
            .iter()
            .any(|other| other.iter().all(|text| alternative.contains(text)));
        if !is_covered {
            kept.push(alternative);
        }
    }
    kept
}
