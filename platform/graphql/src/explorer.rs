//! A page to try operations on: GraphiQL. It works without a network, because everything it needs is in the binary.

use std::io::Read;

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use flate2::read::GzDecoder;

/// Nothing from anywhere else. The editor writes its colours into style elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; \
    font-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// How the page subscribes: as its endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    /// graphql-transport-ws.
    WebSocket,
    /// Server-sent events, as graphql-sse has them.
    Sse,
}

/// The page. It asks the endpoint it was served by.
pub fn page(events: Events) -> Response {
    let events = match events {
        Events::WebSocket => "websocket",
        Events::Sse => "sse",
    };
    let page = include_str!("explorer.html").replace("{events}", events);
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(page)).into_response()
}

/// The page's scripts and styles, below `/graphql/explorer/`.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/graphql/explorer/{file}", get(asset))
}

struct Asset {
    media_type: &'static str,
    gzip: &'static [u8],
}

/// What `explorer/pack.js` made.
fn find(file: &str) -> Option<Asset> {
    let (media_type, gzip): (_, &'static [u8]) = match file {
        "csrf.js" => (SCRIPT, include_bytes!("../explorer/assets/csrf.js.gz")),
        "explorer.js" => (SCRIPT, include_bytes!("../explorer/assets/explorer.js.gz")),
        "editor.worker.js" => (SCRIPT, include_bytes!("../explorer/assets/editor.worker.js.gz")),
        "graphql.worker.js" => (SCRIPT, include_bytes!("../explorer/assets/graphql.worker.js.gz")),
        "json.worker.js" => (SCRIPT, include_bytes!("../explorer/assets/json.worker.js.gz")),
        "style.css" => (
            "text/css; charset=utf-8",
            include_bytes!("../explorer/assets/style.css.gz"),
        ),
        "codicon.ttf" => ("font/ttf", include_bytes!("../explorer/assets/codicon.ttf.gz")),
        "licenses.txt" => (
            "text/plain; charset=utf-8",
            include_bytes!("../explorer/assets/licenses.txt.gz"),
        ),
        _ => return None,
    };
    Some(Asset { media_type, gzip })
}

async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = find(&file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = asset.tag();
    let said = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let common = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type)),
        // A browser asks each time whether it still has the right one: the next version may run here tomorrow.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    if said(header::IF_NONE_MATCH) == Some(&tag) {
        return (StatusCode::NOT_MODIFIED, common, [(header::ETAG, tag)]).into_response();
    }
    let takes_gzip = said(header::ACCEPT_ENCODING).is_some_and(|value| value.contains("gzip"));
    match takes_gzip {
        true => {
            let encoded = [(header::ETAG, tag), (header::CONTENT_ENCODING, "gzip".to_owned())];
            (common, encoded, asset.gzip).into_response()
        }
        false => (common, [(header::ETAG, tag)], asset.plain()).into_response(),
    }
}

impl Asset {
    /// The checksum and the length of the content, with which every gzip file ends.
    fn tag(&self) -> String {
        let trailer = &self.gzip[self.gzip.len() - 8..];
        let digits: String = trailer.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("W/\"{digits}\"")
    }

    fn plain(&self) -> Vec<u8> {
        let mut plain = Vec::new();
        GzDecoder::new(self.gzip)
            .read_to_end(&mut plain)
            .expect("what is in the binary was written whole");
        plain
    }
}
