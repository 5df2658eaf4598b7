//! Whom limits count when a proxy stands before the gateway: the socket's other end is this machine.

use crate::support::{process::Process, serve, shop};

/// One operation of an address, and no more within a test.
const ONE: &str = "gateway.rate.address = { per-second = 1, burst = 1 }";

async fn behind(proxies: &str) -> Process {
    let users = serve(shop::users().router).await;
    let settings = format!("connections.trusted-proxies = {proxies}\n{ONE}\n[peers]\nusers = \"http://{users}\"");
    Process::start(None, &settings).await.expect("the gateway starts")
}

async fn status(process: &Process, said: &str) -> u16 {
    process.ask(&[("x-forwarded-for", said)], "{ me { name } }").await.0
}

#[tokio::test]
async fn clients_behind_a_proxy_count_one_by_one_where_the_settings_name_it_alone() {
    let (believed, not) = (behind("[\"127.0.0.1\"]").await, behind("[\"10.0.0.0/8\"]").await);

    assert_eq!(status(&believed, "198.51.100.1").await, 200);
    assert_eq!(status(&believed, "198.51.100.2").await, 200);
    assert_eq!(
        status(&believed, "203.0.113.1, 198.51.100.2").await,
        429,
        "what a client wrote does not count"
    );
    assert_eq!(status(&not, "198.51.100.1").await, 200);
    assert_eq!(status(&not, "198.51.100.2").await, 429);
    believed.running.stop().await;
    not.running.stop().await;
}

#[tokio::test]
async fn who_comes_through_a_proxy_on_this_machine_is_not_this_machine() {
    let process = behind("[\"127.0.0.1\"]").await;

    let (here, _) = process.get("/usage").await;
    let (elsewhere, _) = process.get_as("/usage", ("x-forwarded-for", "198.51.100.1")).await;
    let (unclear, _) = process.get_as("/usage", ("forwarded", "what a client wrote")).await;

    assert_eq!((here, elsewhere, unclear), (200, 403, 403));
    process.running.stop().await;
}
