//! Access tokens: short-lived, signed by the key of the day; and what somebody gets who signed in.

use chrono::{DateTime, Utc};
use platform_auth::{Claims, Kind, wire};
use platform_config::Secret;
use platform_crypto::{base64url, equal};
use platform_database::orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    account, api_key,
    error::{Error, Result},
    session,
    settings::span,
    signing_key,
    store::Auth,
};

/// The purpose of tags that are CSRF tokens.
const CSRF: &str = "auth.csrf";

/// A signed token.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// Its text.
    pub text: Secret<String>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

/// A refresh token.
#[derive(Clone, Debug)]
pub(crate) struct Refresh {
    /// Its text.
    pub text: Secret<String>,
    /// When it expires unless it is used.
    pub expires_at: DateTime<Utc>,
}

/// What somebody gets who signed in.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// The session.
    pub session: session::Model,
    /// For requests.
    pub access: Access,
    /// For new tokens.
    pub refresh: Refresh,
    /// What this browser or program will be known by, where it was not known.
    pub device: Option<Secret<String>>,
    /// The workspace that the session acts in no more, because its person does not belong to it.
    pub lost: Option<Uuid>,
}

/// A token for a session's owner.
pub(crate) async fn access(auth: &Auth, db: &impl ConnectionTrait, session: &session::Model) -> Result<Access> {
    let issue = Issue {
        subject: session.account_id.to_string(),
        kind: Kind::User,
        session: Some(session.id),
        scopes: String::new(),
        audience: auth.names.audience.clone(),
        workspace: session.workspace,
        until: session.expires_at,
    };
    sign(auth, db, issue).await
}

/// A token for whoever holds an API key.
pub(crate) async fn of_key(auth: &Auth, text: &str) -> Result<wire::Token> {
    let key = api_key::used(auth, text).await?;
    let account = account::find(auth.db.read(), key.account_id).await?;
    let account = account.filter(|account| account.suspended_at.is_none());
    let account = account.ok_or(Error::NoSuch("key"))?;
    // What keys may be made for may have been more when it was made.
    let scopes = key.scopes.split_whitespace();
    let scopes: Vec<_> = scopes.filter(|scope| auth.settings.is_key_scope(scope)).collect();
    let issue = Issue {
        subject: account.id.to_string(),
        kind: Kind::Key,
        session: Some(key.id),
        scopes: scopes.join(" "),
        audience: auth.names.audience.clone(),
        workspace: None,
        until: key.expires_at.unwrap_or(DateTime::<Utc>::MAX_UTC),
    };
    Ok(sign(auth, auth.db.read(), issue).await?.into())
}

/// A token for a service that calls another one.
pub(crate) async fn of_service(auth: &Auth, name: &str, audience: &str) -> Result<wire::Token> {
    let is_name =
        |name: &str| (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    // What everybody believes must not be had by one service for all others.
    if !is_name(audience) || *audience == auth.names.audience {
        return Err(Error::field("audience", "must be the name of one service"));
    }
    let issue = Issue {
        subject: name.to_owned(),
        kind: Kind::Service,
        session: None,
        scopes: String::new(),
        audience: audience.to_owned(),
        workspace: None,
        until: DateTime::<Utc>::MAX_UTC,
    };
    Ok(sign(auth, auth.db.read(), issue).await?.into())
}

struct Issue {
    subject: String,
    kind: Kind,
    session: Option<Uuid>,
    scopes: String,
    audience: String,
    workspace: Option<Uuid>,
    /// The token does not outlive this.
    until: DateTime<Utc>,
}

async fn sign(auth: &Auth, db: &impl ConnectionTrait, issue: Issue) -> Result<Access> {
    let now = auth.now();
    let expires_at = issue.until.min(now + span(auth.settings.access_lifetime));
    let claims = Claims {
        iss: auth.names.issuer.clone(),
        sub: issue.subject,
        aud: issue.audience,
        exp: expires_at.timestamp(),
        iat: now.timestamp(),
        jti: auth.context.ids().v4(),
        sid: issue.session,
        scope: issue.scopes,
        email_verified: issue.kind == Kind::User,
        kind: issue.kind,
        workspace: issue.workspace,
    };
    let key = signing_key::current(auth, db).await?;
    let text = Secret::new(platform_auth::issue(&key, &claims));
    Ok(Access { text, expires_at })
}

impl From<Access> for wire::Token {
    fn from(access: Access) -> Self {
        Self {
            token: access.text.expose().clone(),
            expires_at: access.expires_at.timestamp(),
        }
    }
}

/// The CSRF token of a session: bound to it by a key of ours, so that nobody can plant one of their own.
pub(crate) fn csrf(auth: &Auth, session: Uuid) -> String {
    base64url(&auth.ring.tag(CSRF, session.as_bytes()))
}

/// Whether a CSRF token belongs to a session.
pub(crate) fn is_csrf(auth: &Auth, session: Uuid, text: &str) -> bool {
    let tags = auth.ring.tags(CSRF, session.as_bytes());
    tags.iter().any(|tag| equal(base64url(tag).as_bytes(), text.as_bytes()))
}
