//! The list of operations while requests run: what of it does not fit the schema is told, and what changes is read again.

use std::sync::Arc;

use futures::future::try_join_all;
use graphql_tools::static_graphql::query::Definition;
use platform_error::Result;
use tokio::time::sleep;

use super::Persisted;
use crate::{gateway::Gateway, parse, prepare::Operations};

/// Of how many operations the log says why they do not fit; the others are counted.
const TOLD: usize = 5;

impl Gateway {
    /// Tells which listed operations do not fit the schema, and looks at the list now and then. One that cannot be
    /// used is told to the log and changes nothing.
    pub async fn watch_listed(&self) {
        let inner = &self.0;
        if !inner.settings.persisted.has_list() {
            return;
        }
        self.tell_misfits().await;
        let (gateway, shutdown, every) = (self.clone(), inner.context.shutdown(), *inner.settings.poll);
        inner.context.spawn("gateway-operations", async move {
            let mut last_refused = None;
            loop {
                tokio::select! {
                    () = sleep(every) => {}
                    () = shutdown.cancelled() => return,
                }
                let refused = gateway.read_list().await.err().map(|error| error.to_string());
                if let Some(error) = refused.as_ref().filter(|_| refused != last_refused) {
                    tracing::warn!(error, "the new list of operations is not used; the old one stays");
                }
                last_refused = refused;
            }
        });
    }

    async fn read_list(&self) -> Result<()> {
        let gateway = self.clone();
        let read = move || gateway.0.persisted.read_again(&gateway.0.settings.persisted);
        let read = tokio::task::spawn_blocking(read).await;
        if read.map_err(platform_error::Error::internal)?? {
            let operations = self.0.persisted.known().by_ids().len();
            tracing::info!(operations, "a new list of operations is used");
            self.tell_misfits().await;
        }
        Ok(())
    }

    /// Tells which listed operations do not fit the schema that is served.
    pub(crate) async fn tell_misfits(&self) {
        if let Ok(serving) = self.serving() {
            self.0.persisted.tell_misfits(&serving.operations).await;
        }
    }
}

impl Persisted {
    async fn tell_misfits(&self, operations: &Operations) {
        let (mut count, mut told) = (0, Vec::new());
        let known = self.known();
        for (id, text) in known.by_ids() {
            // There may be thousands of them, and requests do not wait for all.
            tokio::task::yield_now().await;
            if let Some(misfit) = misfit(operations, id, text).await {
                count += 1;
                told.push(misfit);
                told.truncate(TOLD);
            }
        }
        if count > 0 {
            let first = told.join("; ");
            tracing::warn!(
                operations = count,
                first,
                "listed operations do not fit the schema and are refused"
            );
        }
    }
}

/// A listed text that does not fit the schema, and why. What was asked for before is known to fit.
async fn misfit(operations: &Operations, id: &str, text: &Arc<str>) -> Option<String> {
    let mut refusal = operations.parsed(text, None).await.err()?;
    let names = names(text);
    if names.len() > 1 {
        // A client says which of them it means.
        let each = names.iter().map(|name| operations.parsed(text, Some(name)));
        refusal = try_join_all(each).await.err()?;
    }
    let reason = &refusal.faults.first()?.message;
    Some(format!("{id} ({}): {reason}", names.join(", ")))
}

/// The names of the operations of a text; none where it cannot be read.
fn names(text: &str) -> Vec<String> {
    let document = parse::parse(text, usize::MAX).ok();
    let definitions = document.iter().flat_map(|document| &document.definitions);
    let operations = definitions.filter_map(|definition| match definition {
        Definition::Operation(operation) => parse::name_of(operation),
        Definition::Fragment(_) => None,
    });
    operations.map(str::to_owned).collect()
}
