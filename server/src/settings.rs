//! The settings of this process: a file, the environment with the names that older installations use, and flags.

mod sections;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    num::NonZeroUsize,
    panic::PanicHookInfo,
    path::{Path, PathBuf},
};

use financial_data::settings::LakeSettings;
use platform_config::{Config, Sources};
use platform_telemetry::{Format, Telemetry};

use self::sections::Port;
pub(crate) use self::sections::{LOG, read_all};
use crate::{cli::Global, failure::Result, out, serve::SERVICE, services};

/// Names of environment variables that stand for settings.
const ALIASES: [(&str, &str); 10] = [
    ("HANSA_DATA", "host.data"),
    ("GATEWAY_PORT", "gateway.port"),
    ("MONOLITHIC_BACKEND_URL", "stitch.monolith.url"),
    ("FINANCIAL_DATA_SERVICE_PORT", "financial-data.port"),
    ("PARQUET_STORAGE_PATH", "lake.warehouse"),
    ("ICEBERG_CATALOG_PATH", CATALOG),
    ("ARROW_MEMORY_LIMIT", "lake.memory-limit"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "telemetry.otlp-endpoint"),
    ("OTEL_SERVICE_NAME", "telemetry.service-name"),
    ("OTEL_TRACES_SAMPLER_ARG", "telemetry.sampling"),
];
const CATALOG: &str = "lake.catalog";
/// Names under which a server's address may be given.
const ADDRESSES: [&str; 2] = ["HANSA_URL", OLDER_PEER];
/// Where older installations tell their gateway that the financial data is, with the path of its GraphQL endpoint.
const OLDER_PEER: &str = "FINANCIAL_DATA_SERVICE_URL";
const FAULT: &str = "HANSA_FAULT";
/// How the names of our crates begin, beside the services'.
const AROUND_SERVICES: [&str; 4] = ["hansa", "platform", "contracts", "federation"];

/// The environment as it was when the process started.
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Variables that are not text are nothing we know.
    pub(crate) fn new(variables: impl Iterator<Item = (OsString, OsString)>) -> Self {
        Self(
            variables
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        )
    }

    /// A variable that is set and not empty.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// What a command's settings are made of.
pub(crate) struct Setup {
    global: Global,
    environment: Environment,
    overrides: Vec<(String, String)>,
}

impl Setup {
    pub(crate) fn new(global: Global, environment: Environment) -> Self {
        Self {
            global,
            environment,
            overrides: Vec::new(),
        }
    }

    /// Adds a setting that a flag of the command stands for. `--set` wins over it.
    pub(crate) fn with(mut self, key: &str, value: Option<impl ToString>) -> Self {
        self.overrides
            .extend(value.map(|value| (key.to_owned(), value.to_string())));
        self
    }

    /// The settings. Nothing is checked against a module's settings yet.
    pub(crate) fn config(&self) -> Result<Config> {
        let mut overrides = self.overrides.clone();
        overrides.extend(self.global.set.iter().cloned());
        overrides.extend(self.log_filter().map(|filter| ("telemetry.log".to_owned(), filter)));
        let settings = self.global.config.clone().filter(|file| !is_list(file));
        let file = settings.or_else(|| self.environment.get("HANSA_CONFIG").map(PathBuf::from));
        let known = self.environment.0.keys().filter(|name| {
            let value = self.environment.get(name);
            value.is_some_and(|value| !is_link(name, value))
        });
        let environment = known.map(|name| (name.clone(), catalog_file(name, &self.environment.0[name])));
        let sources = Sources {
            file,
            environment,
            overrides,
            aliases: &ALIASES,
        };
        Ok(Config::load(sources)?)
    }

    /// How many threads shall work. Settings that are wrong are told by the command that reads them.
    pub(crate) fn threads(&self) -> Option<NonZeroUsize> {
        self.config()
            .ok()?
            .section::<platform_service::HostSettings>("host")
            .ok()?
            .threads
    }

    /// The list of subgraphs that `--config` names instead of settings.
    pub(crate) fn supergraph_config(&self) -> Option<&Path> {
        self.global.config.as_deref().filter(|file| is_list(file))
    }

    fn log_filter(&self) -> Option<String> {
        let more = match self.global.verbose {
            0 => None,
            1 => Some("info".into()),
            _ => Some(log_filter("info", "debug")),
        };
        self.global.log.clone().or(more)
    }

    /// Sets up logs as the settings say; where they say nothing, as the command likes best.
    pub(crate) fn telemetry(&self, config: &Config, (log, format): (&str, Format)) -> Result<Telemetry> {
        let mut settings: platform_telemetry::Settings = config.section("telemetry")?;
        settings.log.get_or_insert_with(|| log.to_owned());
        settings.format.get_or_insert(format);
        let telemetry = platform_telemetry::init(&settings).map_err(platform_error::Error::from)?;
        on_panic(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let text = panic.payload_as_str().unwrap_or("no text");
            tracing::error!(place, "panic: {text}");
        });
        Ok(telemetry)
    }

    /// Arms the fault that a test asks for.
    pub(crate) fn heed_environment(&self) {
        if let Some(fault) = self.environment.get(FAULT) {
            arm(fault);
        }
    }

    /// Takes the financial data from where older installations say it is, unless that is this process or the settings
    /// name another place.
    pub(crate) fn with_older_peer(self) -> Result<Self> {
        let Some(address) = self.environment.get(OLDER_PEER).map(without_endpoint) else {
            return Ok(self);
        };
        let config = self.config()?;
        let platform_service::PeerSettings(peers) = config.section("peers")?;
        let Port::<8001> { port } = config.part(SERVICE)?;
        let here = ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("http://{host}:{port}"));
        let is_taken = peers.contains_key(SERVICE) || here.iter().any(|here| here == address);
        let address = address.to_owned();
        Ok(self.with("peers.financial-data", (!is_taken).then_some(address)))
    }

    /// The token for a running server.
    pub(crate) fn token(&self) -> Option<&str> {
        self.environment.get("HANSA_TOKEN")
    }

    /// The address of a running server that the environment names.
    pub(crate) fn address(&self) -> Option<String> {
        ADDRESSES
            .iter()
            .find_map(|name| self.environment.get(name))
            .map(str::to_owned)
    }
}

/// Logs what others say at one level, and at another what is ours: the services, and the crates around them.
pub(crate) fn log_filter(others: &str, ours: &str) -> String {
    let services = services::all();
    let services = services.iter().map(|service| service.name().replace('-', "_"));
    let around = AROUND_SERVICES.map(str::to_owned).into_iter();
    let crates = around.chain(services).map(|name| format!(",{name}={ours}"));
    format!("{others}{}", crates.collect::<String>())
}

/// A server's address, from that of its GraphQL endpoint.
pub(crate) fn without_endpoint(address: &str) -> &str {
    let address = address.trim_end_matches('/');
    address.strip_suffix("/graphql").unwrap_or(address)
}

/// Whether a file lists subgraphs in Rover's format; settings are TOML.
fn is_list(file: &Path) -> bool {
    file.extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// Whether a variable is what Kubernetes tells of a service that happens to have one of our names.
fn is_link(name: &str, value: &str) -> bool {
    name.ends_with("_PORT") && value.starts_with("tcp://")
}

fn arm(fault: &str) {
    let name = fault.split(':').next().unwrap_or_default();
    if !platform_lake::fault::POINTS.contains(&name) {
        let known = platform_lake::fault::POINTS.join(", ");
        out::note(format!("warning: {FAULT} names no step; known are {known}"));
    } else if !platform_lake::fault::arm(fault) {
        out::note(format!(
            "warning: {FAULT} does nothing: faults are compiled into test builds only"
        ));
    }
}

/// Older installations name a directory for the catalog; ours is a file in it.
fn catalog_file(name: &str, value: &str) -> String {
    let is_directory = !value.contains("://") && Path::new(value).extension().is_none();
    let aliased = ALIASES.iter().any(|(alias, key)| *alias == name && *key == CATALOG);
    match aliased && is_directory {
        true => Path::new(value).join("catalog.db").display().to_string(),
        false => value.to_owned(),
    }
}

/// Whether others depend on what these settings are of.
pub(crate) fn is_production(config: &Config) -> Result<bool> {
    Ok(config.section::<platform_service::HostSettings>("host")?.production)
}

/// The file of an embedded catalog; `None` when the catalog is a server's.
pub(crate) fn catalog_path(config: &Config) -> Result<Option<PathBuf>> {
    let host: platform_service::HostSettings = config.section("host")?;
    let lake: LakeSettings = config.section("lake")?;
    let catalog = lake.lake(&host.data).catalog;
    Ok((!catalog.contains("://")).then(|| PathBuf::from(catalog)))
}

/// Tells of panics from now on, but for those that are caught and dealt with.
pub(crate) fn on_panic(tell: impl Fn(&PanicHookInfo<'_>) + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |panic| {
        if !federation_gateway::catches_panics() {
            tell(panic);
        }
    }));
}
