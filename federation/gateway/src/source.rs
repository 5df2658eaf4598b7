//! Where supergraphs come from: a file, or subgraphs that are composed here.

mod config;
mod sdl;

use std::path::PathBuf;

use federation_composition::{CompositionError, Subgraph, compose};
use futures::future::{try_join, try_join_all};
use platform_error::Result;
use platform_http::Client;
use tokio::time::{Duration, sleep};

pub use self::config::{SchemaSource, SubgraphEntry, SupergraphConfig};
use crate::{Error, gateway::Gateway, stitch::StitchSettings, subgraph::Locals};

/// Where a supergraph comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A composed supergraph.
    File(PathBuf),
    /// Subgraphs, listed as Rover's `supergraph.yaml` lists them.
    Config(PathBuf),
    /// Subgraphs that tell their schemas themselves, by name and address, and services that are stitched in.
    Live(Vec<(String, String)>, StitchSettings),
}

impl Source {
    /// The supergraph as it is now. `locals` are the subgraphs in this process: they are asked without a socket.
    pub async fn load(&self, client: &Client, locals: &Locals) -> Result<String> {
        match self {
            Self::File(file) => config::read(file).await,
            Self::Config(file) => {
                let config = SupergraphConfig::read(file).await?;
                composed(&config.subgraphs(client, locals).await?)
            }
            Self::Live(subgraphs, StitchSettings(services)) => {
                let told = subgraphs.iter().map(|(name, url)| sdl::told(name, url, client, locals));
                let stitched = services
                    .iter()
                    .map(|(name, stitch)| sdl::stitched(name, stitch, client));
                let (told, stitched) = try_join(try_join_all(told), try_join_all(stitched)).await?;
                composed(&[told, stitched].concat())
            }
        }
    }
}

/// The supergraph of subgraphs.
fn composed(subgraphs: &[Subgraph]) -> Result<String> {
    match compose(subgraphs) {
        Ok(composition) => Ok(composition.supergraph_sdl),
        Err(errors) => {
            let lines: Vec<String> = errors.iter().map(CompositionError::to_string).collect();
            Err(Error::Composition(lines.join("\n")).into())
        }
    }
}

impl Gateway {
    /// Looks at a source now and then, and serves what it finds there. What cannot be served is told to the log and
    /// changes nothing.
    pub fn watch(&self, source: Source, client: Client, every: Duration) {
        let (gateway, shutdown) = (self.clone(), self.0.context.shutdown());
        self.0.context.spawn("gateway-supergraph", async move {
            let mut last_refused = None;
            loop {
                tokio::select! {
                    () = sleep(every) => {}
                    () = shutdown.cancelled() => return,
                }
                let outcome = match source.load(&client, &gateway.0.locals).await {
                    Ok(sdl) => gateway.reload(&sdl).await,
                    Err(error) => Err(error),
                };
                let refused = outcome.err().map(|error| error.to_string());
                if let Some(error) = refused.as_ref().filter(|_| refused != last_refused) {
                    metrics::counter!("gateway_reload_failures_total").increment(1);
                    tracing::warn!(%error, "the new supergraph is not served; the old one stays");
                }
                last_refused = refused;
            }
        });
    }
}
