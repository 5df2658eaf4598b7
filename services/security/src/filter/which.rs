//! Some, all, or all but some.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Which values fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Which<T: Ord> {
    /// All.
    Any,
    /// These.
    Only(BTreeSet<T>),
    /// All but these.
    Except(BTreeSet<T>),
}

impl<T: Ord> Which<T> {
    /// Whether a value fits.
    pub fn has(&self, value: &T) -> bool {
        match self {
            Self::Any => true,
            Self::Only(values) => values.contains(value),
            Self::Except(values) => !values.contains(value),
        }
    }
}
