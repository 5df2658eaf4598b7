//! Sessions: new tokens, the list, and their end.

use axum::{
    extract::{FromRequest, Path, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use platform_http::{Json, Problem};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer;
use crate::{
    caller::Caller,
    client::Client,
    cookie,
    error::{Error, Result},
    refresh,
    registration::Hidden,
    session,
    store::Auth,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Refresh {
    refresh_token: Hidden,
}

pub(super) async fn refresh(State(auth): State<Auth>, client: Client, request: Request) -> Result<Response, Problem> {
    let kept = cookie::ours(&auth, request.headers(), cookie::REFRESH).map(str::to_owned);
    let Some(kept) = kept else {
        let Json(body) = Json::<Refresh>::from_request(request, &()).await?;
        let grant = refresh::rotate(&auth, body.refresh_token.text(), &client).await?;
        return Ok(answer::granted(&auth, &grant));
    };
    match by_cookie(&auth, &kept, request.headers(), &client).await {
        Ok(response) => Ok(response),
        // The browser keeps nothing that is worth nothing.
        Err(error @ Error::Refresh) => {
            let mut response = Problem::from(error).into_response();
            cookie::clear(&auth, response.headers_mut());
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

async fn by_cookie(auth: &Auth, kept: &str, headers: &HeaderMap, client: &Client) -> Result<Response> {
    let session = refresh::session_of(auth.db.read(), kept).await?;
    cookie::check(auth, headers, session)?;
    let grant = refresh::rotate(auth, kept, client).await?;
    Ok(answer::granted(auth, &grant))
}

pub(super) async fn sign_out(State(auth): State<Auth>, caller: Caller) -> Result<Response, Problem> {
    session::sign_out(&auth, &caller.session).await?;
    let mut headers = HeaderMap::new();
    cookie::clear(&auth, &mut headers);
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

pub(super) async fn list(State(auth): State<Auth>, caller: Caller) -> Result<Json<Value>, Problem> {
    let sessions = session::list(auth.db.read(), &caller, auth.now()).await?;
    let marked = sessions.iter().map(|session| {
        let mut value = json!(session);
        value["current"] = (session.id == caller.session.id).into();
        value
    });
    Ok(Json(json!({ "sessions": marked.collect::<Vec<_>>() })))
}

pub(super) async fn revoke(
    State(auth): State<Auth>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    session::revoke(&auth, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn revoke_others(State(auth): State<Auth>, caller: Caller) -> Result<Json<Value>, Problem> {
    let revoked = session::revoke_others(&auth, &caller).await?;
    Ok(Json(json!({ "revoked": revoked })))
}
