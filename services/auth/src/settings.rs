//! Settings of the service: how long things last, who else may say who somebody is, and how mail leaves.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use contracts::permissions::is_permission;
use platform_config::{Duration, Secret};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    input,
};

const DAY: u64 = 24 * 3600;
/// The longest that access tokens may be set to live.
pub(crate) const LONGEST_ACCESS: TimeDelta = TimeDelta::hours(1);
/// What is no permission and opens at `users` what is the owner's own.
const OWN: [&str; 2] = ["users:read", "users:write"];

/// Section `[auth]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
    /// Where people reach this service. With `https` cookies are sent over TLS alone.
    pub public_url: String,
    /// The page that links in mails open; what the link carries stands behind its `#`. Empty is this service's own.
    pub page: String,
    /// The name of the site, as mails and authenticators show it.
    pub site_name: String,
    /// Whether strangers may register.
    pub registration: bool,
    /// How long an access token is valid.
    pub access_lifetime: Duration,
    /// How long a session lasts that nobody uses.
    pub idle_lifetime: Duration,
    /// How long a session lasts at most.
    pub session_lifetime: Duration,
    /// For so long a used refresh token still gives its successor, because two tabs may ask at once.
    pub refresh_grace: Duration,
    /// How recently somebody must have shown who they are to change how they sign in.
    pub confirmed_within: Duration,
    /// How long the link of a registration can be followed.
    pub registration_lifetime: Duration,
    /// How long other links in mails can be followed.
    pub link_lifetime: Duration,
    /// How long a sign-in may take that has several steps.
    pub step_lifetime: Duration,
    /// How long a browser or program that signed in once is known.
    pub device_lifetime: Duration,
    /// How often the key that signs tokens changes.
    pub key_rotation: Duration,
    /// The longest pause that failures from elsewhere cost somebody on a device that is not known.
    pub longest_pause: Duration,
    /// The most live sessions of one account; the oldest end.
    pub sessions: u64,
    /// The most API keys of one account.
    pub api_keys: u64,
    /// What API keys may be made for beside permissions, such as the scopes of a subgraph's `@requiresScopes`. Whoever has
    /// an account may make keys for it.
    pub key_scopes: Vec<String>,
    /// The most passkeys of one account.
    pub passkeys: u64,
    /// Others who say who somebody is, by the name that stands in the address of the sign-in.
    pub providers: BTreeMap<String, Provider>,
}

/// An OpenID provider. Section `[auth.providers.NAME]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Provider {
    /// Its name for people.
    pub name: String,
    /// Its issuer, below which its description is found.
    pub issuer: String,
    /// Our id there.
    pub client_id: String,
    /// Our secret there; a public client has none.
    pub client_secret: Option<Secret<String>>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The mail domains that its word is taken for: `example.com`, or `*` for all. Whoever has an address of another one
    /// signs in by it only once they have added it to their account.
    pub trusted_domains: Vec<String>,
    /// Whether the issuer itself may have a private address or speak without TLS. What it names elsewhere may not.
    pub private: bool,
}

/// Section `[mail]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct MailSettings {
    /// `smtps://user:password@host:465` or `smtp://host:587?tls=required`. Empty writes mails into the data directory.
    pub smtp: Secret<String>,
    /// Whom mails come from.
    pub from: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://localhost:8081".into(),
            page: String::new(),
            site_name: "Hansa".into(),
            registration: true,
            access_lifetime: Duration::from_secs(5 * 60),
            idle_lifetime: Duration::from_secs(30 * DAY),
            session_lifetime: Duration::from_secs(180 * DAY),
            refresh_grace: Duration::from_secs(10),
            confirmed_within: Duration::from_secs(15 * 60),
            registration_lifetime: Duration::from_secs(DAY),
            link_lifetime: Duration::from_secs(3600),
            step_lifetime: Duration::from_secs(10 * 60),
            device_lifetime: Duration::from_secs(365 * DAY),
            key_rotation: Duration::from_secs(30 * DAY),
            longest_pause: Duration::from_secs(3),
            sessions: 100,
            api_keys: 50,
            key_scopes: Vec::new(),
            passkeys: 20,
            providers: BTreeMap::new(),
        }
    }
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            smtp: Secret::default(),
            from: "Hansa <hansa@localhost>".into(),
        }
    }
}

impl Settings {
    /// Refuses what would make the service unsafe or useless.
    pub(crate) fn checked(mut self) -> Result<Self> {
        self.public_url.truncate(self.public_url.trim_end_matches('/').len());
        let is_web = |url: &str| url.starts_with("https://") || url.starts_with("http://");
        if !is_web(&self.public_url) {
            return Err(Error::Setting(
                "auth.public-url must be an address such as https://auth.example.com",
            ));
        }
        if self.page.is_empty() {
            self.page = format!("{}/auth/page", self.public_url);
        }
        let lifetimes = TimeDelta::minutes(1)..=LONGEST_ACCESS;
        if !lifetimes.contains(&span(self.access_lifetime)) {
            return Err(Error::Setting(
                "auth.access-lifetime must be between a minute and an hour",
            ));
        }
        if self.key_rotation.as_secs() < 2 * self.access_lifetime.as_secs() {
            return Err(Error::Setting(
                "auth.key-rotation must be at least twice auth.access-lifetime",
            ));
        }
        if !self.key_scopes.iter().all(|scope| input::is_word(scope)) {
            return Err(Error::Setting("auth.key-scopes must be words such as shop:read"));
        }
        Ok(self)
    }

    /// Whether an API key may be made for a scope, and does something by it: people name the scopes of their keys
    /// themselves, so that each must be one whose holder is asked further, or one that the operator gives everybody.
    pub(crate) fn is_key_scope(&self, scope: &str) -> bool {
        OWN.contains(&scope) || is_permission(scope) || self.key_scopes.iter().any(|one| one == scope)
    }

    /// Whether people reach the service over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// A length of time that dates can be moved by.
pub(crate) fn span(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration.0).unwrap_or(TimeDelta::MAX)
}
