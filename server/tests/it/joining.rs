//! A gateway in front of services of its own process and of others.

use crate::program::{Folder, Server};

/// The first quarter of 2020 as a gateway tells it.
fn growth(server: &Server) -> String {
    server.ask_gateway(r#"{ financialSeries(id: "GDP") { latest { date value } } }"#)
}

#[test]
fn up_has_a_gateway_in_front_of_its_services() {
    let server = Folder::new().up(&["--demo"]);

    assert!(
        growth(&server).contains(r#""value":"29962.047""#),
        "{}",
        growth(&server)
    );
}

#[test]
fn a_process_joins_a_service_of_another_process() {
    let data = Folder::new().up(&["--demo", "--no-gateway"]);
    let elsewhere = format!("financial-data={}", data.url());

    let gateway = Folder::new().up(&["--with", &elsewhere]);

    assert!(
        growth(&gateway).contains(r#""value":"29962.047""#),
        "{}",
        growth(&gateway)
    );
    assert!(!gateway.said.contains("keeps its data"), "{}", gateway.said);
}

#[test]
fn a_service_of_another_process_may_come_later() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);

    let folder = Folder::new();
    let elsewhere = format!("financial-data=http://127.0.0.1:{port}");
    let up = ["up", "--only", "financial-data", "--gateway-port", "0", "--with"];
    let mut up = folder.command(&[&up[..], &[&elsewhere]].concat());
    up.stderr(std::fs::File::create(folder.path("log")).unwrap());
    let gateway = Server::started(up);
    let early = gateway.answer("/readyz");
    let data = Folder::new();
    let arguments = [
        "up",
        "--demo",
        "--no-gateway",
        "--only",
        "financial-data",
        "--data",
        "data",
        "--port",
        &port,
    ];
    let _data = data.start(&arguments);
    let began = std::time::Instant::now();
    while !gateway.answer("/readyz").starts_with("HTTP/1.0 200") {
        assert!(began.elapsed().as_secs() < 30, "{}", gateway.answer("/readyz"));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }

    assert!(
        early.starts_with("HTTP/1.0 503") && early.contains("subgraph financial-data is away"),
        "{early}"
    );
    assert!(
        growth(&gateway).contains(r#""value":"29962.047""#),
        "{}",
        growth(&gateway)
    );
    gateway.stop();
    let log = std::fs::read_to_string(folder.path("log")).unwrap();
    let (waits, serves) = ("not complete yet", "complete and served");
    assert!(log.find(waits) < log.find(serves), "{log}");
    assert!(log.contains(waits), "{log}");
}

#[test]
fn a_listed_subgraph_is_asked_for_its_schema_and_served() {
    let data = Folder::new().up(&["--demo", "--no-gateway"]);
    let folder = Folder::new();
    let list = format!(
        "subgraphs:\n  data:\n    schema: {{ subgraph_url: \"{}/graphql\" }}\n",
        data.url()
    );
    folder.file("supergraph.yaml", list);

    let gateway = folder.start(&["gateway", "--config", "supergraph.yaml", "--port", "0"]);

    assert!(
        growth(&gateway).contains(r#""value":"29962.047""#),
        "{}",
        growth(&gateway)
    );
}
