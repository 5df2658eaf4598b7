//! The command line as a whole: its commands and what all of them take.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{
    accounts, admin, audit, document, events, export, gateway, import, jobs, keys, lake, migrate, schema, seed, series,
    serve,
};

const AFTER: &str = "\
Start here:
  hansa up --demo                        a server with real vintages of GDP and others in ./hansa-data
  hansa series points GDP --plot         what is known now
  hansa series points GDP --as-of 2020-04-30
                                         what was known on that day

Exit codes:
  0  done
  1  done, and some rows of an import were refused; or subgraphs do not compose, or a change breaks clients, or the
     audit log is not what was written
  2  wrong usage, or an error: one line says what, one line what to do

Environment:
  HANSA_DATA, HANSA_URL, HANSA_CONFIG    the same as --data, --url, --config
  HANSA_TOKEN                            an API key or access token for the server, instead of --token-file
  HANSA_<SECTION>__<KEY>                 any setting, for instance HANSA_LAKE__MEMORY_LIMIT=512MB
  and other names, which older installations use:
  FINANCIAL_DATA_SERVICE_PORT            financial-data.port, the same as --port
  FINANCIAL_DATA_SERVICE_URL             the same as --url: the server that commands on data work on; for `up` and `run`
                                         the same as --with financial-data=URL, unless it is this process
  GATEWAY_PORT                           gateway.port, the same as --gateway-port
  MONOLITHIC_BACKEND_URL                 stitch.monolith.url: a GraphQL service without federation, joined by `up`
  PARQUET_STORAGE_PATH, ICEBERG_CATALOG_PATH, ARROW_MEMORY_LIMIT
                                         lake.warehouse, lake.catalog and lake.memory-limit
  OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER_ARG
                                         telemetry.otlp-endpoint, telemetry.service-name and telemetry.sampling";

/// Financial and economic series with every vintage of their points, kept in Apache Iceberg tables.
#[derive(Parser)]
#[command(name = "hansa", version, after_help = AFTER, max_term_width = 110, disable_help_subcommand = false)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Global {
    /// Read settings from this TOML file; for `gateway` and `schema` also a supergraph.yaml
    #[arg(long, value_name = "FILE", global = true, help_heading = "Settings")]
    pub(crate) config: Option<PathBuf>,
    /// Change one setting, for instance lake.memory-limit=512MB; may be repeated
    #[arg(long, value_name = "KEY=VALUE", global = true, value_parser = pair, help_heading = "Settings")]
    pub(crate) set: Vec<(String, String)>,
    /// Log what this filter lets through, for instance info,platform_lake=debug
    #[arg(long, value_name = "FILTER", global = true, help_heading = "Settings")]
    pub(crate) log: Option<String>,
    /// Log more; twice for even more
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = "Settings")]
    pub(crate) verbose: u8,
}

/// Where the data is that a command works on.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Place {
    /// Work on this data directory [default: hansa-data]. A server may be running on it
    #[arg(long, value_name = "DIR", global = true, help_heading = "Where")]
    pub(crate) data: Option<PathBuf>,
    /// Work on a running server, for instance http://127.0.0.1:8001
    #[arg(
        long,
        value_name = "URL",
        global = true,
        conflicts_with = "data",
        help_heading = "Where"
    )]
    pub(crate) url: Option<String>,
    /// Show this server the API key or access token in a file [default: the variable HANSA_TOKEN]
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        conflicts_with = "data",
        help_heading = "Where"
    )]
    pub(crate) token_file: Option<PathBuf>,
}

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve on this machine, with nothing to install
    #[command(after_help = serve::UP_EXAMPLES)]
    Up(serve::UpArgs),
    /// Serve in production: settings from file and environment, logs as JSON
    #[command(after_help = serve::RUN_EXAMPLES)]
    Run(serve::RunArgs),
    /// Store the rows of files: CSV, JSON, NDJSON, Arrow, Parquet, protobuf
    #[command(after_help = import::EXAMPLES)]
    Import(import::ImportArgs),
    /// Write series to a file that `import` reads back
    #[command(after_help = export::EXAMPLES)]
    Export(export::ExportArgs),
    /// List, show and delete series; read their points and vintages
    #[command(after_help = series::EXAMPLES)]
    Series(series::SeriesArgs),
    /// Look at the lake's tables and keep them small
    #[command(after_help = lake::EXAMPLES)]
    Lake(lake::LakeArgs),
    /// Bring databases to the form that this version wants: the step of a release
    #[command(after_help = migrate::EXAMPLES)]
    Migrate(migrate::MigrateArgs),
    /// Look at background jobs; try them again or call them off
    #[command(after_help = jobs::EXAMPLES)]
    Jobs(jobs::JobsArgs),
    /// Look at the events that services tell each other; handle again what failed
    #[command(after_help = events::EXAMPLES)]
    Events(events::EventsArgs),
    /// Verify, search and export the audit log
    #[command(after_help = audit::EXAMPLES)]
    Audit(audit::AuditArgs),
    /// Make and rotate the key ring, and the keys that sign tokens
    #[command(after_help = keys::EXAMPLES)]
    Keys(keys::KeysArgs),
    /// Appoint the first administrator
    #[command(after_help = admin::EXAMPLES)]
    Admin(admin::AdminArgs),
    /// Look at accounts, suspend them, and give them back to their owners
    #[command(after_help = accounts::EXAMPLES)]
    Accounts(accounts::AccountsArgs),
    /// Make ready accounts with roles, for development
    #[command(after_help = seed::EXAMPLES)]
    Seed(seed::SeedArgs),
    /// Print the settings in effect, secrets hidden
    #[command(after_help = document::CONFIG_EXAMPLES)]
    Config(document::ConfigArgs),
    /// Print the schema of this version; compose, check and compare schemas
    #[command(after_help = schema::EXAMPLES)]
    Schema(schema::SchemaArgs),
    /// Serve a supergraph of subgraphs elsewhere
    #[command(after_help = gateway::EXAMPLES)]
    Gateway(gateway::GatewayArgs),
    /// Print how a gateway answers an operation
    #[command(after_help = gateway::PLAN_EXAMPLES)]
    Plan(gateway::PlanArgs),
    /// Print a completion script for a shell
    #[command(after_help = document::COMPLETIONS_EXAMPLES)]
    Completions(document::CompletionsArgs),
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if key.contains('.') => Ok((key.trim().into(), value.trim().into())),
        _ => Err("expected section.key=value, for instance lake.memory-limit=512MB".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
