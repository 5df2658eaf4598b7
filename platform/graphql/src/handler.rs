//! GraphQL over HTTP: POST with JSON, GET for queries, status codes as the draft of 2025 says.

use async_graphql::{ObjectType, Request, Response as Answer, Schema, SubscriptionType, parser::types::OperationType};
use axum::{
    Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use platform_error::Code;
use platform_http::negotiate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{entities, error::seal, events, explorer, federation_sdl};

const RESPONSE_JSON: &str = "application/graphql-response+json";
const JSON: &str = "application/json";
/// A body of so many bytes takes a while to read.
const LONG: usize = 64 << 10;

/// What the endpoint offers besides queries. Section `[graphql]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
    /// Whether clients may ask for the schema, by query and at `/graphql/schema.graphql`.
    pub introspection: bool,
    /// Whether browsers get a page to try queries on.
    pub explorer: bool,
    /// The most entities of one request of a gateway.
    pub entities: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            introspection: true,
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
    let mut router = Router::new().route("/graphql", get(by_get::<Q, M, S>).post(by_post::<Q, M, S>));
    if settings.introspection {
        let sdl = federation_sdl(&schema);
        let answer = move || async move { ([(header::CONTENT_TYPE, "application/graphql; charset=utf-8")], sdl) };
        router = router.route("/graphql/schema.graphql", get(answer));
    }
    if settings.explorer {
        router = router.merge(explorer::routes());
    }
    router.with_state(Endpoint { schema, settings })
}

struct Endpoint<Q, M, S> {
    schema: Schema<Q, M, S>,
    settings: Settings,
}

impl<Q, M, S> Clone for Endpoint<Q, M, S> {
    fn clone(&self) -> Self {
        Self {
            schema: self.schema.clone(),
            settings: self.settings,
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
        Ok(request) if wants_events => endpoint.stream(request.data(extensions), media_type),
        Ok(request) => endpoint.answer(request.data(extensions), media_type).await,
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
    if !is_query(&mut request) {
        let mut response = refused(StatusCode::METHOD_NOT_ALLOWED, media_type, "send mutations by POST");
        response
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    endpoint.answer(request.data(extensions), media_type).await
}

impl<Q, M, S> Endpoint<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    async fn answer(&self, mut request: Request, media_type: &'static str) -> Response {
        if !self.settings.introspection {
            request = request.disable_introspection();
        }
        let mut answer = match entities::refusal(&mut request, self.settings.entities) {
            Some(refusal) => Answer::from_errors(vec![refusal]),
            None => self.schema.execute(request).await,
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
}

impl<Q, M, S> Endpoint<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn stream(&self, mut request: Request, media_type: &'static str) -> Response {
        if !self.settings.introspection {
            request = request.disable_introspection();
        }
        match entities::refusal(&mut request, self.settings.entities) {
            Some(refusal) => refused(StatusCode::BAD_REQUEST, media_type, &refusal.message),
            None => events::respond(self.schema.execute_stream(request)),
        }
    }
}

/// Whether execution never began: the answer then has no `data` at all.
fn is_request_error(answer: &Answer) -> bool {
    answer.data == async_graphql::Value::Null
        && !answer.errors.is_empty()
        && answer.errors.iter().all(|error| error.path.is_empty())
}

/// The request in a body. A long one is read, and its query parsed, where it holds up no other request.
async fn read(body: Bytes) -> Result<Request, String> {
    if body.len() < LONG {
        return request_in(&body);
    }
    let reading = tokio::task::spawn_blocking(move || {
        let mut request = request_in(&body)?;
        // The request keeps what was parsed; an error is found again where it is answered.
        let _ = request.parsed_query();
        Ok(request)
    });
    reading
        .await
        .unwrap_or_else(|_| Err("the body cannot be read; send a smaller one".into()))
}

fn request_in(body: &[u8]) -> Result<Request, String> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err("batches are not supported; send one operation per request".into());
    }
    let request: Request =
        serde_json::from_slice(body).map_err(|error| format!("the body is not a request: {error}"))?;
    if request.query.trim().is_empty() {
        return Err("the body must have a query: {\"query\": \"{ … }\"}".into());
    }
    Ok(request)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: String,
    operation_name: Option<String>,
    variables: Option<String>,
}

fn request_of(uri: &Uri) -> Result<Request, String> {
    let Query(parameters) = Query::<Parameters>::try_from_uri(uri)
        .map_err(|_| "the URL must have the parameter query; variables and operationName may follow".to_owned())?;
    let mut request = Request::new(parameters.query);
    request.operation_name = parameters.operation_name;
    if let Some(variables) = parameters.variables {
        let variables: Value =
            serde_json::from_str(&variables).map_err(|error| format!("the variables are not JSON: {error}"))?;
        request = request.variables(async_graphql::Variables::from_json(variables));
    }
    Ok(request)
}

/// Whether the operation only reads. What cannot be parsed is left for execution to explain.
fn is_query(request: &mut Request) -> bool {
    let wanted = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else {
        return true;
    };
    document
        .operations
        .iter()
        .filter(|(name, _)| wanted.is_none() || name.map(|name| name.as_str()) == wanted.as_deref())
        .all(|(_, operation)| operation.node.ty == OperationType::Query)
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
