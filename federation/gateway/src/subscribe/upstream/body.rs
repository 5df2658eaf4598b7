//! Subgraphs that answer a subscription with a body that never ends, through a socket or without one.

use std::collections::VecDeque;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header},
};
use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use platform_http::{App, Client};
use serde_json::Value;

use super::{Listen, Lost, faults};
use crate::subscribe::frame::{Framed, Garbled, MultipartDecoder, SseDecoder};

pub(super) const SSE: &str = "text/event-stream";
pub(super) const MULTIPART: &str =
    "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\", application/json;q=0.5";
/// Both, for a subgraph of this process.
const EITHER: &str = "text/event-stream, multipart/mixed;boundary=\"graphql\";subscriptionSpec=\"1.0\";q=0.9";
/// A refusal longer than this is not read.
const LONGEST_REFUSAL: usize = 64 << 10;

type Chunks = BoxStream<'static, Result<Bytes, Lost>>;
type Events = BoxStream<'static, Result<Framed, Lost>>;

/// Listens to a subgraph of this process.
pub(super) async fn open_local(app: &App, uri: Uri, listen: &Listen) -> Result<Events, Lost> {
    let mut request = Request::new(Body::from(listen.body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers(listen, EITHER);
    let (parts, body) = app.answer(request).await.into_parts();
    let chunks = body
        .into_data_stream()
        .map(|chunk| chunk.map_err(|_| Lost::Connection("its answer broke off")))
        .boxed();
    events(parts.status, &parts.headers, chunks, listen).await
}

/// Listens to a subgraph over HTTP.
pub(super) async fn open_remote(client: &Client, url: &str, accept: &str, listen: &Listen) -> Result<Events, Lost> {
    let request = client
        .post(url)
        .headers(headers(listen, accept))
        .body(listen.body.clone());
    let response = request
        .send()
        .await
        .map_err(|_| Lost::Connection("it cannot be reached"))?;
    let (status, head) = (response.status(), response.headers().clone());
    let chunks = response
        .bytes_stream()
        .map(|chunk| chunk.map_err(|_| Lost::Connection("its answer broke off")))
        .boxed();
    events(status, &head, chunks, listen).await
}

fn headers(listen: &Listen, accept: &str) -> HeaderMap {
    let mut headers = listen.headers.clone();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(accept) = HeaderValue::from_str(accept) {
        headers.insert(header::ACCEPT, accept);
    }
    headers
}

/// What the content type says decides how the body is read; any other body is a refusal.
async fn events(status: StatusCode, headers: &HeaderMap, chunks: Chunks, listen: &Listen) -> Result<Events, Lost> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let decoder = match essence.as_str() {
        "text/event-stream" if status.is_success() => Decoder::Sse(SseDecoder::default()),
        "multipart/mixed" if status.is_success() => Decoder::Multipart(MultipartDecoder::new(&content_type)),
        _ => return Err(refusal(status, chunks, &listen.subgraph).await),
    };
    Ok(decoded(chunks, decoder))
}

enum Decoder {
    Sse(SseDecoder),
    Multipart(MultipartDecoder),
}

impl Decoder {
    fn feed(&mut self, chunk: &[u8], out: &mut VecDeque<Framed>) -> Result<(), Garbled> {
        match self {
            Self::Sse(decoder) => {
                decoder.push(chunk)?;
                out.extend(std::iter::from_fn(|| decoder.next()));
            }
            Self::Multipart(decoder) => {
                decoder.push(chunk)?;
                while let Some(framed) = decoder.next() {
                    out.push_back(framed?);
                }
            }
        }
        Ok(())
    }
}

fn decoded(chunks: Chunks, decoder: Decoder) -> Events {
    let state = (chunks, decoder, VecDeque::new());
    stream::unfold(state, |(mut chunks, mut decoder, mut ready)| async move {
        loop {
            if let Some(framed) = ready.pop_front() {
                return Some((Ok(framed), (chunks, decoder, ready)));
            }
            let fed = match chunks.next().await? {
                Ok(chunk) => decoder
                    .feed(&chunk, &mut ready)
                    .map_err(|garbled| Lost::Connection(garbled.0)),
                Err(lost) => Err(lost),
            };
            if let Err(lost) = fed {
                return Some((Err(lost), (chunks, decoder, ready)));
            }
        }
    })
    .boxed()
}

async fn refusal(status: StatusCode, mut chunks: Chunks, subgraph: &str) -> Lost {
    if status.is_server_error() {
        return Lost::Connection("it answered with a server's error");
    }
    let mut body = Vec::new();
    while let Some(Ok(chunk)) = chunks.next().await {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_REFUSAL {
            break;
        }
    }
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    Lost::Refused(faults(said["errors"].to_string().as_bytes(), subgraph))
}
