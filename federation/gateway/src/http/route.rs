//! The routes of the gateway.

use std::net::SocketAddr;

use axum::{
    Router,
    body::to_bytes,
    extract::{ConnectInfo, FromRequest, Request as HttpRequest, State, ws::WebSocketUpgrade},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures::future::join_all;
use platform_graphql::explorer;
use platform_http::{Problem, negotiate};
use serde_json::json;

use super::{
    answer::{respond, respond_batch},
    ask::{Accepts, Asked, JSON, RESPONSE_JSON, got, malformed, posted},
};
use crate::{
    cookie::Way,
    csrf::{self, CsrfError},
    fault::Refusal,
    gateway::Gateway,
    outcome::Outcome,
    request::{Caller, Request},
    subscribe::{Started, Transport, stream, transport, websocket},
};

impl Gateway {
    /// The gateway's routes: `/graphql`, `/health` and `/readyz`.
    pub fn router(&self) -> Router {
        let mut router = Router::new()
            .route("/graphql", get(by_get).post(by_post))
            .route("/health", get(health))
            .route("/readyz", get(health));
        if self.0.introspection {
            router = router.route("/graphql/schema.graphql", get(schema));
        }
        if self.0.explorer {
            router = router.merge(explorer::routes());
        }
        router.with_state(self.clone())
    }
}

async fn health(State(gateway): State<Gateway>) -> Result<Response, Problem> {
    gateway.serving()?;
    Ok(axum::Json(json!({ "service": "gateway", "status": "ready" })).into_response())
}

/// The schema, for those whose operations would be admitted.
async fn schema(State(gateway): State<Gateway>, request: HttpRequest) -> Response {
    let caller = gateway.caller(request.headers().clone(), request.extensions(), Way::Get);
    let sdl = async {
        let mut caller = gateway.counted(caller).await?;
        gateway.identify(&mut caller).await?;
        Ok::<_, Refusal>(gateway.supergraph()?.api_sdl())
    };
    match sdl.await {
        Ok(sdl) => ([(header::CONTENT_TYPE, "application/graphql; charset=utf-8")], sdl).into_response(),
        Err(refusal) => respond(&refusal.into(), Accepts::Response),
    }
}

/// Takes a WebSocket, unless a page of another origin opens it.
async fn connect(gateway: Gateway, request: HttpRequest) -> Response {
    let origins = &gateway.0.settings.subscriptions.origins;
    let headers = request.headers();
    let checked = csrf::check_origin(origins, headers);
    let caller = checked.and_then(|()| gateway.caller(headers.clone(), request.extensions(), Way::Socket(origins)));
    let caller = match gateway.counted(caller).await {
        // The connection counts, and then each operation on it.
        Ok(caller) => Caller {
            is_counted: false,
            ..caller
        },
        Err(refusal) => return respond(&refusal.into(), Accepts::Json),
    };
    match WebSocketUpgrade::from_request(request, &()).await {
        Ok(upgrade) => websocket(gateway, upgrade, caller),
        Err(rejection) => rejection.into_response(),
    }
}

/// Answers with a body that lasts.
async fn last(gateway: &Gateway, transport: Transport, request: Request, caller: Caller) -> Response {
    let heartbeat = *gateway.0.settings.subscriptions.heartbeat;
    let accepts = Accepts::of(&caller.headers).unwrap_or(Accepts::Response);
    let single = Accepts::beside(&caller.headers, transport);
    match (Box::pin(gateway.start(request, caller)).await, single) {
        // Several clients take both and leave the choice to what is asked.
        (Ok(Started::Single(outcome)), Some(accepts)) => respond(&outcome, accepts),
        (started, _) => {
            stream(transport, heartbeat, started).unwrap_or_else(|refusal| respond(&refusal.into(), accepts))
        }
    }
}

async fn by_get(State(gateway): State<Gateway>, request: HttpRequest) -> Response {
    let headers = request.headers();
    if headers.contains_key(header::SEC_WEBSOCKET_KEY) {
        return Box::pin(connect(gateway, request)).await;
    }
    let wants_page = negotiate(headers, &[RESPONSE_JSON, JSON, "text/html"]) == Some(2);
    if request.uri().query().is_none() && wants_page && gateway.0.explorer {
        return explorer::page(explorer::Events::WebSocket);
    }
    let lasting = transport(headers);
    let Some(accepts) = Accepts::of(headers).or(lasting.map(|_| Accepts::Response)) else {
        return not_acceptable();
    };
    let checked = csrf::check(&gateway.0.settings.csrf, headers);
    let caller = checked.and_then(|()| gateway.caller(headers.clone(), request.extensions(), Way::Get));
    let counted = gateway.counted(caller).await;
    match counted.and_then(|caller| Ok((got(request.uri())?, caller))) {
        Ok((asked, caller)) => {
            if let Some(lasting) = lasting {
                return last(&gateway, lasting, asked, caller).await;
            }
            let mut response = respond(&gateway.execute(asked, caller).await, accepts);
            if response.status() == StatusCode::METHOD_NOT_ALLOWED {
                response
                    .headers_mut()
                    .insert(header::ALLOW, HeaderValue::from_static("POST"));
            }
            response
        }
        Err(refusal) => respond(&refusal.into(), accepts),
    }
}

async fn by_post(State(gateway): State<Gateway>, mut request: HttpRequest) -> Response {
    let lasting = transport(request.headers());
    let Some(accepts) = Accepts::of(request.headers()).or(lasting.map(|_| Accepts::Response)) else {
        return not_acceptable();
    };
    let settings = &gateway.0.settings;
    let checked = csrf::check(&settings.csrf, request.headers());
    let headers = std::mem::take(request.headers_mut());
    let caller = checked.and_then(|()| gateway.caller(headers, request.extensions(), Way::Post));
    let mut caller = match gateway.counted(caller).await {
        Ok(caller) => caller,
        Err(refusal) => return respond(&refusal.into(), accepts),
    };
    let limit = settings.http.body;
    let Ok(body) = to_bytes(request.into_body(), limit.as_usize()).await else {
        let message = format!("the body is larger than {limit}, or broke off");
        return respond(&malformed(StatusCode::PAYLOAD_TOO_LARGE, message).into(), accepts);
    };
    match posted(&caller.headers, &body, settings.http.batch) {
        Ok(Asked::One(asked)) => match lasting {
            Some(lasting) => last(&gateway, lasting, *asked, caller).await,
            None => respond(&gateway.execute(*asked, caller).await, accepts),
        },
        Ok(Asked::Batch(asked)) => {
            let answers = asked.into_iter().map(|one| {
                let this = caller.clone();
                // The request stands for the first of them.
                caller.is_counted = false;
                gateway.execute(one, this)
            });
            respond_batch(&join_all(answers).await, accepts)
        }
        Err(refusal) => respond(&refusal.into(), accepts),
    }
}

impl Gateway {
    /// What came with a request of whoever sends it; the token too, where it came in a cookie and may be believed.
    fn caller(&self, mut headers: HeaderMap, extensions: &Extensions, way: Way<'_>) -> Result<Caller, CsrfError> {
        self.0.believed.cookies.take(&mut headers, way, &self.0.settings.csrf)?;
        let address = extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Caller {
            headers,
            address: address.map(|ConnectInfo(address)| address.ip()),
            principal: None,
            is_counted: false,
        })
    }

    /// A caller whose address has been counted, before anything is done for it: what cannot be read counts too.
    async fn counted(&self, caller: Result<Caller, CsrfError>) -> Result<Caller, Refusal> {
        let mut caller = caller.map_err(refused)?;
        self.0.rates.check_address(&caller).await?;
        caller.is_counted = true;
        Ok(caller)
    }
}

fn refused(error: CsrfError) -> Refusal {
    Refusal {
        is_malformed: true,
        ..error.into()
    }
}

fn not_acceptable() -> Response {
    let message = format!("answers are {RESPONSE_JSON} or {JSON}");
    let outcome: Outcome = malformed(StatusCode::NOT_ACCEPTABLE, message).into();
    respond(&outcome, Accepts::Json)
}
