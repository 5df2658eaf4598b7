//! OpenID providers: to them, back from them, and what of theirs is tied to the caller's account.

use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use openidconnect::url::form_urlencoded::byte_serialize;
use platform_http::{Json, Problem};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{answer, page};
use crate::{
    caller::Caller,
    client::Client,
    cookie,
    error::{Error, Result},
    identity,
    oidc::{self, Arrival, Astray, Purpose, Return},
    session::Mode,
    sign_in::Outcome,
    store::Auth,
};

pub(super) async fn list(State(auth): State<Auth>) -> Json<Value> {
    let all = auth
        .providers
        .all()
        .map(|(id, name)| json!({ "id": id, "name": name, "start": format!("/auth/oidc/{id}/start") }));
    Json(json!({ "providers": all.collect::<Vec<_>>() }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Start {
    return_to: Option<String>,
    #[serde(default = "cookie_mode")]
    mode: Mode,
}

fn cookie_mode() -> Mode {
    Mode::Cookie
}

pub(super) async fn depart(
    State(auth): State<Auth>,
    client: Client,
    headers: HeaderMap,
    (Path(provider), Query(start)): (Path<String>, Query<Start>),
) -> Response {
    let sent = sent(&auth, (&headers, &client), (provider.as_str(), start)).await;
    sent.unwrap_or_else(|error| page::refusal(&auth, &headers, error.into()))
}

async fn sent(
    auth: &Auth,
    (headers, client): (&HeaderMap, &Client),
    (provider, start): (&str, Start),
) -> Result<Response> {
    let purpose = Purpose {
        mode: start.mode,
        return_to: oidc::place(start.return_to.as_deref())?,
        tie: None,
    };
    let binding = cookie::ours(auth, headers, cookie::TRIP);
    let departure = oidc::depart(auth, provider, (purpose, binding), client).await?;
    let mut headers = HeaderMap::new();
    cookie::trip(auth, &mut headers, departure.binding.expose());
    Ok((headers, elsewhere(&departure.url)?).into_response())
}

pub(super) async fn arrive(
    State(auth): State<Auth>,
    client: Client,
    headers: HeaderMap,
    (Path(provider), Query(back)): (Path<String>, Query<Return>),
) -> Response {
    let binding = cookie::ours(&auth, &headers, cookie::TRIP);
    let arrived = oidc::arrive(&auth, &provider, (back, binding), &client).await;
    arrived
        .and_then(|(arrival, purpose)| landed(&auth, &arrival, &purpose).map_err(Astray::from))
        .unwrap_or_else(|astray| page::refusal(&auth, &headers, astray))
}

fn landed(auth: &Auth, arrival: &Arrival, purpose: &Purpose) -> Result<Response> {
    let home = || format!("{}{}", auth.settings.public_url, purpose.return_to);
    match (arrival, purpose.mode) {
        (Arrival::Tied, _) => elsewhere(&home()),
        (Arrival::SignIn(outcome), Mode::Bearer) => Ok(answer::outcome(auth, outcome)),
        (Arrival::SignIn(Outcome::SignedIn(grant)), Mode::Cookie) => {
            let mut response = elsewhere(&home())?;
            cookie::keep(auth, response.headers_mut(), grant);
            Ok(response)
        }
        (Arrival::SignIn(Outcome::Code(step)), Mode::Cookie) => {
            let mut page = format!("{}#code={}", auth.settings.page, step.token.expose());
            if purpose.return_to != oidc::HOME {
                page += "&to=";
                page.extend(byte_serialize(purpose.return_to.as_bytes()));
            }
            elsewhere(&page)
        }
    }
}

fn elsewhere(url: &str) -> Result<Response> {
    let url = HeaderValue::from_str(url).map_err(Error::internal)?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, url)]).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Tie {
    return_to: Option<String>,
}

pub(super) async fn tie(
    State(auth): State<Auth>,
    (caller, client): (Caller, Client),
    (Path(provider), headers): (Path<String>, HeaderMap),
    Json(body): Json<Tie>,
) -> Result<Response, Problem> {
    caller.is_confirmed(&auth)?;
    let purpose = Purpose {
        mode: caller.session.mode,
        return_to: oidc::place(body.return_to.as_deref())?,
        tie: Some((caller.account.id, caller.session.id)),
    };
    let binding = cookie::ours(&auth, &headers, cookie::TRIP);
    let departure = oidc::depart(&auth, &provider, (purpose, binding), &client).await?;
    let mut headers = HeaderMap::new();
    cookie::trip(&auth, &mut headers, departure.binding.expose());
    Ok((headers, Json(json!({ "url": departure.url }))).into_response())
}

pub(super) async fn identities(State(auth): State<Auth>, caller: Caller) -> Result<Json<Value>, Problem> {
    let identities = identity::list(auth.db.read(), caller.account.id).await?;
    Ok(Json(json!({ "identities": identities })))
}

pub(super) async fn untie(
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    identity::remove(&auth, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
