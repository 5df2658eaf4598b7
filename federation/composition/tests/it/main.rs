//! The composer through its public surface.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod check;
mod diff;
mod diff_directives;
mod diff_spreads;
mod diff_together;
mod diff_usage;
mod docs;
mod golden;
mod merge;
mod merge_access;
mod merge_directives;
mod oracle;
mod places;
mod property;
mod satisfiability;
mod satisfiability_labels;
mod validate_access;
mod validate_fields;
mod validate_link;
mod validate_link_names;
mod validate_nesting;
mod validate_selection;
mod validate_whole;
