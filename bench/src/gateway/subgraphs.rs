//! Four subgraphs of a shop, as the federation demo has them, and one with events.

mod feed;
mod shop;

use std::{collections::BTreeMap, net::SocketAddr};

use anyhow::{Context, Result, anyhow};
use async_graphql::{ObjectType, Schema, SubscriptionType};
use axum::Router;
use federation_composition::{Subgraph, compose};
use platform_graphql::Settings;
use platform_http::{ServeSettings, serve};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

pub(crate) use feed::Feed;

/// Subgraphs that answer on ports of their own until this is dropped.
pub(crate) struct Subgraphs {
    /// What they compose to.
    pub(crate) supergraph: String,
    addresses: BTreeMap<&'static str, String>,
    _serving: JoinSet<()>,
}

/// A subgraph before it is served.
struct Part {
    name: &'static str,
    sdl: String,
    router: Router,
}

impl Subgraphs {
    /// Accounts, products, inventory and reviews.
    pub(crate) async fn of_the_shop() -> Result<Self> {
        Self::serve(shop::parts()).await
    }

    /// Events of sales, and the products that they name.
    pub(crate) async fn with_events(feed: &Feed) -> Result<Self> {
        Self::serve(vec![feed.part(), shop::products()]).await
    }

    /// Host and port of one of them.
    pub(crate) fn address(&self, name: &str) -> Result<&str> {
        let address = self.addresses.get(name).map(String::as_str);
        address.with_context(|| format!("there is no subgraph {name}"))
    }

    async fn serve(parts: Vec<Part>) -> Result<Self> {
        let (mut serving, mut subgraphs, mut addresses) = (JoinSet::new(), Vec::new(), BTreeMap::new());
        for part in parts {
            let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
            let address = listener.local_addr()?.to_string();
            subgraphs.push(Subgraph {
                name: part.name.to_owned(),
                url: format!("http://{address}/graphql"),
                sdl: part.sdl,
            });
            addresses.insert(part.name, address);
            let (settings, never) = (ServeSettings::default(), CancellationToken::new());
            serving.spawn(serve(listener, part.router, settings, never));
        }
        let composed = compose(&subgraphs).map_err(|errors| anyhow!("{errors:?}"))?;
        Ok(Self {
            supergraph: composed.supergraph_sdl,
            addresses,
            _serving: serving,
        })
    }
}

fn part<Q, M, S>(name: &'static str, schema: Schema<Q, M, S>) -> Part
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let settings = Settings {
        entities: 100_000,
        ..Settings::default()
    };
    Part {
        name,
        sdl: platform_graphql::federation_sdl(&schema),
        router: platform_graphql::router(schema, settings),
    }
}
