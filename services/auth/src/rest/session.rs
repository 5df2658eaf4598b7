//! Sessions: new tokens, the list, and their end.

use axum::{
    extract::{FromRequest, Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use platform_http::{Json, Problem};
use serde::{Deserialize, Deserializer};
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
    workspace,
};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Refresh {
    /// Not needed beside the cookie.
    refresh_token: Option<Hidden>,
    /// Where to act from now on: nothing said is where it was, null nowhere.
    #[serde(deserialize_with = "said")]
    workspace: Option<Option<Uuid>>,
}

fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Uuid>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

pub(super) async fn refresh(State(auth): State<Auth>, client: Client, request: Request) -> Result<Response, Problem> {
    let kept = cookie::ours(&auth, request.headers(), cookie::REFRESH).map(str::to_owned);
    let headers = request.headers().clone();
    // A browser that says nothing may send nothing.
    let body = match kept.is_some() && !headers.contains_key(header::CONTENT_TYPE) {
        true => Refresh::default(),
        false => Json::<Refresh>::from_request(request, &()).await?.0,
    };
    let Some(kept) = kept else {
        let token = body.refresh_token;
        let token = token.ok_or(Error::field("refreshToken", "must be given, or the cookie refresh"))?;
        let session = refresh::session_of(&auth, token.text()).await?;
        let acting = workspace::find(&auth, &session, body.workspace).await;
        let grant = refresh::rotate(&auth, token.text(), acting, &client).await?;
        return Ok(answer::granted(&auth, &grant));
    };
    match by_cookie(&auth, (&kept, body.workspace), &headers, &client).await {
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

async fn by_cookie(
    auth: &Auth,
    (kept, asked): (&str, Option<Option<Uuid>>),
    headers: &HeaderMap,
    client: &Client,
) -> Result<Response> {
    let session = refresh::session_of(auth, kept).await?;
    cookie::check(auth, headers, session.id)?;
    let acting = workspace::find(auth, &session, asked).await;
    let grant = refresh::rotate(auth, kept, acting, client).await?;
    Ok(answer::granted(auth, &grant))
}

pub(super) async fn sign_out(State(auth): State<Auth>, caller: Caller) -> Result<Response, Problem> {
    session::sign_out(&auth, &caller.session).await?;
    let mut headers = HeaderMap::new();
    cookie::clear(&auth, &mut headers);
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

pub(super) async fn list(State(auth): State<Auth>, caller: Caller) -> Result<Json<Value>, Problem> {
    let sessions = session::list(auth.db.read(), caller.account.id, auth.now()).await?;
    Ok(Json(marked(&sessions, &caller)))
}

/// Sessions, and which of them asks.
pub(super) fn marked(sessions: &[session::Model], caller: &Caller) -> Value {
    let marked = sessions.iter().map(|session| {
        let mut value = json!(session);
        value["current"] = (session.id == caller.session.id).into();
        value
    });
    json!({ "sessions": marked.collect::<Vec<_>>() })
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
