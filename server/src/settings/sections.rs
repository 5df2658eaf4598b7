//! Every section of the settings that there is.

use financial_data::settings::LakeSettings;
use platform_config::Config;
use platform_service::Service;
use serde::{Deserialize, Serialize};

use crate::{
    failure::{Failure, Result},
    serve::SERVICE,
    services,
};

/// What the embedded log of events is called among the databases.
pub(crate) const LOG: &str = "events";

/// The port of a service, as the host reads it.
#[derive(Serialize, Deserialize)]
pub(super) struct Port<const USUAL: u16> {
    #[serde(default = "usual_port::<USUAL>")]
    pub(super) port: u16,
}

fn usual_port<const USUAL: u16>() -> u16 {
    USUAL
}

/// Reads every section there is, so that they can be shown, and refuses what no module knows.
pub(crate) fn read_all(config: &Config) -> Result<()> {
    config.section::<platform_service::HostSettings>("host")?;
    config.section::<platform_http::Limits>("http")?;
    config.section::<platform_http::ServeSettings>("connections")?;
    config.section::<platform_graphql::Settings>("graphql")?;
    config.section::<platform_telemetry::Settings>("telemetry")?;
    config.section::<platform_service::PeerSettings>("peers")?;
    config.section::<federation_gateway::StitchSettings>("stitch")?;
    config.section::<platform_cache::Settings>("cache")?;
    config.part::<Port<8002>>(crate::gateway::GATEWAY)?;
    config.section::<federation_gateway::Settings>(crate::gateway::GATEWAY)?;
    config.part::<Port<8001>>(SERVICE)?;
    config.section::<financial_data::settings::Settings>(SERVICE)?;
    config.section::<LakeSettings>("lake")?;
    read_identity(config)?;
    Ok(config.refuse_unread()?)
}

/// The sections of people's services and of what they stand on.
fn read_identity(config: &Config) -> Result<()> {
    let database: platform_database::Settings = config.section("database")?;
    refuse_strangers(database.services.0.keys())?;
    config.section::<platform_events::Settings>("events")?;
    config.section::<platform_jobs::Settings>("jobs")?;
    config.section::<platform_http::TlsSettings>("tls")?;
    config.section::<platform_crypto::KeySettings>("keys")?;
    config.section::<platform_crypto::PasswordSettings>("passwords")?;
    config.section::<platform_auth::IdentitySettings>("identity")?;
    config.section::<auth::settings::MailSettings>("mail")?;
    config.part::<Port<8081>>("auth")?;
    config.section::<auth::settings::Settings>("auth")?;
    config.part::<Port<8082>>("security")?;
    config.section::<security::settings::Settings>("security")?;
    config.part::<Port<8083>>("users")?;
    Ok(())
}

/// A database for a service that there is not would be of no use to the one that was meant.
fn refuse_strangers<'a>(mut named: impl Iterator<Item = &'a String>) -> Result<()> {
    let services = services::all();
    let known: Vec<_> = services.iter().map(Service::name).chain([LOG]).collect();
    let Some(stranger) = named.find(|name| !known.contains(&name.as_str())) else {
        return Ok(());
    };
    let hint = format!("there are {}", known.join(", "));
    Err(Failure::new(format!(
        "setting database.services.{stranger}: there is no service of this name"
    ))
    .with_hint(hint))
}
