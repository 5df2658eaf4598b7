//! Access requirements as `@requiresScopes` and `@policy` say them: alternatives of what must be held together.

use apollo_compiler::ast::Value;

/// Requirements that have nothing in common multiply their alternatives, so there is an end to it.
pub(crate) const MOST_ALTERNATIVES: usize = 1_000;

/// Who holds one of these lists whole may pass.
pub(crate) type Alternatives = Vec<Vec<String>>;

/// The alternatives of a `@requiresScopes` or `@policy`. An empty list asks for nothing, as Apollo's tools have it.
pub(crate) fn alternatives(value: &Value) -> Alternatives {
    match value {
        Value::List(list) if list.is_empty() => vec![Vec::new()],
        Value::List(list) => list.iter().map(|value| together(value)).collect(),
        one => vec![together(one)],
    }
}

/// What all these requirements ask for; nothing, if that has too many alternatives.
pub(crate) fn conjunction(requirements: impl IntoIterator<Item = Alternatives>) -> Option<Alternatives> {
    let mut all = vec![Vec::new()];
    for requirement in requirements {
        let (met, open): (Vec<_>, Vec<_>) = all.into_iter().partition(|held| fulfils(held, &requirement));
        if met.len() + open.len() * requirement.len() > MOST_ALTERNATIVES {
            return None;
        }
        let joined = open
            .iter()
            .flat_map(|left| requirement.iter().map(|right| [left.as_slice(), right].concat()));
        all = minimal(joined.chain(met).collect());
    }
    Some(all)
}

/// Whether who holds this meets a requirement.
pub(crate) fn fulfils(held: &[String], requirement: &[Vec<String>]) -> bool {
    requirement.iter().any(|all| all.iter().all(|text| held.contains(text)))
}

/// A single value stands for a list of it, as everywhere in GraphQL.
fn together(value: &Value) -> Vec<String> {
    match value {
        Value::List(list) => list.iter().map(|value| text(value)).collect(),
        one => vec![text(one)],
    }
}

/// What is no text is taken as it is written: to leave it out would be to ask for less.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// An alternative that asks for more than another one is never needed.
fn minimal(mut alternatives: Alternatives) -> Alternatives {
    for alternative in &mut alternatives {
        alternative.sort();
        alternative.dedup();
    }
    alternatives.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    let mut kept = Alternatives::new();
    for alternative in alternatives {
        if !fulfils(&alternative, &kept) {
            kept.push(alternative);
        }
    }
    kept
}
