//! What describes this binary: settings and completion scripts.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use platform_config::HIDDEN;

use crate::{
    cli::Cli,
    failure::Result,
    out,
    settings::{self, Setup},
};

pub(crate) const CONFIG_EXAMPLES: &str = "\
Examples:
  hansa config                           every setting with its value
  hansa config > hansa.toml              a file to begin with
  hansa config --set host.production=true > hansa.toml
                                         the same for a system that others depend on, for every command
  hansa config --config hansa.toml --set lake.memory-limit=512MB";

pub(crate) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  hansa completions bash > ~/.local/share/bash-completion/completions/hansa
  hansa completions fish > ~/.config/fish/completions/hansa.fish";

/// Arguments of `hansa config`.
#[derive(Args)]
pub(crate) struct ConfigArgs {}

/// Arguments of `hansa completions`.
#[derive(Args)]
pub(crate) struct CompletionsArgs {
    shell: Shell,
}

/// Prints the settings in effect.
pub(crate) fn config(_: ConfigArgs, setup: Setup) -> Result<()> {
    let config = setup.config()?;
    settings::read_all(&config)?;
    let hidden = format!(" = \"{HIDDEN}\"");
    let printed = config.print();
    // A file that is made of this must not give the word for a secret.
    let lines = printed.lines().map(|line| match line.ends_with(&hidden) {
        true => format!("# {line}\n"),
        false => format!("{line}\n"),
    });
    out::write(lines.collect::<String>())
}

/// Prints a completion script.
pub(crate) fn completions(args: CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "hansa", &mut script);
    out::write(script)
}
