//! The calling side: our services are verified by our authority, and see our certificate; both as the files say now.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        ResolvesClientCert, Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
    sign::CertifiedKey,
};

use super::{Files, TlsError, refused};

/// How calls to our own services are secured. Cheap to clone.
#[derive(Clone)]
pub struct ClientTls(Arc<Newest>);

/// What the files say now.
struct Newest {
    provider: Arc<CryptoProvider>,
    verifier: ArcSwap<WebPkiServerVerifier>,
    certificate: ArcSwap<Option<Arc<CertifiedKey>>>,
}

impl ClientTls {
    pub(super) fn new(files: &Files) -> Result<Option<Self>, TlsError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let Some((verifier, certificate)) = read(files, &provider)? else {
            return Ok(None);
        };
        Ok(Some(Self(Arc::new(Newest {
            provider,
            verifier: ArcSwap::new(verifier),
            certificate: ArcSwap::from_pointee(certificate),
        }))))
    }

    pub(super) fn replace(&self, files: &Files) -> Result<(), TlsError> {
        if let Some((verifier, certificate)) = read(files, &self.0.provider)? {
            self.0.verifier.store(verifier);
            self.0.certificate.store(Arc::new(certificate));
        }
        Ok(())
    }

    /// The library's settings, for connections that speak one of these protocols.
    pub fn config(&self, protocols: &[&[u8]]) -> Result<ClientConfig, TlsError> {
        let mut config = ClientConfig::builder_with_provider(self.0.provider.clone())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(refused)?
            .dangerous()
            .with_custom_certificate_verifier(self.0.clone())
            .with_client_cert_resolver(self.0.clone());
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        // A session that goes on where another ended shows no certificate: it would be believed though its authority is
        // not any more.
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

type Read = (Arc<WebPkiServerVerifier>, Option<Arc<CertifiedKey>>);

fn read(files: &Files, provider: &Arc<CryptoProvider>) -> Result<Option<Read>, TlsError> {
    let Some(roots) = files.roots()? else {
        return Ok(None);
    };
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let verifier = verifier.build().map_err(refused)?;
    let certificate = match files.identity()? {
        None => None,
        Some((chain, key)) => {
            let certified = CertifiedKey::from_der(chain, key, provider).map_err(refused)?;
            Some(Arc::new(certified))
        }
    };
    Ok(Some((verifier, certificate)))
}

impl fmt::Debug for Newest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Newest").finish_non_exhaustive()
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Verifies as the library does; only the authorities are looked up anew for each connection.
impl ServerCertVerifier for Newest {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verifier = self.verifier.load();
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .load()
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .load()
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.load().supported_verify_schemes()
    }
}

impl ResolvesClientCert for Newest {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Option::clone(&self.certificate.load())
    }

    fn has_certs(&self) -> bool {
        self.certificate.load().is_some()
    }
}
