//! Compares two schemas of an API: what breaks its clients, what may, and what does not.

mod change;
mod coordinates;
mod definitions;
mod directives;
mod fields;
mod spreads;
mod types;
mod usage;

use apollo_compiler::{Schema, validation::Valid};

use self::{change::Changes, usage::Usage};
pub use self::{
    change::{Change, ChangeCode, Severity},
    usage::{IgnoredOperation, RecordedOperation, UsageReport},
};

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
    Ok(compare(&old, &new))
}

/// All changes from one schema to another, where a breaking change counts only if a recorded operation meets it.
pub fn diff_with_usage(old: &str, new: &str, operations: &[RecordedOperation]) -> Result<UsageReport, DiffError> {
    let old = parse(old).map_err(DiffError::OldSchema)?;
    let new = parse(new).map_err(DiffError::NewSchema)?;
    let (usage, ignored) = Usage::of(&old, operations);
    let mut changes = compare(&old, &new);
    for change in &mut changes {
        usage.judge(change);
    }
    changes.sort_by_key(|it| it.severity);
    Ok(UsageReport { changes, ignored })
}

fn compare(old: &Valid<Schema>, new: &Valid<Schema>) -> Vec<Change> {
    let mut changes = Changes::new(old, new);
    types::compare(&mut changes);
    directives::compare(&mut changes);
    changes.sorted()
}

fn parse(sdl: &str) -> Result<Valid<Schema>, String> {
    // Some servers print the scalars that every schema has.
    let builder = Schema::builder().ignore_builtin_redefinitions();
    let schema = builder.parse(sdl, "schema.graphql").build();
    schema.and_then(Schema::validate).map_err(|it| it.errors.to_string())
}
