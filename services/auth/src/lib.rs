//! Who people, programs and services are: accounts, ways to sign in, sessions, keys and the tokens that prove it.

pub mod account;
pub mod administration;
mod api_key;
pub mod caller;
mod challenge;
mod client;
mod cookie;
mod device;
pub mod error;
mod events;
mod graphql;
mod identity;
mod input;
pub mod jobs;
mod letters;
mod mail;
mod mail_change;
mod oidc;
mod passkey;
mod password;
mod recovery;
mod refresh;
mod registration;
mod rest;
pub mod revocation;
pub mod sealed;
pub mod seed;
pub mod session;
pub mod settings;
mod sign_in;
pub mod signing_key;
mod standing;
pub mod store;
mod throttle;
mod token;
pub mod totp;
mod workspace;

use platform_events::{Consumers, WithEvents};
use platform_jobs::{WithJobs, Workers};
use platform_service::Service;

use jobs::{Forget, TendKeys};
use store::Auth;

/// The service: REST and GraphQL for people, the lists that other services ask for, and what is done beside requests.
pub fn service() -> Service {
    Service::new("auth", 8081)
        .open(Auth::open)
        .migrate(Auth::migrate)
        .graphql(graphql::schema)
        .rest(rest::router)
        .wrap(rest::protect)
        .events(Consumers::new().on("auth", events::export))
        .jobs(
            Workers::new()
                .on(jobs::mail)
                .on(jobs::tend_keys)
                .on(jobs::forget)
                .every("auth.keys", "*/10 * * * *", &TendKeys {})
                .every("auth.forget", "7 * * * *", &Forget {}),
        )
        .ready(Auth::ready)
        .close(Auth::close)
        .into()
}
