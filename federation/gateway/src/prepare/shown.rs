//! Plans for people who want to look at them.

use platform_config::Duration;
use platform_error::Code;

use super::{
    expand,
    parsed::{Checks, defaults},
};
use crate::{
    Error, conditions,
    fault::{Fault, Refusal},
    parse,
    plan::{Overrides, Plan},
    request::Variables,
    settings::PlanningSettings,
    supergraph::Supergraph,
};

impl Supergraph {
    /// The plan of an operation of a text. What is wrong with the text is told as clients are told it, and the planner's
    /// own words with it.
    pub fn plan(&self, text: &str, name: Option<&str>, budget: Duration) -> Result<Plan, Vec<Fault>> {
        self.plan_with(text, name, (&Variables::default(), &Overrides::default()), budget)
    }

    /// The same, where these variables decide its conditions, and these labels of `@override` hold.
    pub fn plan_with(
        &self,
        text: &str,
        name: Option<&str>,
        (variables, overrides): (&Variables, &Overrides),
        budget: Duration,
    ) -> Result<Plan, Vec<Fault>> {
        let plan = || {
            let document = Checks::default().document(self, text, name)?;
            let mut decisions = defaults(parse::operation(&document, name)?.variable_definitions());
            decisions.0.extend(variables.0.clone());
            let document = conditions::to_plan(&document, &decisions);
            expand::check(self, &document, name, PlanningSettings::default().fields)?;
            let planned = self.planner.plan(&document, name, overrides, budget);
            planned.map_err(|error| match &error {
                Error::Unplannable(reason) => Refusal::new(Code::Invalid, format!("{error}: {reason}")),
                _ => error.into(),
            })
        };
        plan().map_err(|refusal: Refusal| refusal.faults)
    }
}
