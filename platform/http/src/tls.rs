//! TLS 1.3 for listeners and for calls to our own services, with certificates that are read again while running.

mod calls;
mod files;
mod machine;

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use platform_config::Duration;
use platform_error::{Code, Coded};
use rustls::{ServerConfig, server::WebPkiClientVerifier};
use serde::{Deserialize, Serialize};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

pub use calls::ClientTls;
use files::Files;
pub use machine::machine_tls;

const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Certificates, as PEM files. Without `certificate` listeners speak plain HTTP. Section `[tls]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct TlsSettings {
    /// Our certificate and those between it and its authority. Shown to clients, and to the services we call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// Its private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// The authority of clients: with it, who has no certificate of theirs is not served (mutual TLS).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ca: Option<PathBuf>,
    /// The authority of the services we call. Without it the machine's own authorities are asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// How often the files are looked at again.
    pub reload: Duration,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            certificate: None,
            key: None,
            client_ca: None,
            ca: None,
            reload: Duration::from_secs(60),
        }
    }
}

/// Certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read, or is not what it should be.
    #[error("tls.{key} {file}: {reason}")]
    File {
        /// The setting.
        key: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Settings that need each other.
    #[error("{0}")]
    Settings(&'static str),
    /// What the library says of certificate and key together.
    #[error("tls: {0}")]
    Refused(String),
}

impl Coded for TlsError {
    fn code(&self) -> Code {
        Code::Invalid
    }
}

/// What the files say now. Cheap to clone; clones change together.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    settings: TlsSettings,
    files: ArcSwap<Files>,
    server: Option<ServerTls>,
    client: Option<ClientTls>,
}

/// A listener's side: connections accepted from now on get the newest certificate. Cheap to clone.
#[derive(Clone)]
pub struct ServerTls(Arc<ArcSwap<ServerConfig>>);

impl Tls {
    /// Reads the files.
    pub fn open(settings: &TlsSettings) -> Result<Self, TlsError> {
        if settings.certificate.is_some() != settings.key.is_some() {
            return Err(TlsError::Settings(
                "tls.certificate and tls.key are given together or not at all",
            ));
        }
        if settings.client_ca.is_some() && settings.certificate.is_none() {
            return Err(TlsError::Settings("tls.client-ca needs tls.certificate and tls.key"));
        }
        if settings.reload.is_zero() {
            return Err(TlsError::Settings("tls.reload must be longer than nothing"));
        }
        let files = Files::read(settings)?;
        let server = server(&files)?.map(|config| ServerTls(Arc::new(ArcSwap::new(config))));
        let client = ClientTls::new(&files)?;
        Ok(Self(Arc::new(Inner {
            settings: settings.clone(),
            files: ArcSwap::from_pointee(files),
            server,
            client,
        })))
    }

    /// What a listener needs; nothing where it speaks plain HTTP.
    pub fn server(&self) -> Option<ServerTls> {
        self.0.server.clone()
    }

    /// What calls to our own services need; nothing where the machine's own authorities are asked.
    pub fn client(&self) -> Option<ClientTls> {
        self.0.client.clone()
    }

    /// Whether there is anything to read again.
    pub fn is_used(&self) -> bool {
        self.0.server.is_some() || self.0.client.is_some()
    }

    /// Looks at the files again; true where they have changed and are used now. Open connections stay as they are.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let files = Files::read(&self.0.settings)?;
        if files == **self.0.files.load() {
            return Ok(false);
        }
        // Both are made before either is used: a half-written pair changes nothing.
        let config = server(&files)?;
        if let Some(client) = &self.0.client {
            client.replace(&files)?;
        }
        if let (Some(server), Some(config)) = (&self.0.server, config) {
            server.0.store(config);
        }
        self.0.files.store(Arc::new(files));
        Ok(true)
    }

    /// Looks at the files again and again until told to stop. Files that cannot be used are said once, and what was
    /// there stays.
    pub async fn keep(self, stop: CancellationToken) {
        let mut is_told = false;
        loop {
            tokio::select! {
                () = tokio::time::sleep(*self.0.settings.reload) => {}
                () = stop.cancelled() => return,
            }
            match self.reload() {
                Ok(is_new) => {
                    if is_new {
                        tracing::info!("certificates were read again");
                    }
                    is_told = false;
                }
                Err(error) if !is_told => {
                    tracing::error!(%error, "new certificates cannot be used; the old ones stay");
                    is_told = true;
                }
                Err(_) => {}
            }
        }
    }
}

impl ServerTls {
    /// Ready to shake hands with the newest certificate.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.load_full())
    }
}

fn server(files: &Files) -> Result<Option<Arc<ServerConfig>>, TlsError> {
    let Some((chain, key)) = files.identity()? else {
        return Ok(None);
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(refused)?;
    let builder = match files.client_roots()? {
        None => builder.with_no_client_auth(),
        Some(roots) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().map_err(refused)?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(refused)?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    Ok(Some(Arc::new(config)))
}

fn refused(error: impl ToString) -> TlsError {
    TlsError::Refused(error.to_string())
}
