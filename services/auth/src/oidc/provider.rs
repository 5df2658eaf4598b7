//! A provider: its description and keys, read from where its issuer is.

use std::{collections::BTreeMap, error::Error as _, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AdditionalProviderMetadata, AuthType, ClientId, ClientSecret, DiscoveryError, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, ProviderMetadata, RedirectUrl,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod, CoreGrantType,
        CoreIdTokenVerifier, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
        CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::fetch::Fetch;
use crate::{
    error::{Error, Result},
    settings::{Provider, Settings},
    store::Auth,
};

/// How long a description is believed.
const FRESH: TimeDelta = TimeDelta::hours(1);
/// The shortest time between two readings, however many identities are not believed, and however often it fails.
const FLOOR: TimeDelta = TimeDelta::seconds(30);
/// Signatures that are believed: none with a shared secret, and never none.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::EdDsa,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
];

/// Stands for all mail domains.
const ALL: &str = "*";

/// All providers, by the name that stands in addresses.
pub(crate) struct Providers(BTreeMap<String, Known>);

/// A provider that is known.
pub(super) struct Known {
    settings: Provider,
    name: String,
    issuer: IssuerUrl,
    http: Fetch,
    read: Mutex<Read>,
}

/// What a provider says of itself.
pub(super) type Description = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What RFC 9207 adds to that.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct More {
    /// Whether each of its answers names it: one that does not is somebody else's.
    #[serde(default, rename = "authorization_response_iss_parameter_supported")]
    pub(super) names_itself: bool,
}

impl AdditionalProviderMetadata for More {}

/// What was read of a provider.
#[derive(Default)]
struct Read {
    /// The newest description, and when it was read.
    found: Option<(Arc<Description>, DateTime<Utc>)>,
    /// When it was tried last, in vain too.
    tried_at: Option<DateTime<Utc>>,
}

pub(super) type Relying =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

impl Providers {
    pub(crate) fn open(settings: &Settings) -> Result<Self> {
        let known = settings.providers.iter().map(|(name, provider)| {
            let issuer = IssuerUrl::new(provider.issuer.clone());
            let issuer = issuer.map_err(|_| Error::Setting("auth.providers: the issuer must be an address"))?;
            if !provider.private && issuer.url().scheme() != "https" {
                return Err(Error::Setting("auth.providers: the issuer must have https"));
            }
            let is_domain = |domain: &String| {
                let mut bytes = domain.bytes();
                domain == ALL || (!domain.is_empty() && bytes.all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)))
            };
            if !provider.trusted_domains.iter().all(is_domain) {
                return Err(Error::Setting(
                    "auth.providers: trusted-domains must be mail domains such as example.com, or * for all",
                ));
            }
            let known = Known {
                http: Fetch::new(issuer.url().clone(), provider)?,
                settings: provider.clone(),
                name: name.clone(),
                issuer,
                read: Mutex::default(),
            };
            Ok((name.clone(), known))
        });
        known.collect::<Result<_>>().map(Self)
    }

    pub(super) fn get(&self, name: &str) -> Result<&Known> {
        self.0.get(name).ok_or(Error::NoSuch("provider"))
    }

    /// Whether a provider's word is taken for a mail address that it says it has verified.
    pub(crate) fn is_trusted_for(&self, name: &str, email: &str) -> bool {
        let domain = email.rsplit('@').next().unwrap_or_default();
        let is_meant = |trusted: &String| trusted == ALL || trusted.eq_ignore_ascii_case(domain);
        let known = self.0.get(name);
        known.is_some_and(|known| known.settings.trusted_domains.iter().any(is_meant))
    }

    /// The providers for people: names for addresses, and names to read.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.values().map(|known| match known.settings.name.as_str() {
            "" => (known.name.as_str(), known.name.as_str()),
            name => (known.name.as_str(), name),
        })
    }
}

impl Known {
    pub(super) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    pub(super) fn scopes(&self) -> impl Iterator<Item = String> {
        let asked = match self.settings.scopes.is_empty() {
            true => vec!["email".to_owned(), "profile".to_owned()],
            false => self.settings.scopes.clone(),
        };
        asked.into_iter()
    }

    pub(super) fn http(&self) -> Fetch {
        self.http.clone()
    }

    /// The provider's description with its keys.
    pub(super) async fn metadata(&self, now: DateTime<Utc>) -> Result<Arc<Description>> {
        self.read_before(now - FRESH, now).await
    }

    /// The description, read anew unless that was done a moment ago.
    pub(super) async fn anew(&self, now: DateTime<Utc>) -> Result<Arc<Description>> {
        self.read_before(now - FLOOR, now).await
    }

    async fn read_before(&self, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<Arc<Description>> {
        // Whoever else needs it waits here and finds it, or that it was not to be had a moment ago.
        let mut read = self.read.lock().await;
        let is_fresh = read.found.as_ref().is_some_and(|(_, at)| *at > before);
        if !is_fresh && read.tried_at.is_none_or(|at| at <= now - FLOOR) {
            let found = Description::discover_async(self.issuer.clone(), &self.http).await;
            let found = found.and_then(|found| match self.http.is_page(found.authorization_endpoint().url()) {
                true => Ok(found),
                false => Err(DiscoveryError::Validation("it sends people to what is no page".into())),
            });
            read.tried_at = Some(now);
            match found {
                Ok(metadata) => read.found = Some((Arc::new(metadata), now)),
                Err(error) => {
                    let cause = error.source().map(ToString::to_string);
                    tracing::warn!(provider = self.name, %error, cause, "a provider's description cannot be read");
                }
            }
        }
        let found = read.found.as_ref().map(|(metadata, _)| metadata.clone());
        found.ok_or(Error::ProviderAway)
    }

    pub(super) fn client(&self, auth: &Auth, metadata: &Description) -> Result<Relying> {
        let back = format!("{}/auth/oidc/{}/callback", auth.settings.public_url, self.name);
        let secret = self.settings.client_secret.as_ref();
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(self.settings.client_id.clone()),
            secret.map(|secret| ClientSecret::new(secret.expose().clone())),
        );
        let ways = metadata.token_endpoint_auth_methods_supported();
        let takes = |way| ways.is_some_and(|ways| ways.contains(&way));
        let is_basic = takes(CoreClientAuthMethod::ClientSecretBasic) || !takes(CoreClientAuthMethod::ClientSecretPost);
        let way = if is_basic {
            AuthType::BasicAuth
        } else {
            AuthType::RequestBody
        };
        let client = client.set_auth_type(way);
        Ok(client.set_redirect_uri(RedirectUrl::new(back).map_err(Error::internal)?))
    }

    pub(super) fn verifier<'a>(&self, client: &'a Relying, now: DateTime<Utc>) -> CoreIdTokenVerifier<'a> {
        client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || now)
    }
}
