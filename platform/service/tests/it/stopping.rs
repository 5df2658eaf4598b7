//! How a process stops: whom it tells, what it waits for, and that it can be stopped while it starts.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_graphql::{EmptyMutation, Subscription};
use axum::{Router, http::StatusCode, routing::get};
use futures::{Stream, StreamExt, future::ready, stream};
use platform_error::{Error, Result};
use platform_http::{Client, ClientResponse};
use platform_service::{CancellationToken, Context, Running, Service};
use serde_json::json;
use tokio::{sync::Notify, time::timeout};

use crate::{Query, Store, calendar, client, host};

/// Far less than the drain of these tests, and far more than what is waited for takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct Days;

#[Subscription]
impl Days {
    async fn days(&self) -> impl Stream<Item = i32> {
        stream::once(ready(15)).chain(stream::pending())
    }
}

fn url(running: &Running, path: &str) -> String {
    format!("http://{}{path}", running.addresses()["calendar"])
}

async fn chunk(response: &mut ClientResponse) -> Option<String> {
    let chunk = timeout(PATIENCE, response.chunk()).await.expect("something is said");
    let chunk = chunk.expect("the body does not break off")?;
    Some(String::from_utf8_lossy(&chunk).into_owned())
}

#[tokio::test]
async fn a_stop_ends_streams_and_does_not_wait_for_their_clients() {
    let schema = |store: &Store| platform_graphql::schema(Query(store.clone()), EmptyMutation, Days).finish();
    let service = Service::new("calendar", 0).open(Store::open).graphql(schema);
    let (_folder, host) = host("[connections]\ndrain = \"1h\"");
    let running = host.services([service.into()]).start().await.unwrap();
    let client = client();
    let request = client
        .post(&url(&running, "/graphql"))
        .header("accept", "text/event-stream");
    let request = request.json(&json!({ "query": "subscription { days }" }));
    let mut events = client.send(request).await.unwrap();
    let first = chunk(&mut events).await.unwrap();

    let (stopped, last) = tokio::join!(timeout(PATIENCE, running.stop()), chunk(&mut events));

    assert!(stopped.is_ok(), "it waits for who listens");
    assert_eq!(first, "event: next\ndata: {\"data\":{\"days\":15}}\n\n");
    assert_eq!(last, None, "that it is complete is not said, because it is not");
}

/// Notes what becomes of it when it is told to stop, and takes its time.
async fn slow_to_end(context: Context, store: Store) -> Result<()> {
    context.stopping().cancelled().await;
    store.note(match context.shutdown().is_cancelled() {
        true => "told when requests were over",
        false => "told while requests finish",
    });
    context.shutdown().cancelled().await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    store.note("task ended");
    Ok(())
}

#[tokio::test]
async fn tasks_are_told_at_once_and_have_their_own_time_when_requests_have_used_up_theirs() {
    let begun = Arc::new(Notify::new());
    let told = begun.clone();
    let answer = async move || {
        told.notify_one();
        pending::<&str>().await
    };
    let endless = move |_: &Store| Router::new().route("/endless", get(answer.clone()));
    let service = Service::new("calendar", 0).open(Store::open).rest(endless);
    let service = service.task("slow to end", slow_to_end).close(Store::close);
    let (_folder, host) = host("[connections]\ndrain = \"2s\"");
    let running = host.services([service.into()]).start().await.unwrap();
    let (client, store) = (client(), running.store::<Store>("calendar").unwrap());
    let request = client.send(client.get(&url(&running, "/endless")));

    let stop = async {
        begun.notified().await;
        tokio::time::pause();
        running.stop().await;
    };
    tokio::select! {
        _ = request => panic!("it was answered"),
        () = stop => {}
    }

    let events = ["told while requests finish", "task ended", "closed"];
    assert_eq!(*store.events.lock().unwrap(), events);
}

async fn ask(client: &Client, url: &str) -> (StatusCode, String) {
    let answer = client.get(url).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_stop_is_announced_before_the_port_closes() {
    let (_folder, host) = host("notice = \"1h\"");
    let running = host.services([calendar()]).start().await.unwrap();
    let (ready, id) = (url(&running, "/readyz"), url(&running, "/id"));
    let client = client();

    let look = async {
        let announced = async {
            loop {
                let (status, said) = ask(&client, &ready).await;
                if status == StatusCode::SERVICE_UNAVAILABLE {
                    return said;
                }
            }
        };
        let said = timeout(PATIENCE, announced).await.expect("it says that it stops");
        let (status, _) = ask(&client, &id).await;
        // The hour is over.
        tokio::time::pause();
        (said, status)
    };
    let ((), (said, status)) = tokio::join!(running.stop(), look);

    assert!(said.contains("\"status\":\"stopping\""), "{said}");
    assert_eq!(status, StatusCode::OK, "it serves on for now");
    assert!(client.get(&id).send().await.is_err(), "the port is closed");
}

#[tokio::test]
async fn a_start_that_is_interrupted_fails_and_closes_what_was_open() {
    let closed = Arc::<Mutex<Vec<&str>>>::default();
    let noted = closed.clone();
    let first = Service::new("first", 0)
        .open(async |_: Context| Ok::<_, Error>(()))
        .close(move |()| {
            noted.lock().unwrap().push("first");
            ready(Ok::<_, Error>(()))
        });
    let interrupt = CancellationToken::new();
    let told = interrupt.clone();
    // As one that waits for a database, or for another process that migrates it.
    let second = Service::new("second", 0).open(move |_: Context| {
        told.cancel();
        pending::<Result<()>>()
    });
    let (_folder, host) = host("");
    let starting = host.services([first.into(), second.into()]).unless(interrupt).start();

    let started = timeout(PATIENCE, starting).await.expect("it gives up");

    let error = started.err().expect("it has not started");
    assert_eq!(error.message(), "it was interrupted while second was starting");
    assert_eq!(*closed.lock().unwrap(), ["first"]);
}
