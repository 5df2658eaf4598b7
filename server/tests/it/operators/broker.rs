//! A broker that does not let an operator's command in.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
};

use crate::program::Folder;

const INFO: &str = r#"INFO {"server_id":"a","server_name":"a","version":"2.10.0","go":"go","host":"127.0.0.1","port":4222,"headers":true,"max_payload":1048576,"proto":1,"auth_required":true}"#;

#[test]
fn a_command_that_the_broker_refuses_says_so_once() {
    let broker = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("events.nats-url=nats://{}", broker.local_addr().unwrap());
    thread::spawn(move || {
        for stream in broker.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            stream.get_mut().write_all(format!("{INFO}\r\n").as_bytes()).unwrap();
            stream.read_line(&mut String::new()).unwrap();
            stream
                .get_mut()
                .write_all(b"-ERR 'Authorization Violation'\r\n")
                .unwrap();
        }
    });
    let folder = Folder::new();
    folder.run(&["migrate", "--data", "data"]).succeeds();
    let ask = [
        "events",
        "retention",
        "--data",
        "data",
        "--set",
        "events.bus=nats",
        "--set",
    ];

    let refused = folder.run(&[&ask[..], &[&url]].concat()).fails();

    assert!(refused.contains("authorization violation"), "{refused}");
    assert_eq!(refused.trim_end().lines().count(), 1, "{refused}");
}
