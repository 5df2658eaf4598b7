//! Answers as server-sent events.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use async_graphql::{EmptyMutation, EmptySubscription, Object};
use axum::body::to_bytes;
use platform_graphql::{Settings, router, schema};
use serde_json::json;
use tower::ServiceExt;

use crate::post;

struct Counting(Arc<AtomicUsize>);

#[Object]
impl Counting {
    async fn asked(&self) -> usize {
        self.0.fetch_add(1, SeqCst) + 1
    }
}

#[tokio::test]
async fn a_query_is_answered_before_its_events_begin_so_that_the_limits_of_requests_hold() {
    let asked = Arc::new(AtomicUsize::new(0));
    let schema = schema(Counting(asked.clone()), EmptyMutation, EmptySubscription).finish();
    let request = post("text/event-stream", &json!({ "query": "{ asked }" }));

    let response = router(schema, Settings::default()).oneshot(request).await.unwrap();

    assert_eq!(asked.load(SeqCst), 1);
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let told = "event: next\ndata: {\"data\":{\"asked\":1}}\n\nevent: complete\ndata:\n\n";
    assert_eq!(String::from_utf8_lossy(&body), told);
}
