//! Exports spans by OTLP over HTTP: in batches, from a thread of its own, and never so that a request waits.

use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{AcqRel, Acquire, Relaxed},
        },
    },
    time::Duration,
};

use opentelemetry::Context;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, Span, SpanData, SpanExporter as Exporter,
        SpanProcessor,
    },
};

use crate::{Settings, TelemetryError, trace};

/// Spans that wait for the collector; more are dropped. One takes about a kilobyte.
const MOST_WAITING: usize = 8_192;
const BATCH: usize = 512;
/// How long a batch may take to be accepted.
const PATIENCE: Duration = Duration::from_secs(10);
const PATH: &str = "/v1/traces";
/// `result`: `exported`, `failed` or `dropped`.
const SPANS_TOTAL: &str = "telemetry_spans_total";

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Sends what has ended so far, within five seconds. Call it when the process ends, outside of any task.
pub fn flush() {
    if let Some(provider) = PROVIDER.get() {
        // What cannot be sent was counted and logged where it failed.
        let _ = provider.force_flush();
    }
}

/// What makes spans, where an endpoint is named.
pub(crate) fn provider(settings: &Settings) -> Result<Option<SdkTracerProvider>, TelemetryError> {
    if settings.otlp_endpoint.is_empty() {
        return Ok(None);
    }
    if !(0.0..=1.0).contains(&settings.sampling) {
        return Err(TelemetryError::Sampling(settings.sampling));
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint(&settings.otlp_endpoint)?)
        .with_headers(headers(settings)?)
        .with_timeout(PATIENCE)
        .build()?;
    let waiting = Arc::new(AtomicUsize::new(0));
    let told = Told {
        exporter,
        waiting: waiting.clone(),
        has_failed: AtomicBool::new(false),
    };
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(MOST_WAITING)
        .with_max_export_batch_size(BATCH)
        .build();
    let batches = BatchSpanProcessor::builder(told).with_batch_config(config).build();
    let resource = Resource::builder().with_service_name(settings.service_name.clone());
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sampling)));
    Ok(Some(
        SdkTracerProvider::builder()
            .with_span_processor(Bounded { batches, waiting })
            .with_sampler(sampler)
            .with_resource(resource.build())
            .build(),
    ))
}

/// From here on spans are made.
pub(crate) fn start(provider: SdkTracerProvider) {
    let _ = PROVIDER.set(provider);
    trace::start();
}

/// The address that takes traces, whether or not its path was named.
fn endpoint(given: &str) -> Result<String, TelemetryError> {
    let base = given.trim_end_matches('/');
    let has_host = ["http://", "https://"]
        .iter()
        .any(|scheme| base.strip_prefix(scheme).is_some_and(|host| !host.is_empty()));
    match has_host {
        true => Ok(format!("{}{PATH}", base.strip_suffix(PATH).unwrap_or(base))),
        false => Err(TelemetryError::Endpoint(given.to_owned())),
    }
}

fn headers(settings: &Settings) -> Result<HashMap<String, String>, TelemetryError> {
    let given = settings.otlp_headers.as_ref().map(|headers| headers.expose().as_str());
    let pairs = given.unwrap_or_default().split(',').map(str::trim);
    pairs
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
            _ => Err(TelemetryError::Headers),
        })
        .collect()
}

/// Drops spans, and counts them, while as many wait as may.
#[derive(Debug)]
struct Bounded {
    batches: BatchSpanProcessor,
    waiting: Arc<AtomicUsize>,
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        let one_more = |waiting| (waiting < MOST_WAITING).then_some(waiting + 1);
        match self.waiting.fetch_update(AcqRel, Acquire, one_more) {
            Ok(_) => self.batches.on_end(span),
            Err(_) => metrics::counter!(SPANS_TOTAL, "result" => "dropped").increment(1),
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}

/// Counts what became of spans, and logs once when the collector stops taking them and once when it does again.
#[derive(Debug)]
struct Told {
    exporter: SpanExporter,
    waiting: Arc<AtomicUsize>,
    has_failed: AtomicBool,
}

impl Exporter for Told {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.exporter.export(batch).await;
        self.waiting.fetch_sub(spans, AcqRel);
        let outcome = match &result {
            Ok(()) => "exported",
            Err(_) => "failed",
        };
        metrics::counter!(SPANS_TOTAL, "result" => outcome).increment(spans as u64);
        match (&result, self.has_failed.swap(result.is_err(), Relaxed)) {
            (Err(error), false) => tracing::warn!(%error, "spans cannot be exported; said once until they can"),
            (Ok(()), true) => tracing::info!("spans are exported again"),
            _ => {}
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
