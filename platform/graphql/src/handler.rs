//! GraphQL over HTTP: POST with JSON, GET for queries, status codes as the draft of 2025 says.

use std::net::SocketAddr;

use async_graphql::{
    ObjectType, Request, Response as Answer, Schema, ServerError, SubscriptionType, parser::types::OperationType,
};
use axum::{
    Router,
    body::Bytes,
    extract::{ConnectInfo, State},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use futures::{StreamExt, stream};
use platform_error::Code;
use platform_http::negotiate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    ask::{has_only, read, request_of},
    entities,
    error::seal,
    events, explorer, federation_sdl,
    size::{self, Limit},
};

const RESPONSE_JSON: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

/// What the endpoint offers besides queries. Section `[graphql]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
    /// Whether clients may ask for the schema, by query and at `/graphql/schema.graphql`.
    pub introspection: bool,
    /// Whether a gateway in another process may ask for the schema, by `{ _service { sdl } }`, where clients may not. One in
    /// this process always may.
    pub sdl: bool,
    /// Whether browsers get a page to try queries on.
    pub explorer: bool,
    /// The most entities of one request of a gateway.
    pub entities: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            introspection: true,
            sdl: false,
            explorer: true,
            entities: 1_000,
        }
    }
}

/// Serves a schema at `/graphql`, and its SDL for federation at `/graphql/schema.graphql`. Resolvers find the request's
/// [`axum::http::Extensions`] among their data.
pub fn router<Q, M, S>(schema: Schema<Q, M, S>, settings: Settings) -> Router
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    router_until(schema, settings, CancellationToken::new())
}

/// The same, where events break off when `stopping` is cancelled.
pub fn router_until<Q, M, S>(schema: Schema<Q, M, S>, settings: Settings, stopping: CancellationToken) -> Router
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let mut router = Router::new().route("/graphql", get(by_get::<Q, M, S>).post(by_post::<Q, M, S>));
    if settings.introspection {
        let sdl = federation_sdl(&schema);
        let answer = move || async move { ([(header::CONTENT_TYPE, "application/graphql; charset=utf-8")], sdl) };
        router = router.route("/graphql/schema.graphql", get(answer));
    }
    if settings.explorer {
        router = router.merge(explorer::routes());
    }
    router.with_state(Endpoint {
        schema,
        settings,
        stopping,
    })
}

struct Endpoint<Q, M, S> {
    schema: Schema<Q, M, S>,
    settings: Settings,
    stopping: CancellationToken,
}

impl<Q, M, S> Clone for Endpoint<Q, M, S> {
    fn clone(&self) -> Self {
        Self {
            schema: self.schema.clone(),
            settings: self.settings,
            stopping: self.stopping.clone(),
        }
    }
}

async fn by_post<Q, M, S>(State(endpoint): State<Endpoint<Q, M, S>>, parts: Parts, body: Bytes) -> Response
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let Parts {
        headers, extensions, ..
    } = parts;
    let wants_events = events::are_wanted(&headers);
    let Some(media_type) = media_type(&headers).or(wants_events.then_some(JSON)) else {
        return not_acceptable();
    };
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // Nothing a web page can send without asking first is taken, so that no page can make a visitor's browser write.
    if !content_type
        .split(';')
        .next()
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(JSON))
    {
        let message = "the body must be JSON; send the header content-type: application/json";
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, media_type, message);
    }
    match read(body).await {
        Ok(request) if wants_events => endpoint.stream((request, extensions), media_type).await,
        Ok(request) => endpoint.answer((request, extensions), media_type).await,
        Err(message) => refused(StatusCode::BAD_REQUEST, media_type, &message),
    }
}

async fn by_get<Q, M, S>(State(endpoint): State<Endpoint<Q, M, S>>, parts: Parts) -> Response
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let Parts {
        headers,
        uri,
        extensions,
        ..
    } = parts;
    let wants_page = negotiate(&headers, &[RESPONSE_JSON, JSON, "text/html"]) == Some(2);
    if uri.query().is_none() && wants_page && endpoint.settings.explorer {
        return explorer::page(explorer::Events::Sse);
    }
    let Some(media_type) = media_type(&headers) else {
        return not_acceptable();
    };
    let mut request = match request_of(&uri) {
        Ok(request) => request,
        Err(message) => return refused(StatusCode::BAD_REQUEST, media_type, &message),
    };
    if !has_only(&mut request, OperationType::Query) {
        let mut response = refused(StatusCode::METHOD_NOT_ALLOWED, media_type, "send mutations by POST");
        response
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    endpoint.answer((request, extensions), media_type).await
}

impl<Q, M, S> Endpoint<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    async fn answer(&self, asked: (Request, Extensions), media_type: &'static str) -> Response {
        let mut answer = match self.admit(asked) {
            Err(refusal) => Answer::from_errors(vec![refusal]),
            Ok(request) => self.schema.execute(request).await,
        };
        answer.errors.iter_mut().for_each(seal);
        let status = match is_request_error(&answer) && media_type == RESPONSE_JSON {
            true => StatusCode::BAD_REQUEST,
            false => StatusCode::OK,
        };
        let headers = std::mem::take(&mut answer.http_headers);
        let mut response = match is_request_error(&answer) {
            true => respond(status, media_type, &json!({ "errors": answer.errors })),
            false => respond(status, media_type, &answer),
        };
        response.headers_mut().extend(headers);
        response
    }

    async fn stream(&self, asked: (Request, Extensions), media_type: &'static str) -> Response {
        match self.admit(asked) {
            Err(refusal) => respond(StatusCode::BAD_REQUEST, media_type, &json!({ "errors": [refusal] })),
            Ok(mut request) => {
                if has_only(&mut request, OperationType::Subscription) {
                    return events::respond(self.schema.execute_stream(request), self.stopping.clone());
                }
                // What ends is worked on within the limits of requests, which events do not have, and always told.
                let answer = self.schema.execute(request).await;
                events::respond(stream::iter([answer]).boxed(), CancellationToken::new())
            }
        }
    }

    /// A request as it may be executed.
    fn admit(&self, (mut request, extensions): (Request, Extensions)) -> Result<Request, ServerError> {
        let is_in_process = extensions.get::<ConnectInfo<SocketAddr>>().is_none();
        let limit = Limit {
            entities: self.settings.entities,
            schema: self.settings.introspection || self.settings.sdl || is_in_process,
        };
        if !self.settings.introspection {
            request = request.disable_introspection();
        }
        match size::refusal(&mut request, limit) {
            Some(refusal) => Err(refusal),
            None => {
                entities::number(&mut request);
                Ok(request.data(extensions))
            }
        }
    }
}

/// Whether execution never began: the answer then has no `data` at all.
fn is_request_error(answer: &Answer) -> bool {
    answer.data == async_graphql::Value::Null
        && !answer.errors.is_empty()
        && answer.errors.iter().all(|error| error.path.is_empty())
}

/// The newer media type for those who name it; `application/json` for everybody else who takes JSON.
fn media_type(headers: &HeaderMap) -> Option<&'static str> {
    let names_it = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|value| value.to_str().is_ok_and(|value| value.contains(RESPONSE_JSON)));
    let offered: &[&'static str] = if names_it { &[RESPONSE_JSON, JSON] } else { &[JSON] };
    negotiate(headers, offered).map(|index| offered[index])
}

fn not_acceptable() -> Response {
    refused(
        StatusCode::NOT_ACCEPTABLE,
        JSON,
        "answers are application/graphql-response+json or application/json",
    )
}

fn refused(status: StatusCode, media_type: &'static str, message: &str) -> Response {
    let error = json!({ "message": message, "extensions": { "code": Code::Invalid.as_str() } });
    respond(status, media_type, &json!({ "errors": [error] }))
}

fn respond(status: StatusCode, media_type: &'static str, answer: &impl Serialize) -> Response {
    match serde_json::to_vec(answer) {
        Ok(body) => (status, [(header::CONTENT_TYPE, media_type)], body).into_response(),
        Err(error) => platform_http::Problem(platform_error::Error::internal(error)).into_response(),
    }
}
