//! Processes in which a single thread does all the work.

use std::{
    net::{SocketAddr, TcpStream},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

use async_graphql::Object;
use tokio::sync::Barrier;

use crate::{
    program::{Folder, Server, ask, until},
    stitching::service,
};

const SINGLE: [&str; 2] = ["--set", "host.threads=1"];
const PLACES: usize = 4;
const TABLE: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
type Query { sit(guest: Int!): Int! }
"#;

/// A table at which nobody is served until all places are taken.
#[derive(Clone)]
struct Table {
    places: Arc<Barrier>,
    guests: Arc<AtomicUsize>,
}

#[Object]
impl Table {
    async fn sit(&self, guest: i32) -> i32 {
        self.guests.fetch_add(1, Ordering::SeqCst);
        self.places.wait().await;
        guest
    }
}

/// A gateway of one thread before a table.
fn gateway(folder: &Folder, table: SocketAddr) -> Server {
    folder.file("table.graphql", TABLE);
    let list = format!(
        "subgraphs:\n  table:\n    routing_url: http://{table}/graphql\n    schema: {{ file: table.graphql }}\n"
    );
    folder.file("supergraph.yaml", list);
    let compose = ["schema", "compose", "--config", "supergraph.yaml"];
    folder.file("supergraph.graphql", folder.run(&compose).succeeds());
    let serve = ["gateway", "--supergraph", "supergraph.graphql", "--port", "0"];
    folder.start(&[&serve[..], &SINGLE].concat())
}

/// Guests who come at the same time.
fn seat(address: &str, guests: Range<usize>) -> Vec<JoinHandle<String>> {
    let seat = |guest| {
        let (address, query) = (address.to_owned(), format!("{{ sit(guest: {guest}) }}"));
        thread::spawn(move || ask(&address, &query))
    };
    guests.map(seat).collect()
}

#[track_caller]
fn are_served(guests: Vec<JoinHandle<String>>, expected: Range<usize>) {
    let answers: Vec<_> = guests.into_iter().map(|guest| guest.join().unwrap()).collect();
    let expected: Vec<_> = expected
        .map(|guest| format!(r#"{{"data":{{"sit":{guest}}}}}"#))
        .collect();
    assert_eq!(answers, expected);
}

#[test]
fn a_gateway_of_one_thread_serves_many_at_a_time_and_whoever_waits_when_it_stops() {
    let (places, guests) = (Arc::new(Barrier::new(PLACES)), Arc::<AtomicUsize>::default());
    let table = Table { places, guests };
    let (folder, address) = (Folder::new(), service(table.clone()));
    let gateway = gateway(&folder, address);

    are_served(seat(&gateway.address, 0..PLACES), 0..PLACES);
    let waiting = seat(&gateway.address, 1..PLACES);
    until("the others wait", || {
        table.guests.load(Ordering::SeqCst) == 2 * PLACES - 1
    });
    gateway.interrupt();
    until("nobody else is let in", || {
        TcpStream::connect(&gateway.address).is_err()
    });
    are_served(seat(&address.to_string(), 0..1), 0..1);

    are_served(waiting, 1..PLACES);
    assert_eq!(gateway.ended(), (Some(0), "stopped\n".into()));
}

#[test]
fn a_server_of_one_thread_loads_the_demo_takes_an_import_and_answers() {
    let folder = Folder::new();
    let rows = folder.file("rows.csv", "series_id,date,value\na,2024-01-01,1\n");
    let server = folder.up(&[&["--demo"][..], &SINGLE].concat());
    let url = server.url();

    folder
        .run(&["import", &rows, "--source", "ME", "--url", &url])
        .succeeds();
    let points = folder.run(&["series", "points", "ME:a", "--format", "csv", "--url", &url]);
    let growth = server.ask_gateway(r#"{ financialSeries(id: "GDP") { latest { date value } } }"#);

    assert_eq!(points.succeeds(), "date,value\n2024-01-01,1\n");
    assert!(growth.contains(r#""value":"29962.047""#), "{growth}");
    assert_eq!(server.stop(), (Some(0), "stopped\n".into()));
}
