//! What a provider says of somebody: exchanged for a code, verified, and within bounds.

use openidconnect::{
    AuthorizationCode, EndUserName, LocalizedClaim, Nonce, OAuth2TokenResponse, PkceCodeVerifier,
    RequestTokenError as Failed, SubjectIdentifier, TokenResponse,
    core::{CoreErrorResponseType as Refusal, CoreRequestTokenError, CoreUserInfoClaims},
};

use super::{Trip, fetch::NotFetched, provider::Known};
use crate::{
    error::{Error, Result},
    identity::Claimed,
    store::Auth,
};

/// The longest name that a provider has for somebody, in ASCII characters (OpenID Connect Core 2).
const LONGEST_SUBJECT: usize = 255;

impl Known {
    /// What the provider says of somebody, for a code.
    pub(super) async fn claimed(&self, auth: &Auth, code: String, trip: &Trip) -> Result<Claimed> {
        let now = auth.now();
        let metadata = self.metadata(now).await?;
        let client = self.client(auth, &metadata)?;
        let verifier = PkceCodeVerifier::new(trip.verifier.clone());
        let request = client.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(Error::internal)?.set_pkce_verifier(verifier);
        let answer = request.request_async(&self.http()).await;
        let answer = answer.map_err(|error| unexchanged(&trip.provider, &error))?;
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
        if !is_subject(claims.subject()) {
            return Err(Error::Provider(
                "the provider's name for you (sub) does not have 1 to 255 ASCII characters; tell those who run the provider",
            ));
        }
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

/// Why a code was not exchanged. Only a grant that is not valid is the code's fault: everything else lies between us and
/// the provider, so that it is for the operator, and no other code will do better. The provider's own text may have in it
/// what it was sent, which is not for the log.
fn unexchanged(provider: &str, error: &CoreRequestTokenError<NotFetched>) -> Error {
    let reason = match error {
        Failed::Request(reason) => {
            tracing::info!(provider, %reason, "a code was not exchanged");
            return Error::ProviderAway;
        }
        Failed::ServerResponse(answer) => match answer.error() {
            Refusal::InvalidGrant => {
                tracing::info!(provider, reason = "invalid_grant", "a code was not exchanged");
                return Error::Provider("the provider did not accept its own code; begin again");
            }
            Refusal::InvalidClient => "invalid_client: client-id or client-secret is not what the provider knows",
            Refusal::UnauthorizedClient => "unauthorized_client: the provider does not let client-id use codes",
            Refusal::InvalidRequest => "invalid_request",
            Refusal::InvalidScope => "invalid_scope",
            Refusal::UnsupportedGrantType => "unsupported_grant_type",
            Refusal::Extension(_) => "refused for a reason of its own",
        },
        Failed::Parse(..) | Failed::Other(_) => "not understood",
    };
    tracing::warn!(
        provider,
        reason,
        "nobody can sign in by a provider: it gives nothing for its codes"
    );
    Error::ProviderFails
}

/// Whether a provider may call somebody so. Control characters are left out, of which PostgreSQL does not keep the first.
fn is_subject(subject: &SubjectIdentifier) -> bool {
    let is_plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_control();
    (1..=LONGEST_SUBJECT).contains(&subject.len()) && subject.bytes().all(is_plain)
}

fn plain(name: Option<&LocalizedClaim<EndUserName>>) -> Option<String> {
    Some(name?.get(None)?.as_str().to_owned())
}
