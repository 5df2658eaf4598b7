//! Compares two schemas of an API: what breaks its clients, what may, and what does not.

mod change;
mod coordinates;
mod definitions;
mod directives;
mod fields;
mod spreads;
mod together;
mod types;
mod usage;

use apollo_compiler::{Schema, parser::SourceSpan, validation::Valid};

use self::{change::Changes, together::Together, usage::Usage};
pub use self::{
    change::{Change, ChangeCode, Severity},
    usage::{IgnoredOperation, RecordedOperation, UsageReport},
};
use crate::subgraph::{Invalid, line_and_column, validated};

/// Why two schemas cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// The first schema is not valid.
    #[error("the old schema is not valid, correct it first: {0}")]
    OldSchema(String),
    /// The second schema is not valid.
    #[error("the new schema is not valid, correct it first: {0}")]
    NewSchema(String),
}

/// All changes from one schema to another, the breaking ones first.
pub fn diff(old: &str, new: &str) -> Result<Vec<Change>, DiffError> {
    let old = parse(old).map_err(DiffError::OldSchema)?;
    let new = parse(new).map_err(DiffError::NewSchema)?;
    Ok(compare(&Together::new(&old, &new)))
}

/// All changes from one schema to another, where a breaking change counts only if a recorded operation meets it. One
/// that breaks unusual operations alone is breaking if a recorded operation is of that kind.
pub fn diff_with_usage(old: &str, new: &str, operations: &[RecordedOperation]) -> Result<UsageReport, DiffError> {
    let old = parse(old).map_err(DiffError::OldSchema)?;
    let new = parse(new).map_err(DiffError::NewSchema)?;
    let together = Together::new(&old, &new);
    let (usage, ignored) = Usage::of(&together, operations);
    let mut changes = compare(&together);
    for change in &mut changes {
        usage.judge(change);
    }
    changes.sort_by_key(|it| it.severity);
    Ok(UsageReport { changes, ignored })
}

fn compare(together: &Together<'_>) -> Vec<Change> {
    let mut changes = Changes::new(together);
    types::compare(&mut changes);
    directives::compare(&mut changes);
    changes.sorted()
}

fn parse(sdl: &str) -> Result<Valid<Schema>, String> {
    // Some servers print the scalars that every schema has.
    let builder = Schema::builder().ignore_builtin_redefinitions();
    validated(builder.parse(sdl, "schema.graphql").build()).map_err(|it| told(&it))
}

/// What is wrong with a schema: a line for each fault, which begins with its place.
fn told(invalid: &Invalid) -> String {
    let place = |span: Option<SourceSpan>| line_and_column(&invalid.sources, span?);
    let lines = invalid.faults.iter().map(|(message, span)| match place(*span) {
        Some((line, column)) => format!("{line}:{column}: {message}"),
        None => message.clone(),
    });
    lines.collect::<Vec<_>>().join("\n")
}
