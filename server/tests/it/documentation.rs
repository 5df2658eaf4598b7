//! The pages of `docs/` say what the binary says.

use crate::program::Folder;

const CONFIGURATION: &str = include_str!("../../../docs/configuration.md");
const COMMANDS: &str = include_str!("../../../docs/cli.md");

#[test]
fn every_setting_is_documented_with_its_default() {
    let folder = Folder::new();
    let printed = folder.run(&["config"]).succeeds();
    let mut section = "";
    let printed = printed
        .replace("[\n    ", "[")
        .replace(",\n    ", ", ")
        .replace(",\n]", "]");
    for line in printed.lines().filter(|line| !line.is_empty()) {
        if line.starts_with('[') {
            let after = CONFIGURATION.split_once(&format!("## `{line}`"));
            let (_, after) = after.unwrap_or_else(|| panic!("{line} has a section"));
            section = after.split("\n## ").next().unwrap();
            continue;
        }
        // Secrets are comments, and what they are is not shown.
        let (key, value) = line.trim_start_matches("# ").split_once(" = ").unwrap();
        let row = match value {
            "\"(hidden)\"" => format!("| `{key}` | `\""),
            value => format!("| `{key}` | `{value}` |"),
        };
        assert!(section.contains(&row), "{row} is in\n{section}");
    }
}

#[test]
fn every_command_and_flag_is_documented() {
    let folder = Folder::new();
    let mut open = vec![Vec::new()];
    while let Some(path) = open.pop() {
        let mut args = vec!["help".to_owned()];
        args.extend(path.iter().cloned());
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let help = folder.run(&args).succeeds();
        let commands = commands(&help);
        if commands.is_empty() {
            let name = format!("| `{}", path.join(" "));
            assert!(COMMANDS.contains(&name), "{name} is in the table");
        }
        for flag in flags(&help) {
            assert!(
                COMMANDS.contains(&format!("`{flag}")),
                "{flag} of {path:?} is documented"
            );
        }
        for command in commands {
            open.push(path.iter().cloned().chain([command]).collect());
        }
    }
}

/// The commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let Some((_, list)) = help.split_once("Commands:\n") else {
        return Vec::new();
    };
    let names = list.lines().take_while(|line| !line.trim().is_empty());
    let names = names.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty() && *name != "help");
    names.map(str::to_owned).collect()
}

/// The long flags that a help explains.
fn flags(help: &str) -> impl Iterator<Item = &str> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = lines.flat_map(|line| line.split([' ', ',', '=', '.']).take(3));
    words.filter(|word| word.starts_with("--") && !["--help", "--version"].contains(word))
}
