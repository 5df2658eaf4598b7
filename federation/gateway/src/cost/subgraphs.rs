//! What a plan costs in each of its subgraphs, and how clients are told.

use std::collections::BTreeMap;

use axum::http::HeaderValue;
use serde_json::json;

use super::{AskedBy, CostReport, CostSettings, Model};
use crate::{numbers, outcome::Outcome, outline::Operation, plan::Plan, request::Variables};

impl Model {
    /// The cost of all fetches of a plan, by subgraph. Entities that a fetch asks for are taken to be as many as an
    /// unknown list is long.
    pub(crate) fn by_subgraph<'p>(
        &self,
        plan: &'p Plan,
        variables: &Variables,
        list_size: u64,
    ) -> BTreeMap<&'p str, u64> {
        let mut costs = BTreeMap::new();
        for (subgraph, document) in plan.fetches() {
            let document = numbers::document_of(document);
            let operation = document.as_ref().and_then(|document| Operation::find(document, None));
            let cost = operation.map(|operation| self.estimate(&operation, variables, list_size, AskedBy::Planner));
            // What cannot be told is too much for any budget.
            let cost = cost.and_then(Result::ok).unwrap_or(u64::MAX);
            let sum: &mut u64 = costs.entry(subgraph).or_default();
            *sum = sum.saturating_add(cost);
        }
        costs
    }
}

impl CostSettings {
    /// Tells a client what an operation was estimated to cost.
    pub(crate) fn tell(&self, outcome: &mut Outcome, estimated: Option<u64>) {
        let Some(estimated) = estimated else { return };
        match self.report {
            CostReport::None => {}
            CostReport::Header => {
                outcome.headers.insert("x-cost-estimated", HeaderValue::from(estimated));
                if let Some(budget) = self.budget {
                    outcome.headers.insert("x-cost-budget", HeaderValue::from(budget));
                }
            }
            CostReport::Extension => {
                let cost = json!({ "estimated": estimated, "budget": self.budget });
                outcome.extensions.insert("cost".into(), cost);
            }
        }
    }
}
