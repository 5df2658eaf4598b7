//! What an operation may cost before it runs: `@cost` and `@listSize`, and budgets.

mod estimate;
mod model;
mod subgraphs;

use std::collections::BTreeMap;

use platform_error::{Code, Coded};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use estimate::AskedBy;
pub(crate) use model::Model;

/// Budgets, and how costs are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct CostSettings {
    /// What one operation may cost; anything where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<u64>,
    /// What all fetches of one operation from one subgraph may cost.
    pub subgraphs: BTreeMap<String, u64>,
    /// How long a list is taken to be where nothing says so.
    pub list_size: u64,
    /// Where clients are told the cost.
    pub report: CostReport,
}

/// Where clients are told the cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CostReport {
    /// Nowhere.
    #[default]
    None,
    /// In the headers `x-cost-estimated` and `x-cost-budget`.
    Header,
    /// In `extensions.cost`.
    Extension,
}

impl Default for CostSettings {
    fn default() -> Self {
        Self {
            budget: None,
            subgraphs: BTreeMap::new(),
            list_size: 10,
            report: CostReport::None,
        }
    }
}

/// An operation that costs too much, or does not say how much.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CostError {
    /// Beyond the budget of one operation.
    #[error(
        "the operation's estimated cost is {estimated} and its budget {budget}; ask for shorter lists or fewer fields"
    )]
    Budget {
        /// What it would cost.
        estimated: u64,
        /// What it may cost.
        budget: u64,
    },
    /// Beyond the budget of one subgraph.
    #[error(
        "the operation's estimated cost in subgraph {subgraph} is {estimated} and its budget {budget}; ask for less of it"
    )]
    Subgraph {
        /// Which subgraph.
        subgraph: String,
        /// What it would cost.
        estimated: u64,
        /// What it may cost.
        budget: u64,
    },
    /// A list whose length must be limited.
    #[error("{field} must be asked for with exactly one of the arguments {arguments}, so that its length is known")]
    Slicing {
        /// Which field.
        field: String,
        /// The arguments that limit it.
        arguments: String,
    },
}

impl Coded for CostError {
    fn code(&self) -> Code {
        Code::Invalid
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::Budget { estimated, budget } => Some(json!({ "estimated": estimated, "budget": budget })),
            Self::Subgraph {
                subgraph,
                estimated,
                budget,
            } => Some(json!({ "subgraph": subgraph, "estimated": estimated, "budget": budget })),
            Self::Slicing { .. } => None,
        }
    }
}

impl CostSettings {
    /// Whether anything is done with costs, so that nobody pays for estimates that nobody reads.
    pub(crate) fn is_used(&self) -> bool {
        self.budget.is_some() || !self.subgraphs.is_empty() || self.report != CostReport::None
    }

    /// Refuses an operation beyond its budget.
    pub(crate) fn check(&self, estimated: u64) -> Result<(), CostError> {
        match self.budget {
            Some(budget) if estimated > budget => Err(CostError::Budget { estimated, budget }),
            _ => Ok(()),
        }
    }

    /// Refuses an operation beyond the budget of one of its subgraphs.
    pub(crate) fn check_subgraphs(&self, estimated: &BTreeMap<&str, u64>) -> Result<(), CostError> {
        for (subgraph, budget) in &self.subgraphs {
            let estimated = estimated.get(subgraph.as_str()).copied().unwrap_or_default();
            if estimated > *budget {
                return Err(CostError::Subgraph {
                    subgraph: subgraph.clone(),
                    estimated,
                    budget: *budget,
                });
            }
        }
        Ok(())
    }
}
