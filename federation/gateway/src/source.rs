//! Where supergraphs come from: a file, or subgraphs that are composed here.

mod config;
mod sdl;

use std::path::PathBuf;

use federation_composition::{CompositionError, Subgraph, compose};
use futures::future::{join, join_all};
use platform_error::Result;
use platform_http::Client;
use platform_resilience::Backoff;
use tokio::time::{Duration, sleep};

pub use self::config::SupergraphConfig;
use crate::{Error, gateway::Gateway, stitch::StitchSettings, subgraph::Peers};

/// Between attempts to complete the first supergraph.
const UNTIL_COMPLETE: Backoff = Backoff {
    first: Duration::from_millis(250),
    longest: Duration::from_secs(5),
};

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
    /// The supergraph as it is now. Subgraphs that are `peers` of this process are asked as such.
    pub async fn load(&self, client: &Client, peers: &Peers) -> Result<String> {
        match self {
            Self::File(file) => config::read(file).await,
            Self::Config(file) => {
                let config = SupergraphConfig::read(file).await?;
                composed(config.subgraphs(client, peers).await?).await
            }
            Self::Live(subgraphs, StitchSettings(services)) => {
                let told = subgraphs.iter().map(|(name, url)| sdl::told(name, url, client, peers));
                let stitched = services
                    .iter()
                    .map(|(name, stitch)| sdl::stitched(name, stitch, client));
                let (told, stitched) = join(join_all(told), join_all(stitched)).await;
                composed(all(told.into_iter().chain(stitched))?).await
            }
        }
    }
}

/// All the subgraphs, or why not: what waiting does not mend comes before who is away.
fn all(answers: impl IntoIterator<Item = Result<Subgraph>>) -> Result<Vec<Subgraph>> {
    let (mut subgraphs, mut absent) = (Vec::new(), None);
    for answer in answers {
        match answer {
            Ok(subgraph) => subgraphs.push(subgraph),
            Err(error) if away(&error).is_some() => absent = absent.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    absent.map_or(Ok(subgraphs), Err)
}

/// That a subgraph is away, in words for clients; nothing where something else is wrong.
pub(crate) fn away(error: &platform_error::Error) -> Option<String> {
    match error.cause()?.downcast_ref::<Error>()? {
        Error::Away { name, .. } => Some(format!("subgraph {name} is away")),
        _ => None,
    }
}

/// The supergraph of subgraphs. Large ones take their time, which is not taken from requests.
async fn composed(subgraphs: Vec<Subgraph>) -> Result<String> {
    let composed = tokio::task::spawn_blocking(move || compose(&subgraphs)).await;
    match composed.map_err(platform_error::Error::internal)? {
        Ok(composition) => Ok(composition.supergraph_sdl),
        Err(errors) => {
            let lines: Vec<String> = errors.iter().map(CompositionError::to_string).collect();
            Err(Error::Composition(lines.join("\n")).into())
        }
    }
}

impl Gateway {
    /// Looks at a source now and then, and serves what it finds there. What cannot be served is told to the log and
    /// changes nothing. As long as nothing is served the source is looked at more often.
    pub fn watch(&self, source: Source, client: Client, every: Duration) {
        let (gateway, shutdown) = (self.clone(), self.0.context.shutdown());
        self.0.context.spawn("gateway-supergraph", async move {
            let (mut last_refused, mut attempt) = (None, 0);
            loop {
                attempt += 1;
                let pause = match gateway.serving() {
                    Ok(_) => every,
                    Err(_) => UNTIL_COMPLETE.pause(attempt, gateway.0.context.random().bytes()),
                };
                tokio::select! {
                    () = sleep(pause) => {}
                    () = shutdown.cancelled() => return,
                }
                let outcome = match source.load(&client, &gateway.0.peers).await {
                    Ok(sdl) => gateway.reload(&sdl).await.map(drop),
                    Err(error) => Err(error),
                };
                let refused = outcome.as_ref().err().map(ToString::to_string);
                if let Err(error) = outcome
                    && refused != last_refused
                {
                    gateway.refused(&error);
                }
                last_refused = refused;
            }
        });
    }

    fn refused(&self, error: &platform_error::Error) {
        if self.serving().is_ok() {
            metrics::counter!("gateway_reload_failures_total").increment(1);
            tracing::warn!(%error, "the new supergraph is not served; the old one stays");
            return;
        }
        let lacking = away(error).unwrap_or_else(|| "its subgraphs do not make one".into());
        if **self.0.lacking.load() != lacking {
            tracing::warn!(%error, "the supergraph is not complete yet; it is tried again until it is");
            self.0.lacking.store(lacking.into());
        }
    }
}
