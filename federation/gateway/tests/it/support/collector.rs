//! A collector of traces: takes OTLP over HTTP and keeps the spans.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, header},
    routing::post,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message;

/// A collector and what it was sent.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    taken: Taken,
}

/// Each span with the name of the process that sent it and the token it was sent with.
type Taken = Arc<Mutex<Vec<(String, String, Span)>>>;

impl Collector {
    /// Takes spans for as long as the process lives: the tests that send some come and go.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        listener.set_nonblocking(true).expect("a socket can be made to wait");
        let address = listener.local_addr().expect("a bound socket has an address");
        let taken = Taken::default();
        let router = Router::new().route("/v1/traces", post(take)).with_state(taken.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime starts").block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("the socket is one");
                axum::serve(listener, router).await
            })
        });
        Self { address, taken }
    }

    /// The spans of a trace, by its id.
    pub(crate) fn spans_of(&self, trace: &str) -> Vec<(String, String, Span)> {
        let taken = self.taken.lock().expect("no test panics while taking");
        let of = taken.iter().filter(|(_, _, span)| hex(&span.trace_id) == trace);
        of.cloned().collect()
    }
}

async fn take(State(taken): State<Taken>, headers: HeaderMap, body: Bytes) -> Vec<u8> {
    let request = ExportTraceServiceRequest::decode(body).expect("what is exported is OTLP");
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    for spans in request.resource_spans {
        let resource = spans.resource.unwrap_or_default();
        let process = attribute(&resource.attributes, "service.name");
        let mut taken = taken.lock().expect("no test panics while taking");
        for span in spans.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            taken.push((process.clone(), token.unwrap_or_default().to_owned(), span));
        }
    }
    ExportTraceServiceResponse::default().encode_to_vec()
}

/// An attribute as text; nothing where there is none.
pub(crate) fn attribute(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|found| found.value.as_ref()?.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => other.map(|value| format!("{value:?}")).unwrap_or_default(),
    }
}

/// Hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
