//! A server whose certificate is in files, the authority behind it, and clients that look at what is shown.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration as Time,
};

use axum::{Router, routing::get};
use platform_config::Duration;
use platform_http::{Listener, ServeSettings, Tls, TlsSettings, serve};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_util::sync::CancellationToken;

/// An authority that certifies keys for `localhost`.
pub(super) struct Authority {
    pub(super) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }

    /// A certificate and its key, as PEM.
    pub(super) fn certify(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    pub(super) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap())
            .unwrap();
        roots
    }
}

/// A server whose certificate is in files.
pub(super) struct Secured {
    folder: TempDir,
    pub(super) tls: Tls,
    pub(super) address: String,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Secured {
    pub(super) async fn start(authority: &Authority, is_mutual: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |file: &str| folder.path().join(file);
        write(&at("own"), &authority.certify());
        fs::write(at("ca.pem"), &authority.pem).unwrap();
        let settings = TlsSettings {
            certificate: Some(at("own.pem")),
            key: Some(at("own.key")),
            client_ca: is_mutual.then(|| at("ca.pem")),
            ca: Some(at("ca.pem")),
            reload: Duration::from_millis(20),
        };
        let tls = Tls::open(&settings).unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap().to_string();
        let listener = Listener {
            tls: tls.server(),
            ..Listener::from(tcp)
        };
        let stop = CancellationToken::new();
        let app = Router::new().route("/", get(async || "hello"));
        #[expect(clippy::disallowed_methods, reason = "the test awaits the task itself")]
        let task = tokio::spawn(serve(listener, app, ServeSettings::default(), stop.clone()));
        Self {
            folder,
            tls,
            address,
            stop,
            task,
        }
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

pub(super) fn write(stem: &Path, (certificate, key): &(String, String)) {
    fs::write(stem.with_extension("pem"), certificate).unwrap();
    fs::write(stem.with_extension("key"), key).unwrap();
}

pub(super) fn config(
    roots: RootCertStore,
    version: &'static SupportedProtocolVersion,
    identity: Option<(String, String)>,
) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(match identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    })
}

pub(super) async fn connect(address: &str, config: Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(config).connect(name, stream).await
}

/// Asks on an open connection, which stays open.
pub(super) async fn ask(stream: &mut TlsStream<TcpStream>) -> std::io::Result<String> {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    let mut told = Vec::new();
    let mut part = [0; 1024];
    while !told.ends_with(b"hello") {
        let read = timeout(Time::from_secs(20), stream.read(&mut part)).await??;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        told.extend_from_slice(&part[..read]);
    }
    Ok(String::from_utf8(told).unwrap())
}

pub(super) fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}
