//! Signing in by an OpenID provider: the browser is sent there and comes back with a code.
//!
//! What comes back is taken only from the browser that was sent (a cookie), once (the state), for the provider it was
//! sent to, with a code that only we can use (PKCE) and a token made for this very sign-in (the nonce).

mod fetch;
mod provider;

use openidconnect::{
    AuthorizationCode, CsrfToken, EndUserName, LocalizedClaim, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RequestTokenError, Scope, TokenResponse,
    core::{CoreAuthenticationFlow, CoreUserInfoClaims},
};
use platform_config::Secret;
use platform_crypto::{base64url, equal, from_base64url, sha256};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    caller::Caller,
    challenge::{self, Kind},
    client::Client,
    error::{Error, Result},
    identity::{self, Claimed},
    session::{self, Mode},
    sign_in::{self, Factor, Outcome},
    store::Auth,
    throttle,
};

use provider::Known;
pub(crate) use provider::Providers;

/// The longest place to go back to.
const LONGEST_PLACE: usize = 2_000;
/// Where the browser goes afterwards unless somebody says so.
pub(crate) const HOME: &str = "/auth/page";

/// Where somebody is sent.
#[derive(Clone, Debug)]
pub(crate) struct Departure {
    /// The provider's page.
    pub url: String,
    /// What the browser keeps, so that nobody else can come back in its place.
    pub binding: Secret<String>,
}

/// What a trip is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Purpose {
    /// How the tokens are to travel.
    pub mode: Mode,
    /// Where on this site the browser goes afterwards.
    pub return_to: String,
    /// The account that is to be tied to the identity, and the session that asked for it.
    pub tie: Option<(Uuid, Uuid)>,
}

/// What a trip led to.
#[derive(Clone, Debug)]
pub(crate) enum Arrival {
    /// Somebody signs in.
    SignIn(Outcome),
    /// The identity is tied to the account of who was signed in.
    Tied,
}

/// What is kept while somebody is away.
#[derive(Serialize, Deserialize)]
struct Trip {
    provider: String,
    nonce: String,
    verifier: String,
    binding: String,
    purpose: Purpose,
}

/// What the provider sends back.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Return {
    /// The code for the tokens.
    code: Option<String>,
    /// The state that was sent.
    state: Option<String>,
    /// Why there is no code.
    error: Option<String>,
    /// The issuer, where the provider says it (RFC 9207).
    iss: Option<String>,
}

/// Where the browser goes afterwards: a path of this site, and nothing that a browser could take for another one.
pub(crate) fn place(text: Option<&str>) -> Result<String> {
    let text = text.unwrap_or(HOME);
    let is_path = text.starts_with('/') && !text.starts_with("//") && text.len() <= LONGEST_PLACE;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let base = "https://here.invalid".parse::<openidconnect::url::Url>().ok();
    let is_here = base.is_some_and(|base| base.join(text).is_ok_and(|url| url.origin() == base.origin()));
    match is_path && is_plain && is_here {
        true => Ok(text.to_owned()),
        false => Err(Error::field("returnTo", "must be a path of this site such as /charts")),
    }
}

/// Sends somebody to a provider. A browser that is on its way there in another tab keeps what it is known by, so that
/// it comes back from both.
pub(crate) async fn depart(
    auth: &Auth,
    name: &str,
    (purpose, binding): (Purpose, Option<&str>),
    client: &Client,
) -> Result<Departure> {
    let known = auth.providers.get(name)?;
    let random = auth.context.random();
    let secret = || base64url(&random.bytes::<32>());
    let (nonce, verifier) = (secret(), secret());
    let is_ours = |binding: &&str| from_base64url(binding).is_some_and(|bytes| bytes.len() == 32);
    let binding = binding.filter(is_ours).map_or_else(secret, str::to_owned);
    let trip = Trip {
        provider: name.to_owned(),
        nonce: nonce.clone(),
        verifier: verifier.clone(),
        binding: base64url(&sha256(binding.as_bytes())),
        purpose,
    };
    let tx = auth.db.begin().await?;
    throttle::questions(auth, &tx, client).await?;
    let account = trip.purpose.tie.map(|(account, _)| account);
    let (state, _) = challenge::begin(auth, &tx, (Kind::Provider, account), &trip).await?;
    let state = CsrfToken::new(state.expose().clone());
    tx.commit().await?;
    // Asked only once the request is counted: a provider that is slow to answer holds up whoever waits for it.
    let metadata = known.metadata(auth.now()).await?;
    let client = known.client(auth, &metadata)?;
    let pkce = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier));
    let (url, ..) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || state,
            move || Nonce::new(nonce),
        )
        .add_scopes(known.scopes().map(Scope::new))
        .set_pkce_challenge(pkce)
        .url();
    Ok(Departure {
        url: url.into(),
        binding: Secret::new(binding),
    })
}

/// Takes somebody back: signs them in, or ties the identity to the account they left from.
pub(crate) async fn arrive(
    auth: &Auth,
    name: &str,
    (back, binding): (Return, Option<&str>),
    client: &Client,
) -> Result<(Arrival, Purpose)> {
    let known = auth.providers.get(name)?;
    let trip = redeem(auth, name, back.state.as_deref(), binding).await?;
    let is_by_them = match (&back.error, &back.iss) {
        (Some(_), _) => false,
        (None, Some(iss)) => iss == known.issuer(),
        (None, None) => !known.metadata(auth.now()).await?.additional_metadata().names_itself,
    };
    if !is_by_them {
        return Err(Error::Provider("the provider did not sign you in; begin again"));
    }
    let code = back
        .code
        .ok_or(Error::Provider("the provider sent no code; begin again"))?;
    let claimed = known.claimed(auth, code, &trip).await?;
    let tx = auth.db.begin().await?;
    let tied = trip.purpose.tie.map(|(account, _)| account);
    let (account, untied) = identity::resolve(auth, &tx, claimed, tied).await?;
    // Looked at now that the account is held: the session may have ended while its owner was away, and the proof be old.
    if let Some((_, session)) = trip.purpose.tie {
        let session = session::live(&tx, session, auth.now()).await?;
        let account = account.clone();
        Caller { account, session }.is_confirmed(auth)?;
    }
    let arrival = match (tied, untied) {
        (Some(_), untied) => {
            if let Some(identity) = untied {
                identity::tie(auth, &tx, &account, identity).await?;
            }
            Arrival::Tied
        }
        (None, untied) => {
            let by = (trip.purpose.mode, client);
            Arrival::SignIn(sign_in::go_on(auth, &tx, &account, Factor::Provider(untied), by).await?)
        }
    };
    tx.commit().await?;
    Ok((arrival, trip.purpose))
}

/// The trip that a state belongs to, for the browser that went on it.
async fn redeem(auth: &Auth, name: &str, state: Option<&str>, binding: Option<&str>) -> Result<Trip> {
    let (Some(state), Some(binding)) = (state, binding) else {
        return Err(Error::Provider("this browser did not begin the sign-in; begin again"));
    };
    let tx = auth.db.begin().await?;
    let challenge = challenge::take(auth, &tx, Kind::Provider, state).await?;
    tx.commit().await?;
    let trip: Trip = challenge.data()?;
    let sent = base64url(&sha256(binding.as_bytes()));
    match trip.provider == name && equal(sent.as_bytes(), trip.binding.as_bytes()) {
        true => Ok(trip),
        false => Err(Error::Provider("this browser did not begin the sign-in; begin again")),
    }
}

impl Known {
    /// What the provider says of somebody, for a code.
    async fn claimed(&self, auth: &Auth, code: String, trip: &Trip) -> Result<Claimed> {
        let now = auth.now();
        let metadata = self.metadata(now).await?;
        let client = self.client(auth, &metadata)?;
        let verifier = PkceCodeVerifier::new(trip.verifier.clone());
        let request = client.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(Error::internal)?.set_pkce_verifier(verifier);
        let answer = request.request_async(&self.http()).await;
        let answer = answer.map_err(|error| {
            tracing::info!(provider = %trip.provider, error = %provider::kind_of(&error), "a code was not exchanged");
            match error {
                RequestTokenError::Request(_) => Error::ProviderAway,
                _ => Error::Provider("the provider did not accept its own code; begin again"),
            }
        })?;
        let token = answer
            .id_token()
            .ok_or(Error::Provider("the provider sent no identity; begin again"))?;
        let nonce = Nonce::new(trip.nonce.clone());
        let claims = match token.claims(&self.verifier(&client, now), &nonce) {
            Ok(claims) => Ok(claims.clone()),
            Err(error) => {
                // The provider may have new keys since its description was read.
                tracing::info!(provider = %trip.provider, %error, "an identity was not believed");
                let metadata = self.anew(now).await?;
                let client = self.client(auth, &metadata)?;
                token.claims(&self.verifier(&client, now), &nonce).cloned()
            }
        };
        let claims = claims.map_err(|_| Error::Provider("the provider's word cannot be verified; begin again"))?;
        let mut claimed = Claimed {
            provider: trip.provider.clone(),
            subject: claims.subject().as_str().to_owned(),
            email: claims.email().map(|email| email.as_str().to_owned()),
            is_verified: claims.email_verified() == Some(true),
            name: plain(claims.name()),
        };
        // With a code, a provider that goes by the book says nothing but who it is in the token (OpenID Connect 5.4).
        let of_whom = Some(claims.subject().clone());
        if claimed.email.is_none()
            && let Ok(asked) = client.user_info(answer.access_token().clone(), of_whom)
        {
            let told: Result<CoreUserInfoClaims, _> = asked.request_async(&self.http()).await;
            match told {
                Ok(told) => {
                    claimed.email = told.email().map(|email| email.as_str().to_owned());
                    claimed.is_verified = told.email_verified() == Some(true);
                    claimed.name = plain(told.name()).or(claimed.name);
                }
                Err(_) => tracing::info!(provider = %trip.provider, "a provider did not say more of somebody"),
            }
        }
        Ok(claimed)
    }
}

fn plain(name: Option<&LocalizedClaim<EndUserName>>) -> Option<String> {
    Some(name?.get(None)?.as_str().to_owned())
}
