//! Telemetry is set up once, says what it counted, and stands in nobody's way when traces cannot be exported.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use platform_config::Secret;
use platform_telemetry::{Settings, Telemetry, TelemetryError, TraceContext, flush, init, span};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Telemetry is set up once per process, so each test that does runs in one of its own.
fn alone(test: &str) -> Output {
    let here = std::env::current_exe().unwrap();
    let output = Command::new(here)
        .args([test, "--exact", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    output
}

fn exporting_to(endpoint: String) -> Telemetry {
    let settings = Settings {
        otlp_endpoint: endpoint,
        ..Settings::default()
    };
    init(&settings).unwrap()
}

fn count(telemetry: &Telemetry, result: &str) -> u64 {
    let rendered = telemetry.render();
    let name = format!("telemetry_spans_total{{result=\"{result}\"}} ");
    let line = rendered.lines().find_map(|line| line.strip_prefix(&name));
    line.map_or(0, |count| count.parse().unwrap())
}

#[test]
fn what_is_counted_is_rendered_and_a_second_setup_is_refused() {
    let misspelt = init(&Settings {
        log: Some("info,=".into()),
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
    assert!(
        span!("step").is_disabled(),
        "without a collector there are no spans, whatever is logged"
    );
}

#[test]
fn settings_that_would_export_nothing_are_refused_without_naming_secrets() {
    let settings = |endpoint: &str, headers: &str, sampling| Settings {
        otlp_endpoint: endpoint.into(),
        otlp_headers: Some(Secret::new(headers.to_owned())),
        sampling,
        ..Settings::default()
    };

    let endpoint = init(&settings("collector:4317", "", 1.0));
    let headers = init(&settings("http://127.0.0.1:4318", "hunter2", 1.0));
    let sampling = init(&settings("http://127.0.0.1:4318", "", 25.0));

    assert!(matches!(endpoint, Err(TelemetryError::Endpoint(_))));
    let headers = headers.err().unwrap().to_string();
    assert!(
        headers.contains("otlp-headers") && !headers.contains("hunter2"),
        "{headers}"
    );
    assert!(matches!(sampling, Err(TelemetryError::Sampling(_))));
}

#[test]
fn a_collector_that_is_away_is_told_once_and_counted() {
    let output = alone("spans_go_to_a_collector_that_is_away");

    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(log.matches("spans cannot be exported").count(), 1, "{log}");
}

#[test]
#[ignore = "runs in a process of its own, started by the test before"]
fn spans_go_to_a_collector_that_is_away() {
    // Bound and closed again: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let telemetry = exporting_to(format!("http://127.0.0.1:{port}"));

    for _ in 0..2 {
        (0..10).for_each(|_| drop(span!("step")));
        flush();
    }

    assert_eq!(count(&telemetry, "failed"), 20);
    assert_eq!(count(&telemetry, "exported"), 0);
}

#[test]
fn a_collector_that_never_answers_holds_nobody_up() {
    alone("spans_go_to_a_collector_that_never_answers");
}

#[test]
#[ignore = "runs in a process of its own, started by the test before"]
fn spans_go_to_a_collector_that_never_answers() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let telemetry = exporting_to(format!("http://{}", silent.local_addr().unwrap()));
    let began = Instant::now();

    (0..30_000).for_each(|_| drop(span!("step")));

    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(count(&telemetry, "dropped") >= 30_000 - 8_192, "what waits is bounded");
}

#[test]
fn a_place_in_a_trace_is_read_as_the_recommendation_says() {
    let read = |text: &str| TraceContext::new(text, None).map(|place| place.traceparent().to_owned());

    let place = TraceContext::new(PARENT, Some("vendor=1")).unwrap();

    assert_eq!(place.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!((place.traceparent(), place.tracestate()), (PARENT, Some("vendor=1")));
    let later = PARENT.replacen("00", "cc", 1) + "-what-is-to-come";
    assert_eq!(
        read(&later).as_deref(),
        Some(PARENT),
        "a later version is read as this one"
    );
    let long = "x=".to_owned() + &"y".repeat(512);
    assert_eq!(TraceContext::new(PARENT, Some(&long)).unwrap().tracestate(), None);
    for broken in [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e47ü-00f067aa0ba902b7-01",
    ] {
        assert_eq!(read(broken), None, "{broken}");
    }
}

#[test]
fn every_metric_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let documented = fs::read_to_string(root.join("docs/operations.md")).unwrap();
    let code: Vec<String> = ["platform", "services", "federation", "server"]
        .iter()
        .flat_map(|layer| sources(&root.join(layer)))
        .filter(|file| !file.components().any(|part| part.as_os_str() == "tests"))
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let mut names = Vec::new();
    for kind in ["counter", "gauge", "histogram"] {
        let call = format!("metrics::{kind}!(");
        let calls = code.iter().flat_map(|text| text.split(&call).skip(1));
        names.extend(calls.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next()));
    }

    assert!(names.len() > 20, "{names:?}");
    let missing: Vec<_> = names
        .iter()
        .filter(|name| !documented.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "docs/operations.md must list {missing:?}");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
    {
        match path.is_dir() {
            true => found.extend(sources(&path)),
            false if path.extension().is_some_and(|kind| kind == "rs") => found.push(path),
            false => {}
        }
    }
    found
}
