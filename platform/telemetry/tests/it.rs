//! Telemetry is set up once and says what it counted.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use platform_telemetry::{Settings, TelemetryError, init};

#[test]
fn what_is_counted_is_rendered_and_a_second_setup_is_refused() {
    let misspelt = init(&Settings {
        log: "info,=".into(),
        ..Settings::default()
    });
    assert!(matches!(misspelt, Err(TelemetryError::Filter(_))));

    let telemetry = init(&Settings::default()).unwrap();
    metrics::counter!("things_total").increment(2);
    metrics::histogram!("wait_seconds").record(0.002);

    let rendered = telemetry.render();

    assert!(rendered.contains("things_total 2"), "{rendered}");
    assert!(rendered.contains("wait_seconds_bucket{le=\"0.003\"} 1"), "{rendered}");
    assert!(matches!(init(&Settings::default()), Err(TelemetryError::Twice)));
}
