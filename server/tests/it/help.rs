//! Help, schemas, and what wrong usage gets.

use crate::program::{Folder, exists};

#[test]
fn help_tells_where_to_start_and_what_exit_codes_mean() {
    let folder = Folder::new();

    let help = folder.run(&["--help"]).succeeds();

    assert!(
        help.contains("hansa up --demo") && help.contains("Exit codes:"),
        "{help}"
    );
    for name in [
        "GATEWAY_PORT",
        "FINANCIAL_DATA_SERVICE_URL",
        "MONOLITHIC_BACKEND_URL",
        "FINANCIAL_DATA_SERVICE_PORT",
        "HANSA_TOKEN",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ] {
        assert!(help.contains(name), "{name} in {help}");
    }
    for command in ["up", "run", "import", "export", "series", "lake", "config"] {
        let long = folder.run(&["help", command]).succeeds();
        assert!(long.contains("Examples:"), "{command} has examples:\n{long}");
    }
}

#[test]
fn wrong_usage_gives_exit_code_2_and_leaves_nothing_behind() {
    let folder = Folder::new();
    let wrong: [(&[&str], &str); 9] = [
        (&["serve"], "unrecognized subcommand"),
        (&["series", "points"], "SERIES"),
        (
            &["series", "points", "GDP", "--as-of", "yesterday"],
            "expected a date such as",
        ),
        (
            &["events", "replay", "users", "--since", "26-01-15", "--yes"],
            "expected a time such as",
        ),
        (&["series", "list"], "there is no data in hansa-data"),
        (&["series", "list", "--url", "localhost"], "http://127.0.0.1:8001"),
        (
            &["series", "list", "--url", "http://127.0.0.1:1"],
            "cannot reach http://127.0.0.1:1",
        ),
        (&["export"], "--all"),
        (&["import", "a.csv", "b.csv", "--batch", "k"], "one by one"),
    ];
    for (args, words) in wrong {
        let told = folder.run(args).fails();

        assert!(told.contains(words), "{args:?} says {words:?}: {told}");
    }
    assert!(!exists(&folder, "hansa-data"));
}

#[test]
fn schemas_and_completions_are_printed_without_any_data() {
    let folder = Folder::new();

    assert!(folder.run(&["schema"]).succeeds().contains("type FinancialSeries"));
    assert!(
        folder
            .run(&["schema", "--openapi"])
            .succeeds()
            .contains("/api/v1/financial-data/bulk")
    );
    assert!(folder.run(&["completions", "bash"]).succeeds().contains("hansa"));
    assert!(!exists(&folder, "hansa-data"));
}
