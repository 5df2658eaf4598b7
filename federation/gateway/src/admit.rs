//! Everything before execution: who asks, which operation, may they, what does it cost, how is it answered.

use std::sync::Arc;

use graphql_tools::static_graphql::query::Document;
use platform_error::{Code, Result};

use crate::{
    Error,
    authorize::{self, Asked},
    cost::AskedBy,
    fault::{Fault, Refusal},
    gateway::{Gateway, Serving},
    outline::{Operation, OperationKind},
    parse, persisted,
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
    pub(crate) kind: OperationKind,
    pub(crate) variables: Variables,
    /// Errors for what the caller may not see.
    pub(crate) faults: Vec<Fault>,
    /// What it is estimated to cost, where that is told.
    pub(crate) cost: Option<u64>,
}

impl Ready {
    /// The name in the document, whether or not the request repeated it.
    pub(crate) fn name(&self) -> Option<String> {
        let operation = Operation::find(&self.parsed.document, self.parsed.name.as_deref())?;
        operation.name.map(Into::into)
    }
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
        let operation = parsed.operation()?;
        let kind = parsed.kind()?;
        telemetry::describe(&parsed, kind);
        if request.reads_only && kind != OperationKind::Query {
            return Err(Error::ReadsOnly.into());
        }
        inner.rates.check_operation(&caller, parse::name_of(operation)).await?;
        let mut variables = variables::coerce(&serving.supergraph, operation, &request.variables)?;
        parsed.complete(&mut variables);
        let (permitted, faults) = self.permit(&serving, &parsed, &variables, &caller)?;
        let cost = self.cost(&serving, &parsed, &variables)?;
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
            kind,
            variables,
            faults,
            cost,
        };
        Ok((caller, ready))
    }

    fn permit(
        &self,
        serving: &Serving,
        parsed: &Parsed,
        variables: &Variables,
        caller: &Caller,
    ) -> Result<(Option<Document>, Vec<Fault>), Refusal> {
        let Some(operation) = Operation::find(&parsed.document, parsed.name.as_deref()) else {
            return Ok((None, Vec::new()));
        };
        let asked = Asked { operation, variables };
        let permit = || authorize::permit(&serving.rules, &parsed.document, &asked, caller.principal.as_deref());
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

    fn cost(&self, serving: &Serving, parsed: &Parsed, variables: &Variables) -> Result<Option<u64>, Refusal> {
        let settings = &self.0.settings.cost;
        if !settings.is_used() {
            return Ok(None);
        }
        let Some(operation) = Operation::find(&parsed.document, parsed.name.as_deref()) else {
            return Ok(None);
        };
        let estimate = || {
            serving
                .costs
                .estimate(&operation, variables, settings.list_size, AskedBy::Client)
        };
        let estimated = telemetry::measured(Step::Cost, estimate)?;
        settings.check(estimated)?;
        Ok(Some(estimated))
    }
}
