//! Whom a request came from, behind proxies: through a real socket, whose other end is this machine.

use std::{net::SocketAddr, num::NonZeroU32};

use axum::{Router, extract::ConnectInfo, middleware::from_fn, routing::get};
use platform_http::{Client, ClientSettings, RateLimit, ServeSettings, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What was asked with which headers, and whose address counted.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str);

/// Serves `app`, whose proxies are these, while it is asked.
async fn while_served<T>(app: Router, proxies: &[&str], ask: impl AsyncFnOnce(String, Client) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let settings = ServeSettings {
        trusted_proxies: proxies.iter().map(|proxy| proxy.parse().unwrap()).collect(),
        ..ServeSettings::default()
    };
    let stop = CancellationToken::new();
    let serving = serve(listener, app, settings, stop.clone());
    let asking = async {
        let told = ask(url, Client::new(&ClientSettings::default()).unwrap()).await;
        stop.cancel();
        told
    };
    tokio::join!(asking, serving).0
}

async fn told(client: &Client, url: &str, headers: &[(&str, &str)]) -> String {
    let request = headers
        .iter()
        .fold(client.get(url), |request, (name, value)| request.header(*name, *value));
    request.send().await.unwrap().text().await.unwrap()
}

fn whoami() -> Router {
    let whoami = async |ConnectInfo(client): ConnectInfo<SocketAddr>| client.ip().to_string();
    Router::new().route("/", get(whoami))
}

async fn check(proxies: &[&str], cases: &[Case<'_>]) {
    while_served(whoami(), proxies, async |url, client| {
        for (headers, counted) in cases {
            assert_eq!(told(&client, &url, headers).await, *counted, "{headers:?}");
        }
    })
    .await;
}

const FOR: &str = "x-forwarded-for";
const FORWARDED: &str = "forwarded";

#[tokio::test]
async fn nobody_is_believed_unless_the_settings_name_them() {
    let claims: [Case; 2] = [
        (&[(FOR, "198.51.100.7")], "127.0.0.1"),
        (&[(FORWARDED, "for=198.51.100.7")], "127.0.0.1"),
    ];

    check(&[], &claims).await;
    check(&["10.0.0.0/8", "127.0.0.2"], &claims).await;
}

#[tokio::test]
async fn a_proxy_that_is_believed_says_who_the_client_is_and_what_the_client_wrote_does_not_count() {
    let cases: [Case; 12] = [
        (&[], "127.0.0.1"),
        (&[(FOR, "198.51.100.7")], "198.51.100.7"),
        (&[(FOR, "203.0.113.9, 198.51.100.7")], "198.51.100.7"),
        (&[(FOR, "203.0.113.9"), (FOR, "198.51.100.7")], "198.51.100.7"),
        // Another proxy of ours stands before the last one.
        (&[(FOR, "203.0.113.9, 198.51.100.7, 10.1.2.3")], "198.51.100.7"),
        (&[(FOR, "2001:db8::7")], "2001:db8::7"),
        (&[(FOR, "[2001:db8::7]:443, 10.0.0.1:80")], "2001:db8::7"),
        (&[(FOR, "::ffff:198.51.100.7")], "198.51.100.7"),
        (
            &[(FORWARDED, "for=198.51.100.7;proto=https;by=10.0.0.1")],
            "198.51.100.7",
        ),
        (
            &[(FORWARDED, "for=203.0.113.9, proto=https;For=\"[2001:db8::7]:4711\"")],
            "2001:db8::7",
        ),
        (&[(FORWARDED, "for=\"203.0.113.9, for=198.51.100.7")], "198.51.100.7"),
        (
            &[(FOR, "198.51.100.7"), (FORWARDED, "for=198.51.100.7")],
            "198.51.100.7",
        ),
    ];

    check(&["127.0.0.1", "10.0.0.0/8"], &cases).await;
}

#[tokio::test]
async fn what_cannot_be_read_or_contradicts_itself_leaves_the_last_proxy_that_is_known() {
    let cases: [Case; 8] = [
        (&[(FOR, "198.51.100.7, unknown")], "127.0.0.1"),
        (&[(FOR, "198.51.100.7, unknown, 10.1.2.3")], "10.1.2.3"),
        (&[(FOR, "198.51.100.7,")], "127.0.0.1"),
        (&[(FOR, "")], "127.0.0.1"),
        (&[(FORWARDED, "for=_hidden")], "127.0.0.1"),
        (&[(FORWARDED, "proto=https")], "127.0.0.1"),
        (&[(FOR, "198.51.100.7"), (FORWARDED, "for=203.0.113.9")], "127.0.0.1"),
        // A proxy on another machine means its own machine.
        (&[(FOR, "127.0.0.5, 10.1.2.3")], "10.1.2.3"),
    ];

    check(&["127.0.0.0/8", "10.0.0.0/8"], &cases).await;
}

#[tokio::test]
async fn clients_behind_a_proxy_count_one_by_one_and_a_client_that_makes_addresses_up_counts_as_one() {
    let limit = RateLimit::per_minute(NonZeroU32::MIN);
    let app = whoami().layer(from_fn(move |request, next| limit.clone().per_client(request, next)));

    while_served(app, &["127.0.0.1"], async |url, client| {
        let status = async |said: &str| {
            let answer = client.get(&url).header(FOR, said).send().await.unwrap();
            answer.status().as_u16()
        };
        assert_eq!(status("198.51.100.1").await, 200);
        assert_eq!(status("198.51.100.2").await, 200);
        for number in 0..5 {
            assert_eq!(status(&format!("203.0.113.{number}, 198.51.100.1")).await, 429);
        }
    })
    .await;
}

#[test]
fn networks_are_refused_that_are_none_or_everybody() {
    for text in ["", "proxy", "10.0.0.0/33", "10.0.0.0/x", "10.0.0/8", "::1/129"] {
        let refused = text.parse::<platform_http::Network>().unwrap_err();
        assert!(refused.contains("10.0.0.0/8"), "{refused}");
    }
    for text in ["0.0.0.0/0", "::/0"] {
        let refused = text.parse::<platform_http::Network>().unwrap_err();
        assert!(refused.contains("everybody"), "{refused}");
    }
}
