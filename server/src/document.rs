//! What describes this binary: settings, schemas, completion scripts.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{
    cli::{Cli, Place},
    failure::Result,
    out,
    settings::{self, Setup},
    target::{Need, Path, Target},
};

const SDL: &str = "graphql/schema.graphql";
const OPENAPI: &str = "api/v1/openapi.json";

pub(crate) const CONFIG_EXAMPLES: &str = "\
Examples:
  hansa config                           every setting with its value
  hansa config > hansa.toml              a file to begin with
  hansa config --config hansa.toml --set lake.memory-limit=512MB";

pub(crate) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  hansa completions bash > ~/.local/share/bash-completion/completions/hansa
  hansa completions fish > ~/.config/fish/completions/hansa.fish";

/// Arguments of `hansa config`.
#[derive(Args)]
pub(crate) struct ConfigArgs {}

/// Arguments of `hansa schema`.
#[derive(Args)]
pub(crate) struct SchemaArgs {
    /// The OpenAPI document of the REST interface instead of the GraphQL schema
    #[arg(long)]
    openapi: bool,
}

/// Arguments of `hansa completions`.
#[derive(Args)]
pub(crate) struct CompletionsArgs {
    shell: Shell,
}

/// Prints the settings in effect.
pub(crate) fn config(_: ConfigArgs, setup: Setup) -> Result<()> {
    let config = setup.config()?;
    settings::read_all(&config)?;
    out::write(config.print())
}

/// Prints what clients can ask of this version: a service without data is asked for it.
pub(crate) async fn schema(args: SchemaArgs, setup: Setup) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let setup = setup.with("graphql.introspection", Some(true));
    let place = Place {
        data: Some(folder.path().to_owned()),
        url: None,
    };
    let target = Target::open(&place, setup, Need::Nothing).await?;
    let mut document = target
        .read(&Path::root(if args.openapi { OPENAPI } else { SDL }))
        .await?
        .to_vec();
    if !document.ends_with(b"\n") {
        document.push(b'\n');
    }
    out::write(document)
}

/// Prints a completion script.
pub(crate) fn completions(args: CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "hansa", &mut script);
    out::write(script)
}
