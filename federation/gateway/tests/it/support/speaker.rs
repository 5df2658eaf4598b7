//! A subgraph that says on each of its connections what the test wants, in each of the ways to listen to one.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use axum::{
    Router,
    body::Body,
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::header,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::Part;

const SDL: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\"])
    type Query { q: Int } type Subscription { says: Said } type Said { text: String! more: String product: Product }
    type Product @key(fields: \"upc\", resolvable: false) { upc: ID! }";

/// One thing that is said. A connection breaks after the last, unless that was the end.
#[derive(Clone)]
pub(crate) enum Say {
    /// An event.
    Event(Value),
    /// An event's first half.
    Half(Value),
    /// That it is over, because of these errors.
    Errors(Value),
    /// That it is over.
    Complete,
    /// Nothing, until the test lets it go on.
    Wait,
}

/// The test's hand on the subgraph.
#[derive(Clone)]
pub(crate) struct Speaker {
    /// What is said on the next connections. Beyond them not even a connection is accepted.
    connections: Arc<Mutex<VecDeque<Vec<Say>>>>,
    gate: Arc<Semaphore>,
    called: Arc<AtomicUsize>,
}

impl Speaker {
    /// Says this on its first connection, that on its second, and so on.
    pub(crate) fn new(connections: Vec<Vec<Say>>) -> Self {
        Self {
            connections: Arc::new(Mutex::new(connections.into())),
            gate: Arc::new(Semaphore::new(0)),
            called: Arc::default(),
        }
    }

    /// As a subgraph.
    pub(crate) fn part(&self) -> Part {
        let router = Router::new()
            .route("/ws", get(websocket))
            .route("/graphql", post(events))
            .route("/parts", post(parts))
            .with_state(self.clone());
        Part {
            name: "speaker",
            sdl: SDL.to_owned(),
            router,
        }
    }

    /// How often it was called.
    pub(crate) fn called(&self) -> usize {
        self.called.load(SeqCst)
    }

    /// Lets what waits go on.
    pub(crate) fn go_on(&self) {
        self.gate.add_permits(1);
    }

    async fn script(&self) -> VecDeque<Say> {
        self.called.fetch_add(1, SeqCst);
        let script = self.connections.lock().expect("no test panics here").pop_front();
        match script {
            Some(script) => script.into(),
            None => std::future::pending().await,
        }
    }

    async fn pass(&self) {
        self.gate.acquire().await.expect("the gate stays").forget();
    }

    /// A body of what is said, each written in this way.
    async fn body(self, content_type: &'static str, write: fn(&Say) -> String) -> Response {
        let script = self.script().await;
        let said = stream::unfold((self, Some(script)), move |(speaker, script)| async move {
            let mut script = script?;
            let Some(say) = script.pop_front() else {
                return Some((Err(std::io::Error::other("gone")), (speaker, None)));
            };
            if let Say::Wait = say {
                speaker.pass().await;
            }
            let left = Some(script).filter(|_| !matches!(say, Say::Complete | Say::Errors(_)));
            Some((Ok(write(&say)), (speaker, left)))
        });
        ([(header::CONTENT_TYPE, content_type)], Body::from_stream(said)).into_response()
    }
}

fn half(text: &str) -> String {
    text[..text.len() / 2].to_owned()
}

async fn events(State(speaker): State<Speaker>) -> Response {
    fn write(say: &Say) -> String {
        match say {
            Say::Event(event) => format!("event: next\ndata: {event}\n\n"),
            Say::Half(event) => half(&format!("event: next\ndata: {event}\n\n")),
            Say::Errors(errors) => format!("event: next\ndata: {{\"errors\":{errors}}}\n\nevent: complete\ndata:\n\n"),
            Say::Complete => "event: complete\ndata:\n\n".into(),
            Say::Wait => String::new(),
        }
    }
    speaker.body("text/event-stream", write).await
}

async fn parts(State(speaker): State<Speaker>) -> Response {
    fn write(say: &Say) -> String {
        const HEAD: &str = "\r\n--graphql\r\ncontent-type: application/json\r\n\r\n";
        match say {
            Say::Event(event) => format!("{HEAD}{{\"payload\":{event}}}"),
            Say::Half(event) => half(&format!("{HEAD}{{\"payload\":{event}}}")),
            Say::Errors(errors) => format!("{HEAD}{{\"payload\":null,\"errors\":{errors}}}"),
            Say::Complete => "\r\n--graphql--\r\n".into(),
            Say::Wait => String::new(),
        }
    }
    speaker.body("multipart/mixed; boundary=\"graphql\"", write).await
}

async fn websocket(State(speaker): State<Speaker>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .protocols(["graphql-transport-ws"])
        .on_upgrade(|socket| async move {
            speak(speaker, socket).await;
        })
}

/// Ends early where the gateway has gone.
async fn speak(speaker: Speaker, mut socket: WebSocket) -> Option<()> {
    let script = speaker.script().await;
    socket.recv().await?.ok()?;
    socket.send(Message::text(r#"{"type":"connection_ack"}"#)).await.ok()?;
    socket.recv().await?.ok()?;
    for say in script {
        let next = |event: &Value| json!({ "type": "next", "id": "1", "payload": event }).to_string();
        let text = match say {
            Say::Event(event) => next(&event),
            Say::Half(event) => half(&next(&event)),
            Say::Errors(errors) => json!({ "type": "error", "id": "1", "payload": errors }).to_string(),
            Say::Complete => r#"{"type":"complete","id":"1"}"#.into(),
            Say::Wait => {
                speaker.pass().await;
                continue;
            }
        };
        socket.send(Message::text(text)).await.ok()?;
    }
    Some(())
}
