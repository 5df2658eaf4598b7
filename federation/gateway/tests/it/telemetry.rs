//! What the gateway tells Prometheus.

use std::sync::OnceLock;

use platform_telemetry::{Settings, Telemetry};
use serde_json::json;

use crate::support::{in_process, settings, shop};

/// Metrics are set up once per process.
fn metrics() -> &'static Telemetry {
    static METRICS: OnceLock<Telemetry> = OnceLock::new();
    METRICS.get_or_init(|| {
        let quiet = Settings {
            log: "off".into(),
            ..Settings::default()
        };
        platform_telemetry::init(&quiet).expect("nobody else sets up metrics")
    })
}

#[tokio::test]
async fn steps_subgraphs_and_operations_are_measured_under_few_names() {
    let metrics = metrics();
    let gateway = in_process(shop::parts(), settings(json!({}))).await;

    gateway.data("query Measured { topProducts { name inStock } }").await;

    let text = metrics.render();
    for step in ["parse", "validate", "authorize", "plan", "execute", "project"] {
        let name = format!("gateway_step_duration_seconds_count{{step=\"{step}\"}}");
        assert!(text.contains(&name), "{name}");
    }
    for subgraph in ["products", "inventory"] {
        let name = format!("gateway_subgraph_duration_seconds_count{{subgraph=\"{subgraph}\",outcome=\"ok\"}}");
        assert!(text.contains(&name), "{name}");
    }
    let name = "gateway_operation_duration_seconds_count{operation=\"Measured\",kind=\"query\",outcome=\"ok\"} 1";
    assert!(text.contains(name), "{name}");

    for number in 0..400 {
        gateway.data(&format!("query Invented{number} {{ warehouses }}")).await;
    }
    let text = metrics.render();
    let names = text
        .lines()
        .filter(|line| line.starts_with("gateway_operation_duration_seconds_count"));
    assert!(names.count() < 300);
    assert!(text.contains("operation=\"other\""));
}
