//! Settings: where they come from, what they print, what is refused.

use crate::{
    federation::project,
    program::{Folder, exists},
};

#[test]
fn the_settings_in_effect_are_printed_without_secrets() {
    let folder = Folder::new();
    let file = folder.file(
        "hansa.toml",
        "[lake]\ns3-secret = \"hunter2\"\nmemory-limit = \"2GB\"\n",
    );

    let printed = folder
        .run(&[
            "config",
            "--config",
            &file,
            "--set",
            "lake.catalog=postgres://me:hunter3@db/lake",
        ])
        .succeeds();

    assert!(!printed.contains("hunter"), "{printed}");
    assert!(
        printed.contains("memory-limit = \"2GB\"") && printed.contains("port = 8001"),
        "{printed}"
    );
}

#[test]
fn what_is_printed_is_a_settings_file() {
    let folder = Folder::new();
    let printed = folder.run(&["config"]).succeeds();
    let file = folder.file("hansa.toml", &printed);

    assert_eq!(folder.run(&["config", "--config", &file]).succeeds(), printed);
}

#[test]
fn flags_win_over_the_environment_and_older_names_work() {
    let folder = Folder::new();
    let mut command = folder.command(&["config", "--set", "financial-data.refresh=2s"]);
    command
        .env("FINANCIAL_DATA_SERVICE_PORT", "9001")
        .env("GATEWAY_PORT", "9002")
        .env("MONOLITHIC_BACKEND_URL", "http://127.0.0.1:8000/graphql")
        .env("PARQUET_STORAGE_PATH", "/data/parquet")
        .env("ARROW_MEMORY_LIMIT", "1GB")
        .env("HANSA_FINANCIAL_DATA__REFRESH", "1s")
        .env("HANSA_DATA", "elsewhere");

    let printed = String::from_utf8(command.output().unwrap().stdout).unwrap();

    let settings = [
        "port = 9001",
        "port = 9002",
        "url = \"http://127.0.0.1:8000/graphql\"",
        "\"/data/parquet\"",
        "memory-limit = \"1GB\"",
        "refresh = \"2s\"",
        "\"elsewhere\"",
    ];
    for setting in settings {
        assert!(printed.contains(setting), "{setting} in\n{printed}");
    }
}

#[test]
fn the_older_name_of_the_catalog_is_a_directory() {
    let folder = Folder::new();
    let file = folder.file("rows.csv", "series_id,date,value\na,2024-01-01,1\n");
    let mut command = folder.command(&["import", &file]);
    let status = command
        .env("ICEBERG_CATALOG_PATH", "catalog/iceberg")
        .env("PARQUET_STORAGE_PATH", "files")
        .status()
        .unwrap();

    assert_eq!(status.code(), Some(0));
    assert!(exists(&folder, "catalog/iceberg/catalog.db") && exists(&folder, "files/financial_data"));
}

#[test]
fn the_older_name_of_a_server_is_a_url() {
    let folder = Folder::with_rows("series_id,date,value\na,2024-01-01,1\n");
    let server = folder.up(&[]);
    let mut command = folder.command(&["series", "points", "a", "--format", "csv"]);
    command.env("FINANCIAL_DATA_SERVICE_URL", format!("{}/graphql", server.url()));

    assert_eq!(
        String::from_utf8(command.output().unwrap().stdout).unwrap(),
        "date,value\n2024-01-01,1\n"
    );
}

#[test]
fn the_older_name_of_a_server_is_a_peer_of_what_serves_unless_it_is_the_same() {
    let folder = Folder::with_rows("series_id,date,value\na,2024-01-01,1\n");
    let server = folder.up(&[]);
    let other = Folder::new();
    let up = [
        "up",
        "--only",
        "security",
        "--set",
        "security.port=0",
        "--gateway-port",
        "0",
    ];
    let url = format!("{}/graphql", server.url());
    let elsewhere = other.start_with(&up, &[("FINANCIAL_DATA_SERVICE_URL", &url)]);
    let told = elsewhere.ask_gateway(r#"{ financialSeries(id: "a") { latest { value } } }"#);

    let ports = ["auth", "security", "users"].map(|service| format!("{service}.port=0"));
    let mut up = vec!["up", "--no-gateway", "--port", "0"];
    up.extend(ports.iter().flat_map(|port| ["--set", port]));
    let own = folder.start_with(&up, &[("FINANCIAL_DATA_SERVICE_URL", "http://localhost:0/graphql")]);

    assert!(told.contains(r#""value":"1""#), "{told}");
    assert!(own.said.contains("hansa listens on"), "{}", own.said);
}

#[test]
fn what_kubernetes_tells_of_a_service_of_the_same_name_is_no_port() {
    let folder = Folder::new();
    let mut command = folder.command(&["config"]);
    command.env("GATEWAY_PORT", "tcp://10.0.0.7:8002");

    let told = String::from_utf8(command.output().unwrap().stdout).unwrap();

    assert!(told.contains("[gateway]") && told.contains("port = 8002"), "{told}");
}

#[test]
fn a_database_for_a_service_that_there_is_not_is_refused() {
    let folder = Folder::new();

    let told = folder
        .run(&["config", "--set", "database.services.usres=sqlite:x"])
        .fails();

    assert!(
        told.contains("database.services.usres: there is no service of this name"),
        "{told}"
    );
    assert!(told.contains("users"), "{told}");
}

#[test]
fn a_gateway_refuses_times_of_nothing_where_nothing_is_not_off() {
    let folder = Folder::new();
    for key in [
        "poll",
        "http.timeout",
        "subscriptions.heartbeat",
        "subgraphs.users.timeout",
    ] {
        let setting = format!("gateway.{key}=0s");
        let told = folder
            .run(&[
                "up",
                "--only",
                "security",
                "--set",
                "security.port=0",
                "--set",
                &setting,
            ])
            .fails();

        assert!(told.contains(&format!("gateway.{key} must be longer than 0")), "{told}");
    }
}

#[test]
fn a_second_v_lets_all_that_is_ours_say_what_it_does() {
    let printed = Folder::new().run(&["config", "-vv"]).succeeds();

    let services = ["auth", "security", "users", "financial_data"];
    for name in ["hansa", "platform", "contracts", "federation"].iter().chain(&services) {
        assert!(printed.contains(&format!(",{name}=debug")), "{name} in\n{printed}");
    }
}

#[test]
fn an_unknown_setting_is_refused_and_the_nearest_named() {
    let folder = Folder::new();

    let told = folder.run(&["config", "--set", "lake.memory-limits=1GB"]).fails();

    assert!(
        told.contains("lake.memory-limits") && told.contains("memory-limit"),
        "{told}"
    );
}

#[test]
fn commands_on_data_take_the_settings_of_a_whole_system() {
    let folder = Folder::new();
    let rows = folder.file("rows.csv", "series_id,date,value\na,2024-01-01,1\n");
    let all = folder.run(&["config", "--set", "host.data=data"]).succeeds();
    let file = folder.file("hansa.toml", &all);

    folder.run(&["import", &rows, "--config", &file]).succeeds();
    let points = folder.run(&["series", "points", "a", "--format", "csv", "--config", &file]);
    let wrong = folder.run(&[
        "series",
        "list",
        "--config",
        &file,
        "--set",
        "databases.url=postgres://db",
    ]);

    assert_eq!(points.succeeds(), "date,value\n2024-01-01,1\n");
    assert!(wrong.fails().contains("[databases]"));
}

#[test]
fn a_gateway_takes_the_settings_of_a_whole_system() {
    let folder = project();
    let compose = ["schema", "compose", "--config", "supergraph.yaml"];
    folder.file("supergraph.graphql", folder.run(&compose).succeeds());
    let all = folder.run(&["config", "--set", "host.data=data"]).succeeds();
    let file = folder.file("hansa.toml", &all);
    let serve = [
        "gateway",
        "--supergraph",
        "supergraph.graphql",
        "--config",
        &file,
        "--port",
        "0",
    ];

    let gateway = folder.start_with(&serve, &[("PARQUET_STORAGE_PATH", "elsewhere")]);

    let answer = gateway.ask_gateway("{ __typename }");
    assert_eq!(answer, r#"{"data":{"__typename":"Query"}}"#);
}
