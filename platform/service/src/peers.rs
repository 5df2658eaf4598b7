//! The services that a service can call, by name.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

use axum::http::Uri;
use platform_config::Config;
use platform_error::Result;
use platform_http::{Client, ClientSettings, ClientTls};
use serde::{Deserialize, Serialize};

use crate::{HostError, Peer};

/// The services of this process that are open, and those elsewhere that the section `[peers]` names. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Peers(Arc<RwLock<BTreeMap<String, Peer>>>);

/// Addresses of services elsewhere, by name. Section `[peers]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PeerSettings(pub BTreeMap<String, String>);

impl Peers {
    /// The services elsewhere.
    pub(crate) fn remote(config: &Config, tls: Option<&ClientTls>) -> Result<Self> {
        let PeerSettings(addresses) = config.section("peers")?;
        let peers = Self::default();
        for (name, address) in addresses {
            let uri: Uri = address.parse().map_err(|_| HostError::peer(&name, &address))?;
            if !matches!(uri.scheme_str(), Some("http" | "https")) {
                return Err(HostError::peer(&name, &address).into());
            }
            let client = match tls.filter(|_| uri.scheme_str() == Some("https")) {
                Some(tls) => Client::secured(&ClientSettings::default(), tls)?,
                None => Client::new(&ClientSettings::default())?,
            };
            peers.add(&name, Peer::Remote(uri, client));
        }
        Ok(peers)
    }

    /// The service called `name`; one of this process is found once it is open.
    pub fn get(&self, name: &str) -> Option<Peer> {
        self.0
            .read()
            .expect("no panic while holding the lock")
            .get(name)
            .cloned()
    }

    /// All services that can be called now, by name.
    pub fn all(&self) -> BTreeMap<String, Peer> {
        self.0.read().expect("no panic while holding the lock").clone()
    }

    pub(crate) fn add(&self, name: &str, peer: Peer) {
        let mut peers = self.0.write().expect("no panic while holding the lock");
        peers.insert(name.to_owned(), peer);
    }
}
