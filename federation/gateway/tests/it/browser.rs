//! Browsers that signed in with cookies, and pages of other sites that would like to use them.

use axum::http::HeaderValue;
use serde_json::{Value, json};

use crate::support::{
    people::{Process, SignedIn},
    socket::{Socket, handshake},
    staff,
};

const WHO: &str = "{ account { email } }";
const MAKE_A_KEY: &str = "mutation { createApiKey(input: { name: \"stolen\", scopes: [] }) { text } }";

/// A process with somebody in it who has signed in with a browser and with a program.
async fn process(settings: &str) -> (Process, SignedIn, SignedIn) {
    let process = Process::start(vec![staff::staff()], settings).await;
    process.register("ada").await;
    let (browser, program) = (
        process.sign_in("ada", "cookie").await,
        process.sign_in("ada", "bearer").await,
    );
    (process, browser, program)
}

#[tokio::test]
async fn a_browser_that_signed_in_is_known_to_the_gateway_and_to_what_is_behind_it() {
    let (process, browser, _) = process("").await;
    let ours = [("cookie", &*browser.cookies), ("x-csrf-token", &*browser.csrf)];

    let known = process.ask(&ours, "{ account { email } me { email } }").await;
    let changed = process.ask(&ours, MAKE_A_KEY).await;
    let nobody = process.ask(&[], WHO).await;

    let expected =
        json!({ "data": { "account": { "email": "ada@example.com" }, "me": { "email": "ada@example.org" } } });
    assert_eq!(known, (200, expected));
    assert!(changed.1["data"]["createApiKey"]["text"].is_string(), "{changed:?}");
    assert_eq!(nobody, (200, json!({ "data": { "account": null } })));
}

#[tokio::test]
async fn a_page_of_another_site_makes_a_browser_send_its_cookies_in_vain() {
    for settings in ["", "gateway.csrf.enabled = false"] {
        let (process, browser, program) = process(settings).await;
        let (cookies, other) = (&*browser.cookies, process.sign_in("ada", "cookie").await);

        let attacks = [
            process.ask(&[("cookie", cookies)], MAKE_A_KEY).await,
            process
                .ask(&[("cookie", cookies), ("x-csrf-token", "")], MAKE_A_KEY)
                .await,
            process
                .ask(&[("cookie", cookies), ("x-csrf-token", "made up")], MAKE_A_KEY)
                .await,
            process
                .ask(&[("cookie", cookies), ("x-csrf-token", &*other.csrf)], MAKE_A_KEY)
                .await,
        ];
        let form = process.client.post(&process.url).header("cookie", cookies);
        let form = form
            .header("content-type", "text/plain")
            .body(json!({ "query": MAKE_A_KEY }).to_string());
        let image = format!("{}?query=%7Baccount%7Bemail%7D%7D", process.url);
        let image = process.client.get(&image).header("cookie", cookies);
        let (form, image) = (form.send().await.unwrap(), image.send().await.unwrap());

        for (status, answer) in attacks {
            assert_eq!(status, 403, "{answer}");
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
        }
        assert_eq!((form.status().as_u16(), image.status().as_u16()), (400, 400));
        assert!(!image.text().await.unwrap().contains("ada@"));
        let keys = process
            .ask_auth(&program, "{ account { apiKeys { nodes { name } } } }")
            .await;
        assert_eq!(keys["data"]["account"]["apiKeys"]["nodes"], json!([]), "{keys}");
    }
}

#[tokio::test]
async fn a_read_by_cookie_needs_what_no_foreign_page_can_send_and_no_more() {
    let (process, browser, _) = process("").await;
    let url = format!("{}?query=%7Baccount%7Bemail%7D%7D", process.url);

    let read = process.client.get(&url).header("cookie", &*browser.cookies);
    let read = read.header("x-require-preflight", "1").send().await.unwrap();

    let answer: Value = read.json().await.unwrap();
    assert_eq!(answer["data"]["account"]["email"], "ada@example.com", "{answer}");
}

#[tokio::test]
async fn a_header_counts_and_the_cookie_beside_it_does_not() {
    let (process, browser, program) = process("").await;
    process.register("bob").await;
    let bob = process.sign_in("bob", "bearer").await.token.unwrap();
    let authorization = format!("Bearer {bob}");

    let both = process
        .ask(&[("cookie", &browser.cookies), ("authorization", &authorization)], WHO)
        .await;
    let broken = process
        .ask(
            &[("cookie", &browser.cookies), ("authorization", "Bearer nonsense")],
            WHO,
        )
        .await;

    assert_eq!(both.1["data"]["account"]["email"], "bob@example.com", "{both:?}");
    assert_eq!(broken.0, 401, "{broken:?}");
    assert!(program.token.is_some());
}

#[tokio::test]
async fn cookies_are_not_looked_at_where_that_is_set() {
    let (process, browser, _) = process("gateway.jwt.cookie = \"\"").await;

    let ignored = process
        .ask(&[("cookie", &browser.cookies), ("x-csrf-token", &browser.csrf)], WHO)
        .await;

    assert_eq!(ignored, (200, json!({ "data": { "account": null } })));
}

#[tokio::test]
async fn a_socket_with_cookies_is_opened_by_pages_of_the_gateway_and_of_named_origins_alone() {
    let settings = "gateway.subscriptions.origins = [\"*\", \"https://shop.example\"]";
    let (process, browser, _) = process(settings).await;
    let own = process.url.trim_end_matches("/graphql").to_owned();
    let open = |origin: String| {
        let mut request = handshake(&process.url);
        for (name, value) in [("cookie", browser.cookies.as_str()), ("origin", origin.as_str())] {
            request
                .headers_mut()
                .insert(name, HeaderValue::from_str(value).unwrap());
        }
        Socket::open(request)
    };

    let foreign = open("https://evil.example".into()).await;
    assert!(foreign.is_err());
    for origin in [own, "https://shop.example".into()] {
        let mut socket = open(origin).await.expect("the gateway takes this page's connection");
        socket.say(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket.subscribe("1", WHO).await;
        assert_eq!(socket.next().await["data"]["account"]["email"], "ada@example.com");
    }
}
