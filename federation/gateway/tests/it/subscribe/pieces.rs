//! Bodies of subgraphs that arrive in pieces, cut wherever the network likes.

use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use federation_gateway::Settings;
use futures::stream;
use serde_json::json;

use crate::support::{in_process, socket::Socket, stand_in::StandIn};

/// An event whose text looks like the boundary, and the end.
const PARTS: &str = "\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql\r\ncontent-type: application/json\r\n\r\n\
    {\"payload\":{\"data\":{\"says\":\"a --graphql-- } \\\" b\"}}}\r\n--graphql--\r\n";
const EVENTS: &str = ":\r\n\r\nevent: next\r\ndata: {\"data\":\r\ndata: {\"says\":\"a --graphql-- } \\\" b\"}}\r\n\r\nevent: complete\r\ndata:\r\n\r\n";
/// The same with the third kind of line break.
const EVENTS_BY_RETURN: &str =
    ":\r\revent: next\rdata: {\"data\":\rdata: {\"says\":\"a --graphql-- } \\\" b\"}}\r\revent: complete\rdata:\r\r\r";

fn in_pieces(content_type: &'static str, body: &'static str, length: usize) -> Response {
    let pieces = body
        .as_bytes()
        .chunks(length)
        .map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece)));
    let body = Body::from_stream(stream::iter(pieces.collect::<Vec<_>>()));
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

#[tokio::test]
async fn an_event_in_pieces_is_one_event_whatever_its_text_says() {
    let bodies = [
        ("multipart/mixed; boundary=\"graphql\"", PARTS),
        ("text/event-stream", EVENTS),
        ("text/event-stream", EVENTS_BY_RETURN),
    ];
    for (content_type, body) in bodies {
        for length in [1, 7, 60, 100, body.len()] {
            let speaker = StandIn::new(move |_| async move { in_pieces(content_type, body, length) });
            let part = speaker.part("speaker", "type Query { q: Int } type Subscription { says: String }");
            let gateway = in_process(vec![part], Settings::default()).await;
            let mut socket = Socket::connect(&gateway.url, json!({})).await;

            socket.subscribe("a", "subscription { says }").await;

            let said = json!({ "data": { "says": "a --graphql-- } \" b" } });
            assert_eq!(socket.next().await, said, "{content_type} by {length}");
            assert_eq!(socket.hear().await["type"], "complete", "{content_type} by {length}");
        }
    }
}
