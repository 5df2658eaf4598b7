//! The gateway as a service that a host runs.

use axum::http::Uri;
use platform_error::{Code, Error, Result};
use platform_http::{Client, ClientSettings};
use platform_service::{Context, Peer, Service};

use crate::{
    gateway::Gateway,
    settings::Settings,
    source::{Source, away},
    stitch::StitchSettings,
};

const NAME: &str = "gateway";
/// The port unless told otherwise.
const PORT: u16 = 8002;

/// The gateway in front of a supergraph, or of all services that can be called: those of this process that were
/// opened before it, those that the section `[peers]` names, and those that `[stitch]` describes.
pub fn service(source: Option<Source>) -> Service {
    Service::new(NAME, PORT)
        .open(move |context| open(context, source.clone()))
        .rest(|gateway: &Gateway| gateway.router().merge(gateway.admin_router()))
        .ready(|gateway: Gateway| async move { gateway.serving().map(drop) })
        .into()
}

async fn open(context: Context, source: Option<Source>) -> Result<Gateway> {
    let settings: Settings = context.settings()?;
    let every = *settings.poll;
    let client = Client::new(&ClientSettings::default())?;
    let peers = context.peers().all();
    let live: Vec<_> = peers
        .iter()
        .map(|(name, peer)| (name.clone(), address(name, peer)))
        .collect();
    let stitch: StitchSettings = context.section("stitch")?;
    if source.is_some() && !stitch.0.is_empty() {
        tracing::warn!("[stitch] is not looked at: the supergraph comes from elsewhere, describe the service there");
    }
    if source.is_none() && live.is_empty() && stitch.0.is_empty() {
        let error = Error::new(Code::Invalid, "there is no service to stand in front of");
        return Err(error.with_hint("run it beside a service, name one in [peers], or give it a supergraph"));
    }
    if let Some(name) = live
        .iter()
        .map(|(name, _)| name)
        .find(|name| stitch.0.contains_key(*name))
    {
        let error = Error::new(
            Code::Invalid,
            format!("{name} is a service already, and [stitch] describes it again"),
        );
        return Err(error.with_hint("give the service that is stitched in another name"));
    }
    // The schemas of this process stay what they are while it runs.
    let may_change =
        source.is_some() || peers.values().any(|peer| matches!(peer, Peer::Remote(..))) || !stitch.0.is_empty();
    let source = source.unwrap_or(Source::Live(live, stitch));
    let gateway = match source.load(&client, &peers).await {
        Ok(sdl) => Gateway::new(&sdl, settings, peers, &context)?,
        Err(error) => {
            let Some(lacking) = away(&error) else { return Err(error) };
            tracing::warn!(%error, "the supergraph is not complete yet; it is tried again until it is");
            Gateway::waiting(lacking, settings, peers, &context)?
        }
    };
    gateway.watch_listed().await;
    if may_change {
        gateway.watch(source, client, every);
    }
    Ok(gateway)
}

/// Where a service is asked; of one in this process only the path counts.
fn address(name: &str, peer: &Peer) -> String {
    match peer {
        Peer::Local(_) => format!("http://{name}/graphql"),
        Peer::Remote(address, _) => endpoint(address),
    }
}

/// A service's address with the path that ours answer on, unless the address has one.
fn endpoint(address: &Uri) -> String {
    match address.path() {
        "" | "/" => format!("{}/graphql", address.to_string().trim_end_matches('/')),
        _ => address.to_string(),
    }
}
