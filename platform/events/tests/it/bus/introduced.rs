//! How a process says to a NATS server who it is.

use platform_config::Secret;
use platform_error::{Code, Coded};
use platform_events::{Bus, NatsBus, Settings, Start};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use crate::world::{Store, World};

const INFO: &str = r#"INFO {"server_id":"a","server_name":"a","version":"2.10.0","go":"go","host":"127.0.0.1","port":4222,"headers":true,"max_payload":1048576,"proto":1,"auth_required":true}"#;

/// What somebody who is to reach a server at `user` says of themselves there.
async fn said(user: &str) -> serde_json::Value {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings {
        nats_url: Secret::new(format!("nats://{user}{}", server.local_addr().unwrap())),
        ..Settings::default()
    };
    let heard = async {
        let (stream, _) = server.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(format!("{INFO}\r\n").as_bytes()).await.unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        serde_json::from_str(line.strip_prefix("CONNECT ").unwrap()).unwrap()
    };
    let bus = NatsBus::new(&settings).unwrap();
    tokio::select! {
        heard = heard => heard,
        _ = bus.position(Start::End) => panic!("nobody was asked to connect"),
    }
}

#[tokio::test]
async fn the_user_and_the_password_in_the_address_are_shown() {
    let said = said("hansa:p%40ss%2Fword@").await;

    assert_eq!((&said["user"], &said["pass"]), (&"hansa".into(), &"p@ss/word".into()));
}

#[tokio::test]
async fn a_token_in_the_address_is_shown() {
    assert_eq!(said("s3cret@").await["auth_token"], "s3cret");
}

#[tokio::test]
async fn who_is_given_neither_shows_neither() {
    let said = said("").await;

    assert_eq!((&said["user"], &said["auth_token"]), (&().into(), &().into()));
}

#[tokio::test]
async fn settings_that_cannot_be_read_end_the_start_instead_of_being_tried_again() {
    for (wrong, told) in [
        ("nats-url = \"nats://[\"", "events.nats-url is not an address"),
        (
            "nats-url = \"nats://a:4222,http://b\"",
            "events.nats-url is not an address",
        ),
        ("nats-url = \"nats:///\"", "events.nats-url is not an address"),
        ("nats-url = \"\"", "events.nats-url is not an address"),
        (
            "nats-credentials = \"/nowhere/hansa.creds\"",
            "events.nats-credentials: /nowhere/hansa.creds: ",
        ),
        ("nats-stream = \"ha.nsa\"", "events.nats-stream must be a name"),
    ] {
        let world = World::with(None, &format!("bus = \"nats\"\n{wrong}"));
        let context = world.context("orders");

        let refused = Store::open(context.clone()).await.expect_err(wrong);

        assert_eq!(refused.code(), Code::Invalid, "{wrong}");
        assert!(refused.to_string().starts_with(told), "{wrong}: {refused}");
    }
}

#[test]
fn a_bus_that_is_printed_shows_no_password() {
    let settings = Settings {
        nats_url: Secret::new("nats://hansa:hush@127.0.0.1:4222".into()),
        ..Settings::default()
    };

    let printed = format!("{:?}", NatsBus::new(&settings).unwrap());

    assert!(!printed.contains("hush"), "{printed}");
}
