//! A subgraph whose events the test sends, listened to in four ways, and a cable to it that can be cut.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_graphql::{
    EmptyMutation, Enum, ErrorExtensions, ID, Object, Schema, SimpleObject, Subscription,
    http::{WebSocket as Session, WebSocketProtocols, WsMessage},
};
use axum::{
    Json, Router,
    body::Body,
    extract::{
        State,
        ws::{Message, WebSocketUpgrade},
    },
    http::{HeaderValue, header},
    response::Response,
    routing::{get, post},
};
use futures::{SinkExt, Stream, StreamExt, future::ready, stream};
use platform_graphql::Settings;
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::broadcast,
    task::JoinSet,
};

use super::Part;

/// The test's hand on the subgraph.
#[derive(Clone)]
pub(crate) struct Ticker {
    sender: broadcast::Sender<Sent>,
    opened: Arc<AtomicUsize>,
}

#[derive(Clone)]
enum Sent {
    Tick(i32, usize),
    Stop,
}

type TickerSchema = Schema<Query, EmptyMutation, Ticks>;

impl Ticker {
    /// A subgraph that says nothing until it is told to.
    pub(crate) fn new() -> Self {
        Self {
            sender: broadcast::channel(10_000).0,
            opened: Arc::default(),
        }
    }

    /// As a subgraph.
    pub(crate) fn part(&self) -> Part {
        let schema = Schema::build(Query, EmptyMutation, Ticks(self.clone()))
            .enable_federation()
            .enable_subscription_in_federation()
            .finish();
        let sdl = platform_graphql::federation_sdl(&schema);
        let router = platform_graphql::router(schema.clone(), Settings::default()).merge(
            Router::new()
                .route("/ws", get(websocket))
                .route("/parts", post(parts))
                .with_state(schema),
        );
        Part {
            name: "ticker",
            sdl,
            router,
        }
    }

    /// Sends an event to everybody who listens.
    pub(crate) fn send(&self, number: i32) {
        self.send_large(number, 0);
    }

    /// Sends an event with so many bytes of text.
    pub(crate) fn send_large(&self, number: i32, bytes: usize) {
        let _ = self.sender.send(Sent::Tick(number, bytes));
    }

    /// Completes all subscriptions.
    pub(crate) fn stop(&self) {
        let _ = self.sender.send(Sent::Stop);
    }

    /// How many subscriptions the subgraph has now.
    pub(crate) fn listeners(&self) -> usize {
        self.sender.receiver_count()
    }

    /// How many subscriptions it ever had.
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(SeqCst)
    }

    /// Waits until it has so many subscriptions.
    pub(crate) async fn has_listeners(&self, count: usize) {
        let waiting = async {
            while self.listeners() != count {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
        waited.unwrap_or_else(|_| panic!("there are {} listeners, expected {count}", self.listeners()));
    }
}

struct Query;

#[Object]
impl Query {
    async fn pulse(&self) -> i32 {
        1
    }
}

#[derive(SimpleObject)]
struct Tick {
    number: i32,
    text: String,
    product: Product,
}

/// Known by another subgraph.
#[derive(SimpleObject)]
#[graphql(unresolvable)]
struct Product {
    upc: ID,
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum Mood {
    Calm,
    Bad,
}

struct Ticks(Ticker);

#[Subscription(name = "Subscription")]
impl Ticks {
    async fn ticks(
        &self,
        #[graphql(default_with = "Mood::Calm")] mood: Mood,
    ) -> async_graphql::Result<impl Stream<Item = Tick>> {
        if mood == Mood::Bad {
            let refusal = async_graphql::Error::new("not today");
            return Err(refusal.extend_with(|_, extensions| extensions.set("code", "CONFLICT")));
        }
        self.0.opened.fetch_add(1, SeqCst);
        let receiver = self.0.sender.subscribe();
        Ok(stream::unfold(receiver, |mut receiver| async move {
            match receiver.recv().await {
                Ok(Sent::Tick(number, bytes)) => {
                    let upc = (number % 3 + 1).to_string();
                    let tick = Tick {
                        number,
                        text: "x".repeat(bytes),
                        product: Product { upc: upc.into() },
                    };
                    Some((tick, receiver))
                }
                Ok(Sent::Stop) | Err(_) => None,
            }
        }))
    }
}

async fn websocket(State(schema): State<TickerSchema>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .protocols(["graphql-transport-ws"])
        .on_upgrade(|socket| async move {
            let (mut sink, stream) = socket.split();
            let input = stream.filter_map(|message| ready(message.ok())).map(Message::into_data);
            let mut session = Session::new(schema, input, WebSocketProtocols::GraphQLWS);
            while let Some(message) = session.next().await {
                let sent = match message {
                    WsMessage::Text(text) => sink.send(Message::Text(text.into())).await,
                    WsMessage::Close(..) => return,
                };
                if sent.is_err() {
                    return;
                }
            }
        })
}

/// Parts as Apollo's servers write them.
async fn parts(State(schema): State<TickerSchema>, Json(request): Json<async_graphql::Request>) -> Response {
    let answers = schema.execute_stream(request).map(|answer| {
        let json = serde_json::to_string(&answer).expect("an answer is JSON");
        format!("\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{{\"payload\":{json}}}")
    });
    let alive = "\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{}".to_owned();
    let end = "\r\n--graphql--\r\n".to_owned();
    let written = stream::iter([alive]).chain(answers).chain(stream::iter([end]));
    let mut response = Response::new(Body::from_stream(written.map(Ok::<_, std::convert::Infallible>)));
    let content_type = HeaderValue::from_static("multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// A way to a server that can be cut and mended.
pub(crate) struct Cable {
    pub(crate) address: SocketAddr,
    cut: broadcast::Sender<()>,
    is_cut: Arc<AtomicBool>,
}

impl Cable {
    /// Lays a cable to a server.
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (cut, is_cut) = (broadcast::channel(1).0, Arc::new(AtomicBool::new(false)));
        let cable = Self {
            address,
            cut: cut.clone(),
            is_cut: is_cut.clone(),
        };
        let carrying = async move {
            let mut carried = JoinSet::new();
            loop {
                let Ok((mut near, _)) = listener.accept().await else {
                    return;
                };
                if is_cut.load(SeqCst) {
                    continue;
                }
                let mut cut = cut.subscribe();
                carried.spawn(async move {
                    let Ok(mut far) = TcpStream::connect(server).await else {
                        return;
                    };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.recv() => {}
                    }
                });
            }
        };
        #[expect(clippy::disallowed_methods, reason = "a test's server ends with the test's runtime")]
        tokio::spawn(carrying);
        cable
    }

    /// Breaks every connection and lets no new one through.
    pub(crate) fn cut(&self) {
        self.is_cut.store(true, SeqCst);
        let _ = self.cut.send(());
    }

    /// Lets connections through again.
    pub(crate) fn mend(&self) {
        self.is_cut.store(false, SeqCst);
    }
}

/// The number of an event's answer.
pub(crate) fn number(answer: &Value) -> i64 {
    answer["data"]["ticks"]["number"]
        .as_i64()
        .unwrap_or_else(|| panic!("no tick: {answer}"))
}
