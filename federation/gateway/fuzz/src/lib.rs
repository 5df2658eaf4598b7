//! What must hold whatever clients ask, subgraphs answer and supergraphs say.
//!
//! `cargo +nightly fuzz run operations` in this folder fuzzes one side; `seeds` holds a corpus for each.

mod conforms;
mod shop;

use std::sync::{LazyLock, Once};

use federation_gateway::{Caller, Gateway, Request, Settings, Supergraph};
use platform_config::Duration;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

const BUDGET: Duration = Duration(std::time::Duration::from_secs(1));

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts")
});
static LIBRARIES_MAY_PANIC: Once = Once::new();

/// Runs an operation, with variables after a line of its own where the text has one.
pub fn operations(bytes: &[u8]) {
    static GATEWAY: LazyLock<Gateway> = LazyLock::new(|| within(|| shop::gateway(Settings::default())));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (query, variables) = text.split_once("\n---\n").unwrap_or((text, "{}"));
    let request = Request {
        query: Some(query.to_owned()),
        variables: serde_json::from_str(variables).unwrap_or_default(),
        ..Request::default()
    };
    run(&GATEWAY, request);
}

/// Reads a supergraph, and plans what its clients may ask first.
pub fn supergraphs(bytes: &[u8]) {
    LIBRARIES_MAY_PANIC.call_once(forgive_libraries);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(supergraph) = Supergraph::parse(text) else {
        return;
    };
    for query in ["{ __typename }", shop::LARGE, shop::SMALL] {
        // Most do not fit.
        let _ = supergraph.plan(query, None, BUDGET);
    }
}

/// Answers subgraphs' requests with these bytes: those of the second subgraph come after a line of its own.
pub fn answers(bytes: &[u8]) {
    static GATEWAY: LazyLock<Gateway> = LazyLock::new(|| within(shop::gateway_told));
    shop::tell(bytes);
    for query in [shop::LARGE, shop::SMALL] {
        let request = Request {
            query: Some(query.to_owned()),
            ..Request::default()
        };
        let answer = run(&GATEWAY, request);
        assert!(answer.get("data").is_some(), "it was executed: {answer}");
        conforms::check(&answer, query);
    }
}

/// A gateway starts tasks of its own, which need a runtime.
fn within(start: impl FnOnce() -> Gateway) -> Gateway {
    let _inside = RUNTIME.enter();
    start()
}

/// The gateway's answer is JSON and says something.
fn run(gateway: &Gateway, request: Request) -> Value {
    LIBRARIES_MAY_PANIC.call_once(forgive_libraries);
    let outcome = RUNTIME.block_on(gateway.execute(request, Caller::default()));
    let body = outcome.body();
    let answer: Value =
        serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&body)));
    let has_errors = answer["errors"].as_array().is_some_and(|errors| !errors.is_empty());
    assert!(answer["data"].is_object() || has_errors, "{answer}");
    for error in answer["errors"].as_array().into_iter().flatten() {
        assert!(
            error["message"].is_string() && error["extensions"]["code"] != "INTERNAL",
            "{answer}"
        );
    }
    answer
}

/// The fuzzer ends the process at every panic; the gateway catches those of the planner's library.
fn forgive_libraries() {
    std::panic::set_hook(Box::new(|panic| {
        if panic
            .location()
            .is_none_or(|location| !location.file().contains("registry"))
        {
            eprintln!("{panic}");
        }
    }));
}
