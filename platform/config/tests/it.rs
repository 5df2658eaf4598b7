//! Settings from all their sources, as a module and its operator see them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use platform_config::{ByteSize, Config, ConfigError, Duration, Secret, Secrets, Sources};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct Lake {
    warehouse: String,
    memory_limit: ByteSize,
    commit_window: Duration,
    password: Secret<String>,
    workers: Option<u16>,
    tags: Vec<String>,
    cache: Cache,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct Cache {
    series: ByteSize,
}

#[derive(Debug, Serialize, Deserialize)]
struct Port {
    port: Option<u16>,
}

fn load(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(path.path(), file).unwrap();
    let owned = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .collect::<Vec<_>>()
    };
    Config::load(Sources {
        file: Some(path.path().into()),
        environment: owned(environment).into_iter(),
        overrides: owned(flags),
        aliases: &[("ARROW_MEMORY_LIMIT", "lake.memory-limit")],
    })
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file() {
    let file = "[lake]\nwarehouse = \"file\"\nmemory-limit = \"1GB\"\ncommit-window = \"5ms\"";
    let environment = [
        ("HANSA_LAKE__WAREHOUSE", "environment"),
        ("HANSA_LAKE__MEMORY_LIMIT", "64KiB"),
        ("HOME", "/"),
    ];

    let lake: Lake = load(file, &environment, &[("lake.warehouse", "flag")])
        .unwrap()
        .section("lake")
        .unwrap();

    assert_eq!(lake.warehouse, "flag");
    assert_eq!(lake.memory_limit, ByteSize(65_536));
    assert_eq!(lake.commit_window, Duration::from_millis(5));
}

#[test]
fn text_from_the_environment_becomes_the_type_that_is_wanted() {
    let environment = [
        ("HANSA_LAKE__WORKERS", "4"),
        ("HANSA_LAKE__TAGS", "a, b"),
        ("HANSA_LAKE__WAREHOUSE", "2026"),
        ("HANSA_LAKE__CACHE__SERIES", "10MB"),
    ];

    let lake: Lake = load("", &environment, &[]).unwrap().section("lake").unwrap();

    assert_eq!((lake.workers, lake.warehouse.as_str()), (Some(4), "2026"));
    assert_eq!(lake.tags, ["a", "b"]);
    assert_eq!(lake.cache.series, ByteSize::mb(10));
}

#[test]
fn an_alias_works_and_the_full_name_wins_over_it() {
    let alias = ("ARROW_MEMORY_LIMIT", "512MB");

    let by_alias: Lake = load("", &[alias], &[]).unwrap().section("lake").unwrap();
    let by_name: Lake = load("", &[("HANSA_LAKE__MEMORY_LIMIT", "1GB"), alias], &[])
        .unwrap()
        .section("lake")
        .unwrap();

    assert_eq!(by_alias.memory_limit, ByteSize::mb(512));
    assert_eq!(by_name.memory_limit, ByteSize::mb(1000));
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_ones() {
    let nested = load("[lake.cache]\nserie = \"1MB\"", &[], &[])
        .unwrap()
        .section::<Lake>("lake")
        .unwrap_err();
    let named = load("", &[("HANSA_LAKE__WAREHOSE", "x")], &[])
        .unwrap()
        .section::<Lake>("lake")
        .unwrap_err();

    assert_eq!(nested.to_string(), "unknown setting lake.cache.serie; known are series");
    let said = named.to_string();
    assert!(
        said.starts_with("unknown setting lake.warehose (from environment HANSA_LAKE__WAREHOSE);"),
        "{said}"
    );
    assert!(said.contains("nearest known are warehouse"), "{said}");
}

#[test]
fn a_wrong_value_is_refused_with_its_key_and_origin() {
    let size = load("[lake]\nmemory-limit = \"much\"", &[], &[])
        .unwrap()
        .section::<Lake>("lake")
        .unwrap_err();
    let number = load("", &[("HANSA_LAKE__WORKERS", "many")], &[])
        .unwrap()
        .section::<Lake>("lake")
        .unwrap_err();

    assert_eq!(
        size.to_string(),
        "setting lake.memory-limit: expected a size such as \"512MB\" or \"64KiB\", got \"much\""
    );
    assert_eq!(
        number.to_string(),
        "setting lake.workers (from environment HANSA_LAKE__WORKERS): expected a whole number, got \"many\""
    );
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_the_place_and_without_what_stands_there() {
    for (line, broken) in [
        (2, "[lake]\npassword = \"hunter2"),
        (2, "[lake]\npass word = \"hunter2\""),
        (3, "[lake]\npassword = \"a\"\npassword = \"hunter2\""),
    ] {
        for refused in [load(broken, &[], &[]).unwrap_err(), Config::parse(broken).unwrap_err()] {
            let said = format!("{refused} {refused:?}");
            assert!(
                said.contains(&format!("is not valid TOML: line {line}, column ")) && !said.contains("hunter2"),
                "{said}"
            );
        }
    }
}

#[test]
fn a_section_that_nobody_reads_is_refused() {
    let config = load("[lake]\nwarehouse = \"x\"\n[laek]\nwarehouse = \"y\"", &[], &[]).unwrap();
    config.section::<Lake>("lake").unwrap();

    let refused = config.refuse_unread().unwrap_err();

    assert_eq!(refused.to_string(), "unknown section [laek]; known are lake");
}

#[test]
fn two_readers_share_a_section() {
    let config = load("[lake]\nwarehouse = \"x\"\nport = 8001", &[], &[]).unwrap();

    let port: Port = config.part("lake").unwrap();
    let lake: Lake = config.section("lake").unwrap();

    assert_eq!((port.port, lake.warehouse.as_str()), (Some(8001), "x"));
    config.refuse_unread().unwrap();
}

#[test]
fn a_key_that_only_a_part_was_read_around_is_refused() {
    let config = load("[lake]\nport = 1\nprot = 2", &[], &[]).unwrap();
    config.part::<Port>("lake").unwrap();

    let refused = config.refuse_unread().unwrap_err();

    assert!(
        refused.to_string().starts_with("unknown setting lake.prot"),
        "{refused}"
    );
}

#[test]
fn a_secret_comes_from_a_file_unless_the_environment_has_it() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "  from the file\n").unwrap();
    let file = format!(
        "[lake]\npassword = \"plain\"\npassword-file = \"{}\"",
        secret.path().display()
    );

    let from_file: Lake = load(&file, &[], &[]).unwrap().section("lake").unwrap();
    let named: Lake = load(&file, &[("HANSA_LAKE__PASSWORD", "named")], &[])
        .unwrap()
        .section("lake")
        .unwrap();

    assert_eq!(from_file.password.expose(), "from the file");
    assert_eq!(named.password.expose(), "named");
}

#[test]
fn a_secret_file_that_is_away_is_named() {
    let config = load("[lake]\npassword-file = \"/nowhere/secret\"", &[], &[]).unwrap();

    let refused = config.section::<Lake>("lake").unwrap_err();

    assert!(
        refused
            .to_string()
            .starts_with("setting lake.password-file: cannot read /nowhere/secret"),
        "{refused}"
    );
}

#[test]
fn a_secret_file_without_a_secret_is_refused() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    let file = format!("[lake]\npassword-file = \"{}\"", secret.path().display());

    let refused = load(&file, &[], &[]).unwrap().section::<Lake>("lake").unwrap_err();

    let told = refused.to_string();
    assert!(told.starts_with("setting lake.password-file: "), "{told}");
    assert!(told.contains("is empty; write the secret into it"), "{told}");
}

#[test]
fn a_secret_of_a_name_that_no_struct_knows_may_come_from_a_file() {
    #[derive(Serialize, Deserialize)]
    struct Databases {
        services: Secrets,
    }
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "postgres://users\n").unwrap();
    let file = format!(
        "[database.services]\nusers-file = \"{}\"\nauth = \"sqlite:a\"",
        secret.path().display()
    );

    let databases: Databases = load(&file, &[], &[]).unwrap().section("database").unwrap();

    let urls: Vec<_> = databases
        .services
        .0
        .iter()
        .map(|(name, url)| (name.as_str(), url.expose().as_str()))
        .collect();
    assert_eq!(urls, [("auth", "sqlite:a"), ("users", "postgres://users")]);
}

#[test]
fn the_settings_in_effect_print_without_secrets_and_can_be_read_back() {
    let config = load("[lake]\npassword = \"hunter2\"\nmemory-limit = \"2GB\"", &[], &[]).unwrap();
    let lake: Lake = config.section("lake").unwrap();

    let printed = config.print();

    assert!(!printed.contains("hunter2") && !format!("{lake:?}").contains("hunter2"));
    assert!(
        printed.contains("memory-limit = \"2GB\"") && printed.contains("commit-window = \"0s\""),
        "{printed}"
    );
    Config::parse(&printed).unwrap().section::<Lake>("lake").unwrap();
}

#[test]
fn long_times_are_printed_in_days_and_read_back() {
    for (seconds, text) in [(86_400, "1day"), (365 * 86_400, "365days"), (90_000, "1day1h")] {
        let time = Duration::from_secs(seconds);

        assert_eq!(time.to_string(), text);
        assert_eq!(text.parse(), Ok(time));
    }
}
