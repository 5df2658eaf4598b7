//! `hansa up` for this machine and `hansa run` for production: the same services, other habits.

mod welcome;

use std::{net::IpAddr, path::PathBuf};

use auth::store::Auth;
use clap::Args;
use financial_data::store::Store;
use platform_crypto::KeySettings;
use platform_service::{CancellationToken, Clock, Host, PeerSettings, Running, interrupted};
use platform_telemetry::Format;

use crate::{
    demo,
    failure::Result,
    out, seed, services,
    settings::{self, Setup},
};

/// The service of the lake, and its section of the settings.
pub(crate) const SERVICE: &str = "financial-data";

/// What a command logs, and how, where the settings do not say.
type Usual = (String, Format);

pub(crate) const UP_EXAMPLES: &str = "\
Examples:
  hansa up --demo                        with real vintages to try things on
  hansa up --data /srv/series --port 9001
  hansa up --bind 0.0.0.0                reachable from other machines: mind the firewall
  MONOLITHIC_BACKEND_URL=http://127.0.0.1:8000/graphql hansa up
                                         joined with a GraphQL service that knows nothing of federation";

pub(crate) const RUN_EXAMPLES: &str = "\
Examples:
  hansa run --config /etc/hansa.toml
  HANSA_LAKE__WAREHOUSE=s3://bucket/lake HANSA_LAKE__CATALOG=postgres://… hansa run
  hansa config --set host.production=true > hansa.toml
                                         a file with every setting, to begin with

Before the first start: `hansa keys make` makes the key ring. After it: `hansa admin appoint MAIL` the administrator.";

const HOW_TO_ADMINISTRATE: &str = "\
Nobody administrates it yet: `hansa seed` makes accounts that do, or appoint your own with `hansa admin appoint MAIL`.
";

/// Arguments of `hansa up`.
#[derive(Args)]
pub(crate) struct UpArgs {
    /// Load real series with all their vintages; what is there already is left alone
    #[arg(long)]
    demo: bool,
    #[command(flatten)]
    listen: Listen,
}

/// Arguments of `hansa run`.
#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    listen: Listen,
}

#[derive(Args)]
struct Listen {
    /// Keep everything in this directory [default: hansa-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Put the financial data on this port; 0 takes any that is free [default: 8001]. Others: --set users.port=N
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Listen on this address [default: 127.0.0.1, which only this machine reaches]
    #[arg(long, value_name = "ADDR")]
    bind: Option<IpAddr>,
    /// Put the gateway on this port; 0 takes any that is free [default: 8002]
    #[arg(long, value_name = "N")]
    gateway_port: Option<u16>,
    /// Run no gateway: each service answers alone
    #[arg(long)]
    no_gateway: bool,
    /// Run only these services, for instance users,auth,security [default: all]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    only: Vec<String>,
    /// Use a service elsewhere instead of one here, for instance financial-data=https://data.example.com; may be
    /// repeated. A name of your own adds a subgraph
    #[arg(long, value_name = "NAME=URL", value_parser = peer)]
    with: Vec<(String, String)>,
}

fn peer(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, url)) if !name.is_empty() && url.contains("://") => Ok((name.into(), url.into())),
        _ => Err("expected NAME=URL, for instance financial-data=https://data.example.com".into()),
    }
}

impl Listen {
    fn settle(&self, setup: Setup) -> Setup {
        let setup = setup
            .with("host.data", self.data.as_ref().map(|data| data.display().to_string()))
            .with("host.bind", self.bind)
            .with("financial-data.port", self.port)
            .with("gateway.port", self.gateway_port);
        let with = |setup: Setup, (name, url): &(String, String)| setup.with(&format!("peers.{name}"), Some(url));
        self.with.iter().fold(setup, with)
    }
}

/// Serves on this machine until it is interrupted.
pub(crate) async fn up(args: UpArgs, setup: Setup) -> Result<()> {
    let usual = ("warn".into(), Format::Text);
    let running = start(&args.listen, setup, (usual, CancellationToken::new())).await?;
    let said = match greet(&running, &args).await {
        Ok(said) => said,
        Err(error) => {
            running.stop().await;
            return Err(error);
        }
    };
    let interrupt = interrupted();
    out::write(said + "\nCtrl-C stops it.\n")?;
    until(interrupt, running).await;
    out::write("stopped\n")
}

/// Loads the demo where it is wanted, and says what there is.
async fn greet(running: &Running, args: &UpArgs) -> Result<String> {
    let loaded = match running.store::<Store>(SERVICE).filter(|_| args.demo) {
        Some(store) => Some(demo::load(&store).await?),
        None => None,
    };
    let mut said = welcome::text(running, loaded.as_ref()).await?;
    if !has_administrator(running).await? {
        said += HOW_TO_ADMINISTRATE;
    }
    Ok(said)
}

/// Serves in production until it is interrupted.
pub(crate) async fn run(args: RunArgs, setup: Setup) -> Result<()> {
    let setup = setup.with("host.production", Some(true));
    // What our own crates say of their life, and of others what is wrong.
    let usual = (settings::log_filter("warn", "info"), Format::Json);
    let mut interrupt = Box::pin(interrupted());
    let Some(running) = start_unless(&mut interrupt, &args.listen, (setup, usual)).await? else {
        tracing::info!("stopped before all services had started");
        return Ok(());
    };
    for (service, address) in running.addresses() {
        tracing::info!(service, %address, version = env!("CARGO_PKG_VERSION"), "listening");
    }
    match worries(&running).await {
        Ok(worries) => worries.iter().for_each(|worry| tracing::warn!("{worry}")),
        Err(error) => {
            running.stop().await;
            return Err(error);
        }
    }
    until(interrupt, running).await;
    tracing::info!("stopped");
    Ok(())
}

/// Starts the services, or nothing where an interrupt comes first: then what is open already is closed, and a second
/// interrupt does not wait for that.
async fn start_unless(
    interrupt: impl Future<Output = ()>,
    listen: &Listen,
    (setup, usual): (Setup, Usual),
) -> Result<Option<Running>> {
    let stop = CancellationToken::new();
    let twice = async {
        interrupt.await;
        let again = interrupted();
        stop.cancel();
        again.await;
    };
    let starting = async {
        match start(listen, setup, (usual, stop.clone())).await {
            Ok(running) if stop.is_cancelled() => {
                running.stop().await;
                Ok(None)
            }
            Err(_) if stop.is_cancelled() => Ok(None),
            started => started.map(Some),
        }
    };
    tokio::select! {
        started = starting => started,
        () = twice => Ok(None),
    }
}

/// Starts the services, unless `stop` is cancelled before all are open.
async fn start(listen: &Listen, setup: Setup, ((log, format), stop): (Usual, CancellationToken)) -> Result<Running> {
    let setup = match listen.only.iter().any(|name| name == SERVICE) {
        true => listen.settle(setup),
        false => listen.settle(setup).with_older_peer()?,
    };
    let setup = careful(listen, setup)?;
    let config = setup.config()?;
    let telemetry = setup.telemetry(&config, (&log, format))?;
    setup.heed_environment();
    // Also the sections of what does not run in this process.
    settings::read_all(&config)?;
    if let Some(folder) = settings::catalog_path(&config)?
        .as_deref()
        .and_then(std::path::Path::parent)
    {
        // Where it cannot be made, opening the catalog says why.
        let _ = std::fs::create_dir_all(folder);
    }
    let PeerSettings(elsewhere) = config.section("peers")?;
    let here = services::chosen(&listen.only)?.into_iter();
    let here = here.filter(|service| !elsewhere.contains_key(service.name()));
    // Last, because it stands in front of those that are open.
    let gateway = (!listen.no_gateway).then(|| federation_gateway::service(None));
    let host = Host::new(config, Clock::system()).services(here.chain(gateway));
    Ok(host.metrics(move || telemetry.render()).unless(stop).start().await?)
}

/// In production a key ring is made by hand where something will be sealed by it, unless the settings say otherwise:
/// one that is made anew because a folder was lost opens nothing.
fn careful(listen: &Listen, setup: Setup) -> Result<Setup> {
    let config = setup.config()?;
    let PeerSettings(elsewhere) = config.section("peers")?;
    let is_here = |name: &str| listen.only.is_empty() || listen.only.iter().any(|only| only == name);
    let mut sealing = services::SEALING
        .into_iter()
        .filter(|name| !elsewhere.contains_key(*name));
    let keys: KeySettings = config.section("keys")?;
    let is_open = settings::is_production(&config)? && keys.create.is_none() && !keys.is_given();
    Ok(setup.with("keys.create", (is_open && sealing.any(is_here)).then_some(false)))
}

/// Stops gracefully at the first interrupt and at once at the second.
pub(crate) async fn until(interrupt: impl Future<Output = ()>, running: Running) {
    interrupt.await;
    tokio::select! {
        () = running.stop() => {}
        () = interrupted() => tracing::warn!("stopped before all requests had finished"),
    }
}

/// What is not as it should be where others depend on these services.
async fn worries(running: &Running) -> Result<Vec<&'static str>> {
    let mut worries = Vec::new();
    if !has_administrator(running).await? {
        worries
            .push("nobody administrates this installation yet: register an account and run `hansa admin appoint MAIL`");
    }
    if let Some(accounts) = running.store::<Auth>("auth")
        && seed::made(&accounts).await?.is_some()
    {
        worries.push("accounts of `hansa seed` are here, whose passwords everybody can read: suspend or recover them");
    }
    Ok(worries)
}

/// Whether there is an administrator, or no service here that would know.
async fn has_administrator(running: &Running) -> Result<bool> {
    match running.store::<security::store::Store>("security") {
        Some(store) => Ok(store.has_administrator().await.map_err(platform_error::Error::from)?),
        None => Ok(true),
    }
}
