//! Events as a service has them: declared beside its routes, gone with it, and there again after a restart.

use platform_events::{Consumers, WithEvents};
use platform_service::{Blueprint, Service};
use platform_testing::TestService;

use crate::world::{Store, counted, eventually, record};

fn service() -> Blueprint<Store> {
    Service::new("orders", 0)
        .open(Store::open)
        .events(Consumers::new().on("counters", record))
}

#[tokio::test]
async fn a_service_handles_events_for_as_long_as_it_runs() {
    let running = TestService::with(service(), &[("events.poll", "20ms")]).await;
    let store: Store = running.store();
    store.publish(&counted("a", 1)).await;
    eventually("it is handled", async || store.numbers().await == [1]).await;

    let running = running.restart(service()).await;

    let store: Store = running.store();
    store.publish(&counted("a", 2)).await;
    eventually("it is handled after a restart too", async || {
        store.numbers().await == [1, 2]
    })
    .await;
}
