//! The calling side towards others: they are verified by the machine's own authorities.

use rustls::{ClientConfig, crypto::aws_lc_rs::default_provider};
use rustls_platform_verifier::BuilderVerifierExt;

use super::{TlsError, refused};

/// The library's settings for calls that [`crate::Client`] cannot make, to others than our own services, by one of these
/// protocols. It verifies as the client does. The authorities are read from files, so it is made once for many calls.
pub fn machine_tls(protocols: &[&[u8]]) -> Result<ClientConfig, TlsError> {
    let mut config = ClientConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(refused)?
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}
