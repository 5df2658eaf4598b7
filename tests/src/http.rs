//! Calls as clients of a system make them.

use std::sync::OnceLock;

use platform_http::{Client, ClientSettings, Method};
use serde_json::{Value, json};

/// One client for all servers: making one reads the machine's certificates.
pub(crate) fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| Client::new(&ClientSettings::default()).expect("a client needs nothing"))
}

/// Sends JSON, unless it is null, with a token, unless that is empty: status and answer, a text where it is no JSON.
///
/// # Panics
/// When nobody answers.
pub async fn send(method: Method, url: &str, token: &str, body: &Value) -> (u16, Value) {
    let mut request = client().request(method, url).header("content-type", "application/json");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if !body.is_null() {
        request = request.body(body.to_string());
    }
    let answer = request.send().await.expect("the server answers");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("the server answers to the end");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// The token of somebody whose account comes ready, and how roles name them.
///
/// # Panics
/// When they may not come in.
pub async fn sign_in(auth: &str, name: &str, password: &str) -> (String, String) {
    let body = json!({ "email": format!("{name}@economic.example"), "password": password, "mode": "bearer" });
    let (_, answer) = send(Method::POST, &format!("{auth}/auth/sign-in"), "", &body).await;
    let text = |field: &str| {
        answer[field]
            .as_str()
            .unwrap_or_else(|| panic!("not signed in: {answer}"))
    };
    (text("accessToken").to_owned(), format!("user:{}", text("user")))
}
