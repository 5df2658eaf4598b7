//! What one request, and all of them together, may use.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, OnceLock},
    time::Duration as Time,
};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
    middleware::from_fn,
    routing::{get, post},
};
use bytes::Bytes;
use platform_config::{ByteSize, Config, Duration};
use platform_http::{App, Limits, Nested, Per, Quota, RateLimit, allow, stack};
use serde_json::json;

use crate::{app, body, get_request, problem, send};

#[tokio::test]
async fn a_body_over_the_limit_is_refused_with_the_limit() {
    let announced = Request::post("/size").body(Body::from(vec![0; 1001])).unwrap();
    let chunks = futures::stream::iter((0..30).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![0; 100]))));
    let streamed = Request::post("/size").body(Body::from_stream(chunks)).unwrap();

    for request in [announced, streamed] {
        let refused = problem(send(&app(), request).await).await;

        assert_eq!(
            (&refused["status"], &refused["limitBytes"]),
            (&json!(413), &json!(1000))
        );
        assert_eq!(refused["detail"], "the body is larger than 1KB");
    }
}

#[tokio::test]
async fn a_route_may_take_more() {
    let request = Request::post("/large").body(Body::from(vec![0; 900_000])).unwrap();

    assert_eq!(body(send(&app(), request).await).await, b"900000");
}

#[tokio::test]
async fn no_other_limit_than_the_one_set_applies() {
    let limits = Limits {
        body: ByteSize::mb(4),
        ..Limits::default()
    };
    let app = stack(
        Router::new().route("/size", post(|body: Bytes| async move { body.len().to_string() })),
        &limits,
    );
    let sized = |size: usize| Request::post("/size").body(Body::from(vec![0; size])).unwrap();

    let (taken, refused) = (send(&app, sized(3_000_000)).await, send(&app, sized(4_000_001)).await);

    assert_eq!(body(taken).await, b"3000000");
    assert_eq!(problem(refused).await["limitBytes"], 4_000_000);
}

#[tokio::test]
async fn a_compressed_bomb_is_refused_by_what_it_unpacks_to() {
    let packed = gzip_of_zeros().await;
    assert!(packed.len() < 1000);
    let request = Request::post("/size")
        .header(header::CONTENT_ENCODING, "gzip")
        .body(Body::from(packed))
        .unwrap();

    let refused = problem(send(&app(), request).await).await;

    assert_eq!(refused["status"], 413);
}

/// The edge's own compression of a page of zeros.
async fn gzip_of_zeros() -> Vec<u8> {
    let zeros = stack(
        Router::new().route("/", get(|| async { "0".repeat(100_000) })),
        &Limits::default(),
    );
    let request = Request::get("/")
        .header(header::ACCEPT_ENCODING, "gzip")
        .body(Body::empty())
        .unwrap();
    let response = send(&zeros, request).await;
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    body(response).await
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_too_long_is_cut_off() {
    let refused = problem(send(&app(), get_request("/slow")).await).await;

    assert_eq!((&refused["status"], &refused["code"]), (&json!(504), &json!("TIMEOUT")));
    assert_eq!(refused["detail"], "the answer took longer than 200ms");
}

#[tokio::test(start_paused = true)]
async fn a_route_may_take_less_time() {
    let brief = allow(ByteSize::mb(1), Duration::from_millis(50));
    let slow = get(|| async { tokio::time::sleep(Time::from_secs(60)).await }).layer(brief);
    let app = stack(Router::new().route("/", slow), &Limits::default());
    let started = tokio::time::Instant::now();

    let refused = problem(send(&app, get_request("/")).await).await;

    assert_eq!(refused["detail"], "the answer took longer than 50ms");
    assert!(started.elapsed() < Time::from_secs(1));
}

#[tokio::test]
async fn more_than_are_worked_on_wait_and_what_they_ask_for_in_turn_does_not() {
    let itself = Arc::new(OnceLock::<App>::new());
    let inner = itself.clone();
    let outer = get(move || async move {
        let mut request = get_request("/inner");
        request.extensions_mut().insert(Nested);
        tokio::time::sleep(Time::from_millis(20)).await;
        send(inner.get().unwrap(), request).await.status()
    });
    let limits = Limits {
        concurrency: 1,
        waiting: 2,
        ..Limits::default()
    };
    let router = Router::new()
        .route("/outer", outer)
        .route("/inner", get(|| async { "done" }));
    let app = itself.get_or_init(|| stack(router, &limits));

    let all = (0..4).map(|_| send(app, get_request("/outer")));
    let answers = futures::future::join_all(all).await;

    let statuses: Vec<_> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    assert_eq!(statuses, [200, 200, 200, 503]);
}

#[tokio::test(start_paused = true)]
async fn too_much_at_once_is_shed() {
    let app = app();
    let slow = || send(&app, get_request("/slow"));

    let (_, _, third) = tokio::join!(slow(), slow(), slow());

    assert_eq!(third.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(third.headers()[header::RETRY_AFTER], "1");
}

#[tokio::test]
async fn who_asks_too_often_is_told_how_long_to_wait() {
    let one = NonZeroU32::MIN;
    let limit = RateLimit::new(Quota {
        count: one,
        per: Per::Second,
        burst: one,
    });
    let router = Router::new().route("/", get(|| async { "yes" }));
    let app = stack(
        router.layer(from_fn(move |request, next| limit.clone().per_client(request, next))),
        &Limits::default(),
    );

    let (first, second) = (send(&app, get_request("/")).await, send(&app, get_request("/")).await);

    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(second.headers()[header::RETRY_AFTER], "1");
    assert_eq!(problem(second).await["code"], "RATE_LIMITED");
}

#[test]
fn keys_are_limited_apart_and_more_than_a_burst_never_fits() {
    let quota = Quota {
        count: NonZeroU32::MIN,
        per: Per::Second,
        burst: NonZeroU32::new(10).unwrap(),
    };
    let limit = RateLimit::new(quota);

    assert!(limit.check_many("a", quota.burst).is_ok());
    assert!(limit.check("a").is_err());
    assert!(limit.check("b").is_ok());
    assert!(limit.check_many("c", NonZeroU32::new(11).unwrap()).is_err());
}

#[test]
fn a_quota_is_for_a_second_a_minute_or_an_hour() {
    let read = |text: &str| Config::parse(text).unwrap().section::<BTreeMap<String, Quota>>("rate");
    let quota = |text: &str| read(&format!("rate.quota = {text}")).unwrap()["quota"];
    let number = |number| NonZeroU32::new(number).unwrap();
    let of = |count, per, burst| Quota {
        count: number(count),
        per,
        burst: number(burst),
    };

    assert_eq!(quota("{ per-second = 5, burst = 50 }"), of(5, Per::Second, 50));
    assert_eq!(quota("{ per-minute = 10 }"), of(10, Per::Minute, 10));
    assert_eq!(quota("{ per-hour = 5, burst = 1 }"), of(5, Per::Hour, 1));
    for wrong in ["{ burst = 5 }", "{ per-second = 1, per-hour = 5 }"] {
        let refused = read(&format!("rate.quota = {wrong}")).unwrap_err().to_string();
        let expected = "a quota has exactly one of per-second, per-minute and per-hour";
        assert!(
            refused.contains("rate.quota") && refused.contains(expected),
            "{refused}"
        );
    }
    let endless = read("rate.quota = { per-hour = 1, burst = 4000000000 }")
        .unwrap_err()
        .to_string();
    assert!(
        endless.contains("the burst of a quota takes at most a year to come back"),
        "{endless}"
    );
}

#[test]
fn a_slow_rate_is_kept_and_divided_exactly() {
    let six_an_hour = Quota {
        count: NonZeroU32::new(6).unwrap(),
        per: Per::Hour,
        burst: NonZeroU32::new(8).unwrap(),
    };
    let whole = RateLimit::new(six_an_hour);
    let eighth = RateLimit::share(six_an_hour, NonZeroU32::new(8).unwrap());

    for (limit, accepted, wait) in [(whole, 8, 600), (eighth, 1, 4800)] {
        for _ in 0..accepted {
            assert_eq!(limit.check("ada"), Ok(()));
        }
        let left = limit.check("ada").unwrap_err().retry_after_seconds;
        assert!((wait - 5..=wait).contains(&left), "{left}");
    }
}

#[test]
fn a_crowd_of_callers_is_counted_as_fast_as_a_few() {
    let limit = RateLimit::per_minute(NonZeroU32::MIN);
    let started = std::time::Instant::now();

    for caller in 0..200_000 {
        assert!(limit.check(&caller.to_string()).is_ok());
    }

    // Looking through all of them for each takes hours.
    assert!(started.elapsed() < Time::from_secs(60));
    assert!(limit.check("7").is_err());
}
