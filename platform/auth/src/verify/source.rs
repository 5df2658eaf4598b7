//! Where key sets come from: text, a file, a URL or a peer, asked again when a key is not known, and never too often.

use std::{
    fs,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{
            AtomicI64, AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
};
use jsonwebtoken::Algorithm;
use platform_http::Client;
use platform_service::Peers;
use tokio::{sync::Mutex, time::timeout};

use super::{
    JwtSettings, KeySource,
    keys::{Key, parse},
};
use crate::{AuthError, wire};

/// Documents longer than this are not key sets.
const LONGEST_DOCUMENT: usize = 1 << 20;
/// A request waits no longer than this for keys.
const PATIENCE: Duration = Duration::from_secs(5);
const NEVER: i64 = i64::MIN;

/// Where one set of keys comes from, and the keys as last seen.
pub(super) struct Source {
    origin: Origin,
    issuer: Option<String>,
    audiences: Vec<String>,
    is_ours: bool,
    allowed: Vec<Algorithm>,
    refresh: i64,
    pause: i64,
    keys: RwLock<Arc<[Key]>>,
    tried_at: AtomicI64,
    fetched: AtomicU64,
    fetching: Mutex<()>,
}

enum Origin {
    Fixed,
    File(String),
    Url(String, Client),
    Peer(String, Peers),
}

impl Source {
    pub(super) fn new(
        source: &KeySource,
        settings: &JwtSettings,
        allowed: &[Algorithm],
        (client, peers): (&Client, &Peers),
    ) -> Result<Self, AuthError> {
        let wrong = |text: &str| AuthError::Settings(text.to_owned());
        let (origin, keys) = match (&source.url, &source.file, &source.jwks, &source.peer) {
            (Some(url), None, None, None) => (Origin::Url(url.clone(), client.clone()), Vec::new()),
            (None, Some(file), None, None) => {
                let keys = read(file, allowed).map_err(|reason| wrong(&format!("the keys in {file}: {reason}")))?;
                (Origin::File(file.clone()), keys)
            }
            (None, None, Some(text), None) => {
                let keys = parse(text.as_bytes(), allowed).map_err(|reason| wrong(&format!("jwks: {reason}")))?;
                (Origin::Fixed, keys)
            }
            (None, None, None, Some(peer)) => (Origin::Peer(peer.clone(), peers.clone()), Vec::new()),
            _ => {
                return Err(wrong(
                    "a source of keys must have exactly one of url, file, jwks and peer",
                ));
            }
        };
        let whole = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        Ok(Self {
            origin,
            issuer: source.issuer.clone(),
            audiences: source.audiences.clone(),
            is_ours: false,
            allowed: allowed.to_vec(),
            refresh: whole(*settings.refresh),
            pause: whole(*settings.refresh_pause),
            keys: RwLock::new(keys.into()),
            tried_at: AtomicI64::new(NEVER),
            fetched: AtomicU64::new(0),
            fetching: Mutex::new(()),
        })
    }

    /// Takes the issuer's word about kinds, sessions and workspaces, or only about people.
    pub(super) fn believed(mut self, is_ours: bool) -> Self {
        self.is_ours = is_ours;
        self
    }

    pub(super) fn is_ours(&self) -> bool {
        self.is_ours
    }

    pub(super) fn audiences(&self) -> &[String] {
        &self.audiences
    }

    pub(super) fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    pub(super) fn keys(&self) -> Arc<[Key]> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it is a service that is not known here, so that there is nobody to ask.
    pub(super) fn is_nobody(&self) -> bool {
        matches!(&self.origin, Origin::Peer(name, peers) if peers.get(name).is_none())
    }

    /// Fetches the keys again when their time is over. While one request does so, the others use what is there.
    pub(super) async fn refresh_when_old(&self, now: i64) {
        let age = now.saturating_sub(self.tried_at.load(Relaxed));
        if !matches!(self.origin, Origin::Url(..) | Origin::Peer(..)) || self.is_nobody() || age < self.refresh {
            return;
        }
        if self.keys().is_empty() {
            Box::pin(self.refresh(now, self.fetched())).await;
        } else if let Ok(_only) = self.fetching.try_lock() {
            Box::pin(self.fetch(now)).await;
        }
    }

    /// How often keys were fetched.
    pub(super) fn fetched(&self) -> u64 {
        self.fetched.load(Acquire)
    }

    /// Fetches the keys again, unless that was tried a moment ago, or somebody did since they had been fetched `seen`
    /// times. True where there may be new ones.
    pub(super) async fn refresh(&self, now: i64, seen: u64) -> bool {
        if matches!(self.origin, Origin::Fixed) || self.is_nobody() {
            return false;
        }
        let _only = self.fetching.lock().await;
        if self.fetched() != seen {
            return true;
        }
        let tried_at = self.tried_at.load(Relaxed);
        // Without any key, because the issuer had not started yet, waiting out the pause would only prolong that.
        let pause = if self.keys().is_empty() {
            self.pause.min(1)
        } else {
            self.pause
        };
        now.saturating_sub(tried_at) >= pause && Box::pin(self.fetch(now)).await
    }

    async fn in_time(&self, document: impl Future<Output = Result<Vec<u8>, String>>) -> Result<Vec<Key>, String> {
        match timeout(PATIENCE, document).await {
            Ok(document) => parse(&document?, &self.allowed),
            Err(_) => Err("it was not sent in time".into()),
        }
    }

    async fn fetch(&self, now: i64) -> bool {
        self.tried_at.store(now, Relaxed);
        let found = match &self.origin {
            Origin::Fixed => return false,
            Origin::File(file) => read(file, &self.allowed),
            Origin::Url(url, client) => self.in_time(download(url, client)).await,
            Origin::Peer(name, peers) => self.in_time(ask(name, peers)).await,
        };
        match found {
            Ok(keys) => {
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
                self.fetched.fetch_add(1, Release);
                true
            }
            Err(reason) => {
                let origin = match &self.origin {
                    Origin::Url(origin, _) | Origin::File(origin) | Origin::Peer(origin, _) => origin,
                    Origin::Fixed => "",
                };
                tracing::warn!(jwks.origin = origin, reason, "keys cannot be refreshed; old ones stay");
                false
            }
        }
    }
}

async fn ask(name: &str, peers: &Peers) -> Result<Vec<u8>, String> {
    let peer = peers.get(name).ok_or("no such service is known here")?;
    let request = Request::get(wire::JWKS)
        .body(Body::empty())
        .map_err(|error| error.to_string())?;
    let response = peer.call(request).await.map_err(|error| error.to_string())?;
    if !response.status().is_success() {
        return Err(format!("it answered {}", response.status()));
    }
    let document = to_bytes(response.into_body(), LONGEST_DOCUMENT).await;
    document
        .map(Vec::from)
        .map_err(|_| "it is longer than 1 MiB".to_owned())
}

async fn download(url: &str, client: &Client) -> Result<Vec<u8>, String> {
    let request = client.get(url).header("accept", "application/json");
    let mut response = client.send(request).await.map_err(|error| error.to_string())?;
    let mut document = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| error.to_string())? {
        document.extend_from_slice(&chunk);
        if document.len() > LONGEST_DOCUMENT {
            return Err("it is longer than 1 MiB".into());
        }
    }
    Ok(document)
}

fn read(file: &str, allowed: &[Algorithm]) -> Result<Vec<Key>, String> {
    parse(&fs::read(file).map_err(|error| error.to_string())?, allowed)
}
