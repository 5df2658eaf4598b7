//! Everything before execution: who asks, which operation, may they, what does it cost, how is it answered.

use std::sync::Arc;

use graphql_tools::static_graphql::query::Document;
use platform_error::{Code, Result};

use crate::{
    Error,
    authorize::{self, Asked, Rules},
    cost::{AskedBy, Model},
    fault::{Fault, Refusal},
    gateway::{Gateway, Serving},
    outline::OperationKind,
    persisted,
    prepare::{Parsed, Prepared},
    request::{Caller, Request, Variables},
    supergraph::labels,
    telemetry::{self, Step},
    variables,
};

/// A request that may run: what is asked, for whom, and how it is answered.
pub(crate) struct Ready {
    pub(crate) serving: Arc<Serving>,
    pub(crate) parsed: Arc<Parsed>,
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) variables: Variables,
    /// Errors for what the caller may not see.
    pub(crate) faults: Vec<Fault>,
    /// What it is estimated to cost, where that is told.
    pub(crate) cost: Option<u64>,
}

impl Gateway {
    /// Admits a request, or refuses it.
    pub(crate) async fn admit(&self, request: Request, mut caller: Caller) -> Result<(Caller, Ready), Refusal> {
        let inner = &self.0;
        if !std::mem::take(&mut caller.is_counted) {
            inner.rates.check_address(&caller).await?;
        }
        match &caller.principal {
            // Who opened a connection may have signed out since.
            Some(principal) => inner.believed.recheck(principal)?,
            None => caller.principal = inner.believed.principal(&caller.headers).await?,
        }
        inner.rates.check_caller(&caller).await?;
        let text = inner.persisted.resolve(&request).map_err(persisted::refusal)?;
        let text = text.ok_or_else(|| Refusal {
            is_malformed: true,
            ..Error::NoQuery.into()
        })?;
        let serving = self.serving()?;
        let parsed = serving
            .operations
            .parsed(&text, request.operation_name.as_deref())
            .await?;
        let operation = parsed.outline()?;
        telemetry::describe(&parsed);
        if request.reads_only && operation.kind != OperationKind::Query {
            return Err(Error::ReadsOnly.into());
        }
        inner.rates.check_operation(&caller, operation.name).await?;
        let mut variables = variables::coerce(&serving.supergraph, operation.variables, &request.variables)?;
        parsed.complete(&mut variables);
        let asked = Asked {
            operation,
            variables: &variables,
        };
        let (permitted, faults) = self.permit(&serving.rules, &parsed.document, &asked, &caller)?;
        let cost = self.cost(&serving.costs, &asked)?;
        let draw = match parsed.is_moving {
            true => labels::draw(&inner.context.ids()),
            false => 0,
        };
        let prepared = serving
            .operations
            .prepared(&parsed, permitted, &variables, draw)
            .await?;
        if prepared.projection.introspects && !inner.introspection {
            return Err(Error::IntrospectionOff.into());
        }
        let cost_settings = &inner.settings.cost;
        if !cost_settings.subgraphs.is_empty() {
            let costs = serving
                .costs
                .by_subgraph(&prepared.plan, &variables, cost_settings.list_size);
            cost_settings.check_subgraphs(&costs)?;
        }
        let ready = Ready {
            serving,
            parsed,
            prepared,
            variables,
            faults,
            cost,
        };
        Ok((caller, ready))
    }

    fn permit(
        &self,
        rules: &Rules,
        document: &Document,
        asked: &Asked<'_>,
        caller: &Caller,
    ) -> Result<(Option<Document>, Vec<Fault>), Refusal> {
        let permit = || authorize::permit(rules, document, asked, caller.principal.as_deref());
        match telemetry::measured(Step::Authorize, permit) {
            None => Ok((None, Vec::new())),
            Some(permitted) if self.0.settings.authorization.reject => {
                let code = match caller.principal {
                    Some(_) => Code::Forbidden,
                    None => Code::Unauthenticated,
                };
                Err(Refusal::of(code, permitted.faults))
            }
            Some(permitted) => Ok((Some(permitted.document), permitted.faults)),
        }
    }

    fn cost(&self, model: &Model, asked: &Asked<'_>) -> Result<Option<u64>, Refusal> {
        let settings = &self.0.settings.cost;
        if !settings.is_used() {
            return Ok(None);
        }
        let estimate = || {
            let (operation, variables) = (&asked.operation, asked.variables);
            model.estimate(operation, variables, settings.list_size, AskedBy::Client)
        };
        let estimated = telemetry::measured(Step::Cost, estimate)?;
        settings.check(estimated)?;
        Ok(Some(estimated))
    }
}
