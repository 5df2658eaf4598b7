//! The pages of `docs/` say what the binary says.

use std::collections::BTreeSet;

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
fn every_command_is_documented_with_its_flags_and_no_others() {
    let folder = Folder::new();
    let mut open = vec![Vec::new()];
    while let Some(path) = open.pop() {
        let mut args = vec!["help"];
        args.extend(path.iter().map(String::as_str));
        let help = folder.run(&args).succeeds();
        let (name, commands) = (path.join(" "), commands(&help));

        let (rows, documented) = documented(&name);

        assert!(rows == 1 || !commands.is_empty(), "{name} has {rows} rows");
        assert_eq!(documented, flags(&help), "of {name:?} are documented, and are there");
        for command in commands {
            open.push(path.iter().cloned().chain([command]).collect());
        }
    }
}

/// How many rows a command has, and its flags: those in its row and those in the table of what several commands take.
fn documented(name: &str) -> (usize, BTreeSet<&'static str>) {
    let (own, shared) = COMMANDS.split_once("| options of all of them |").unwrap();
    let own: Vec<_> = rows(own).filter(|(names, _)| names.contains(name)).collect();
    let below = |of: &String| format!("{name} ").starts_with(&format!("{of} "));
    let shared = rows(shared).filter(|(names, _)| names.is_empty() || names.iter().any(below));
    let rows = own.len();
    let flags = own.into_iter().chain(shared).flat_map(|(_, flags)| flags);
    (rows, flags.collect())
}

/// The rows of a table: the commands in the first cell, without their arguments, and the flags in the last one.
fn rows(text: &'static str) -> impl Iterator<Item = (BTreeSet<String>, Vec<&'static str>)> {
    let code = |cell: &'static str| cell.split('`').skip(1).step_by(2);
    let is_name = |word: &&str| word.chars().all(|letter| letter.is_ascii_lowercase());
    let command = move |words: &str| words.split(' ').take_while(is_name).collect::<Vec<_>>().join(" ");
    let lines = text.lines().filter(|line| line.starts_with("| "));
    let cells = lines.map(|line| line.split('|').collect::<Vec<_>>());
    let cells = cells.filter(|cells| !cells[1].starts_with(" command"));
    cells.map(move |cells| {
        let flags = code(cells[cells.len() - 2]);
        (code(cells[1]).map(command).collect(), flags.collect())
    })
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
fn flags(help: &str) -> BTreeSet<&str> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = lines.flat_map(|line| line.split([' ', ',', '=', '.']).take(3));
    let flags = words.filter(|word| word.starts_with("--") && !["--help", "--version"].contains(word));
    flags.collect()
}
