//! Signing in by an OpenID provider: the browser is sent there and comes back with a code.
//!
//! What comes back is taken only from the browser that was sent (a cookie), once (the state), for the provider it was
//! sent to, with a code that only we can use (PKCE) and a token made for this very sign-in (the nonce).

mod fetch;
mod provider;
mod word;

use openidconnect::{CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, Scope, core::CoreAuthenticationFlow};
use platform_config::Secret;
use platform_crypto::{base64url, equal, from_base64url, sha256};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    caller::Caller,
    challenge::{self, Kind},
    client::Client,
    error::{Error, Result},
    identity,
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

/// Somebody who is not let in on the way back.
#[derive(Debug)]
pub(crate) struct Astray {
    /// Why.
    pub error: Error,
    /// The place on this site that they wanted to go to, where it is known that they are who left for it.
    pub place: Option<String>,
}

impl From<Error> for Astray {
    fn from(error: Error) -> Self {
        Self { error, place: None }
    }
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
) -> Result<(Arrival, Purpose), Astray> {
    let known = auth.providers.get(name)?;
    let trip = redeem(auth, name, back.state.as_deref(), binding).await?;
    match received(auth, (known, &trip), back, client).await {
        Ok(arrival) => Ok((arrival, trip.purpose)),
        Err(error) => Err(Astray {
            error,
            place: Some(trip.purpose.return_to),
        }),
    }
}

async fn received(auth: &Auth, (known, trip): (&Known, &Trip), back: Return, client: &Client) -> Result<Arrival> {
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
    let claimed = known.claimed(auth, code, trip).await?;
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
    Ok(arrival)
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
