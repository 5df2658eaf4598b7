//! `hansa gateway` and `hansa plan`: a supergraph from elsewhere, served or planned with.

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use clap::Args;
use federation_gateway::{Overrides, Source, Supergraph, Variables};
use platform_config::Duration;
use platform_service::{Clock, Host, interrupted};
use platform_telemetry::Format;

use crate::{
    failure::{Failure, Result},
    out, schema, serve,
    settings::{self, Setup},
};

/// The gateway's name, and its section of the settings.
pub(crate) const GATEWAY: &str = "gateway";

pub(crate) const EXAMPLES: &str = "\
Examples:
  hansa gateway --supergraph supergraph.graphql
  hansa gateway --config supergraph.yaml --port 4000
  hansa gateway --config supergraph.yaml --set gateway.traffic.timeout=5s

A --config that ends in .yaml lists subgraphs in Rover's format, one that ends in .toml holds settings. Both the
supergraph and the list are read again when they change; what does not compose changes nothing.";

pub(crate) const PLAN_EXAMPLES: &str = "\
Examples:
  hansa plan --supergraph supergraph.graphql --query orders.graphql
  hansa plan --supergraph supergraph.graphql --query all.graphql --operation Orders --label new-prices";

/// Arguments of `hansa gateway`.
#[derive(Args)]
pub(crate) struct GatewayArgs {
    /// Serve this supergraph
    #[arg(long, value_name = "FILE")]
    supergraph: Option<PathBuf>,
    /// Listen on this port; 0 takes any that is free [default: 8002]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Listen on this address [default: 127.0.0.1, which only this machine reaches]
    #[arg(long, value_name = "ADDR")]
    bind: Option<IpAddr>,
}

/// Arguments of `hansa plan`.
#[derive(Args)]
pub(crate) struct PlanArgs {
    /// Plan with this supergraph
    #[arg(long, value_name = "FILE")]
    supergraph: PathBuf,
    /// The file of the operation
    #[arg(long, value_name = "FILE")]
    query: PathBuf,
    /// Which of several operations in it
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// The variables of the request as a JSON object: what they skip is not planned
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = variables)]
    variables: Variables,
    /// Switch a label of @override on; may be repeated
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,
    /// Plan for a request that falls here in a hundred per cent: percent(n) holds where n is more
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..100))]
    percent: u8,
}

fn variables(text: &str) -> Result<Variables, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("expected a JSON object such as {{\"withPrices\": true}}: {error}"))
}

/// Serves a supergraph until it is interrupted.
pub(crate) async fn run(args: GatewayArgs, setup: Setup) -> Result<()> {
    let source = match (args.supergraph, setup.supergraph_config()) {
        (Some(file), None) => Source::File(file),
        (None, Some(file)) => Source::Config(file.to_owned()),
        _ => {
            return Err(Failure::new("which supergraph?")
                .with_hint("name it with --supergraph, or a supergraph.yaml in Rover's format with --config"));
        }
    };
    let setup = setup.with("host.bind", args.bind).with("gateway.port", args.port);
    let config = setup.config()?;
    // The settings may be those of a whole system.
    settings::read_all(&config)?;
    let telemetry = setup.telemetry(&config, ("warn", Format::Text))?;
    let host = Host::new(config, Clock::system()).services([federation_gateway::service(Some(source))]);
    let running = host.metrics(move || telemetry.render()).start().await?;
    let url = running.url(GATEWAY).unwrap_or_default();
    let interrupt = interrupted();
    out::write(format!("the gateway listens on {url}/graphql\nCtrl-C stops it.\n"))?;
    serve::until(interrupt, running).await;
    out::write("stopped\n")
}

/// Prints the plan of an operation as JSON.
pub(crate) fn plan(args: PlanArgs) -> Result<()> {
    let text = schema::read(&args.supergraph)?;
    let supergraph = Supergraph::parse(&text)
        .map_err(platform_error::Error::from)
        .map_err(|error| Failure::from(error).within(&args.supergraph))?;
    let overrides = Overrides {
        labels: Arc::new(args.label.into_iter().collect()),
        draw: u64::from(args.percent) * Overrides::PERCENT,
    };
    let plan = supergraph
        .plan_with(
            &schema::read(&args.query)?,
            args.operation.as_deref(),
            (&args.variables, &overrides),
            Duration::from_secs(30),
        )
        .map_err(|faults| {
            let messages: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
            Failure::new(messages.join("; ")).within(&args.query)
        })?;
    let plan = serde_json::to_string_pretty(&plan).map_err(|error| Failure::new(error.to_string()))?;
    out::write(plan + "\n")
}
