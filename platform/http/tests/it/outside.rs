//! A client for URLs that others have written stays outside.

use std::{convert::Infallible, process::Command, time::Duration};

use axum::{Router, body::Body, http::StatusCode, response::Redirect, routing::get};
use platform_http::{Client, ClientSettings, ServeSettings, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A refusal that never ends.
async fn endless() -> (StatusCode, Body) {
    let piece = || Ok::<_, Infallible>(vec![b' '; 16 << 10]);
    let pieces = futures::stream::repeat_with(piece);
    (StatusCode::BAD_GATEWAY, Body::from_stream(pieces))
}

/// A refusal that comes byte by byte, each in good time.
async fn dripping() -> (StatusCode, Body) {
    let drops = futures::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Ok::<_, Infallible>(vec![b' ']), ()))
    });
    (StatusCode::BAD_GATEWAY, Body::from_stream(drops))
}

async fn with_server<T>(ask: impl AsyncFnOnce(u16) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let stop = CancellationToken::new();
    let app = Router::new()
        .route("/", get(async || "secret"))
        .route("/endless", get(endless))
        .route("/dripping", get(dripping))
        .route("/away", get(async || Redirect::temporary("/")));
    let serving = serve(listener, app, ServeSettings::default(), stop.clone());
    let asking = async {
        let told = ask(port).await;
        stop.cancel();
        told
    };
    tokio::join!(asking, serving).0
}

#[tokio::test]
async fn nothing_of_this_machine_or_its_networks_is_reached() {
    let client = Client::outside(&ClientSettings::default(), &[]).unwrap();

    let told = with_server(async |port| {
        let mut told = Vec::new();
        for host in [
            "localhost",
            "127.0.0.1",
            "127.1.2.3",
            "0.0.0.0",
            "2130706433",
            "0x7f.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::]",
        ] {
            let answer = client.send(client.get(&format!("http://{host}:{port}/"))).await;
            told.extend(answer.is_ok().then_some(host));
        }
        told
    })
    .await;

    assert_eq!(told, Vec::<&str>::new());
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://172.16.0.1/",
        "http://100.64.0.1/",
        "http://[fd00::1]/",
        "http://[fe80::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b:1::808:808]/",
        "http://[2002:7f00:1::]/",
    ] {
        let refused = client.send(client.get(url)).await.unwrap_err();
        assert!(refused.message().contains("public internet"), "{url}: {refused}");
    }
    assert!(client.send(client.get("file:///etc/passwd")).await.is_err());
}

#[test]
fn a_proxy_of_the_environment_is_not_asked() {
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let here = std::env::current_exe().unwrap();
    let arguments = ["outside::a_name_is_asked_from_outside", "--exact", "--ignored"];
    let environment = [
        ("HTTPS_PROXY", &*url),
        ("https_proxy", &url),
        ("NO_PROXY", ""),
        ("no_proxy", ""),
    ];

    let output = Command::new(here).args(arguments).envs(environment).output().unwrap();

    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("1 passed"), "{text}");
    proxy.set_nonblocking(true).unwrap();
    assert!(
        proxy.accept().is_err(),
        "the proxy was asked, and would have resolved the name"
    );
}

#[tokio::test]
#[ignore = "runs in a process of its own, started by the test before, because a proxy is in its environment"]
async fn a_name_is_asked_from_outside() {
    let settings = ClientSettings {
        read_timeout: platform_config::Duration::from_secs(1),
        ..ClientSettings::default()
    };
    let client = Client::outside(&settings, &[]).unwrap();

    assert!(client.send(client.get("https://localhost:1/")).await.is_err());
}

#[tokio::test]
async fn a_host_that_is_trusted_is_reached_and_its_redirects_are_not_followed() {
    let trusted = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let client = Client::outside(&ClientSettings::default(), &trusted).unwrap();

    let (by_name, by_address, redirected) = with_server(async |port| {
        let send = async |url: String| client.send(client.get(&url)).await.unwrap();
        (
            send(format!("http://localhost:{port}/")).await.status(),
            send(format!("http://127.0.0.1:{port}/")).await.status(),
            send(format!("http://localhost:{port}/away")).await.status(),
        )
    })
    .await;

    assert_eq!(
        (by_name.as_u16(), by_address.as_u16(), redirected.as_u16()),
        (200, 200, 307)
    );
}

#[tokio::test]
async fn a_refusal_that_never_ends_is_read_to_its_beginning_alone() {
    let client = Client::outside(&ClientSettings::default(), &["127.0.0.1".to_owned()]).unwrap();

    for path in ["endless", "dripping"] {
        let refused = with_server(async |port| {
            let asked = client.send(client.get(&format!("http://127.0.0.1:{port}/{path}")));
            tokio::time::timeout(Duration::from_secs(20), asked).await
        })
        .await;

        let refused = refused.expect("it was read to an end that does not come").unwrap_err();
        assert!(refused.message().contains("502"), "{refused}");
    }
}
