//! What somebody is answered who signed in, in the way they asked for.

use axum::{
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use platform_http::Json;
use serde_json::{Value, json};

use crate::{
    cookie,
    session::Mode,
    sign_in::{Outcome, Step},
    store::Auth,
    token::{self, Grant},
};

/// Tokens in the body, or in cookies and then in no body.
pub(super) fn granted(auth: &Auth, grant: &Grant) -> Response {
    let mut headers = HeaderMap::new();
    let mut body = json!({
        "session": grant.session.id,
        "user": grant.session.account_id,
        "expiresAt": grant.access.expires_at,
        "workspace": grant.session.workspace,
    });
    let mut say = |name: &str, value: Value| {
        body[name] = value;
    };
    if let Some(lost) = grant.lost {
        say("lostWorkspace", json!(lost));
    }
    match grant.session.mode {
        Mode::Cookie => {
            cookie::keep(auth, &mut headers, grant);
            say("csrfToken", token::csrf(auth, grant.session.id).into());
        }
        Mode::Bearer => {
            say("tokenType", "Bearer".into());
            say("accessToken", grant.access.text.expose().as_str().into());
            say("refreshToken", grant.refresh.text.expose().as_str().into());
            say("refreshExpiresAt", json!(grant.refresh.expires_at));
            if let Some(device) = &grant.device {
                say("deviceToken", device.expose().as_str().into());
            }
        }
    }
    (headers, Json(body)).into_response()
}

/// Tokens, or the question for a code.
pub(super) fn outcome(auth: &Auth, outcome: &Outcome) -> Response {
    match outcome {
        Outcome::SignedIn(grant) => granted(auth, grant),
        Outcome::Code(step) => Json(asked(step)).into_response(),
    }
}

fn asked(step: &Step) -> Value {
    json!({
        "secondFactor": {
            "challenge": step.token.expose(),
            "methods": ["totp", "recoveryCode"],
            "expiresAt": step.expires_at,
        }
    })
}
