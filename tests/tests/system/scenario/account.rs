//! How people look after their account: keys for programs, sessions that end everywhere, a second factor; and tokens
//! that nobody signed.

use platform_http::Method;
use serde_json::{Value, json};

use super::{
    people::{ME, People, credentials, enter, sign_in},
    script::{Person, Script},
};

const RENAME: &str = "mutation { updateProfile(input: { organization: \"Engines\" }) { organization } }";
const FORGED: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";

pub(crate) async fn look_after(script: &mut Script<'_>, people: &mut People) {
    forge(script, people).await;
    let key = make_key(script, &people.ada).await;
    let (laptop, phone) = (
        another(script, &people.ada, "laptop").await,
        another(script, &people.ada, "phone").await,
    );

    // Each of the three ends in another way, and all of them everywhere.
    let revoke = format!("/auth/keys/{}", key.id.as_str().unwrap());
    script
        .auth(&people.bob, (Method::DELETE, &revoke, Value::Null), 404)
        .await;
    script
        .auth(&people.ada, (Method::DELETE, &revoke, Value::Null), 204)
        .await;
    script
        .auth(&laptop, (Method::POST, "/auth/sign-out", json!({})), 204)
        .await;
    let new = "seven lanterns over water";
    let change = |present: &str| json!({ "currentPassword": present, "newPassword": new });
    script
        .auth(
            &people.ada,
            (Method::PUT, "/auth/password", change("a wrong password")),
            401,
        )
        .await;
    script
        .auth(
            &people.ada,
            (Method::PUT, "/auth/password", change(&people.ada.password)),
            204,
        )
        .await;
    for ended in [&key.key, &laptop, &phone] {
        script.shut_out(ended).await;
    }
    script.data(&people.ada, ME, json!({})).await;
    script
        .auth(
            &people.ada,
            (Method::POST, "/auth/sign-in", credentials(&people.ada)),
            401,
        )
        .await;
    people.ada.password = new.to_owned();
    script.secrets.insert(new.to_owned());
    enter(script, &mut people.ada).await;
    second_factor(script, &mut people.ada).await;
}

/// A signature that was left out, or is of other claims, opens no door.
async fn forge(script: &mut Script<'_>, People { ada, bob, .. }: &People) {
    let [header, claims, signature] = parts(&ada.token);
    let [_, others, _] = parts(&bob.token);
    let forged = [
        ("a token without a signature", format!("{FORGED}.{claims}.")),
        (
            "a token of another with a signature",
            format!("{header}.{others}.{signature}"),
        ),
    ];
    for (name, token) in forged {
        script.shut_out(&ada.by(name, &Value::from(token))).await;
    }
}

fn parts(token: &str) -> [&str; 3] {
    token
        .split('.')
        .collect::<Vec<_>>()
        .try_into()
        .expect("a token has three parts")
}

/// An API key, and its id.
struct Key {
    key: Person,
    id: Value,
}

/// A key reads and does nothing else, and is not its owner.
async fn make_key(script: &mut Script<'_>, ada: &Person) -> Key {
    let unknown = json!({ "name": "nightly", "accountId": ada.id });
    script.auth(ada, (Method::POST, "/auth/keys", unknown), 422).await;
    let wanted = json!({ "name": "nightly", "scopes": ["users:read"] });
    let made = script.auth(ada, (Method::POST, "/auth/keys", wanted), 201).await;
    let key = ada.by("ada's key", &made["key"]);
    script.data(&key, ME, json!({})).await;
    script.refused(&key, (RENAME, json!({})), "FORBIDDEN").await;
    let role = "mutation { createAccessRole(input: { name: \"x\", permissions: [\"data:read\"] }) { key } }";
    script.refused(&key, (role, json!({})), "FORBIDDEN").await;
    script
        .refused(&key, ("{ account { email } }", json!({})), "FORBIDDEN")
        .await;
    script
        .refused(&key, ("mutation { requestDataExport { id } }", json!({})), "FORBIDDEN")
        .await;
    script
        .auth(&key, (Method::GET, "/auth/sessions", Value::Null), 403)
        .await;
    let listed = "{ account { email apiKeys { nodes { name scopes revokedAt } } } }";
    script.data(ada, listed, json!({})).await;
    Key {
        key,
        id: made["id"].clone(),
    }
}

async fn another(script: &mut Script<'_>, person: &Person, name: &'static str) -> Person {
    let granted = sign_in(script, person).await;
    let session = person.by(name, &granted["accessToken"]);
    script.data(&session, ME, json!({})).await;
    session
}

/// A code of the authenticator, and a recovery code in its place; neither is good twice.
async fn second_factor(script: &mut Script<'_>, ada: &mut Person) {
    let begun = script.auth(ada, (Method::POST, "/auth/totp", json!({})), 200).await;
    let code = code(begun["secret"].as_str().unwrap());
    let enabled = script
        .auth(ada, (Method::POST, "/auth/totp/confirm", json!({ "code": code })), 200)
        .await;
    let asked = sign_in(script, ada).await;
    let give = |code: &Value| json!({ "challenge": asked["secondFactor"]["challenge"], "code": code });
    let recovery = &enabled["recoveryCodes"][0];
    script
        .auth(ada, (Method::POST, "/auth/sign-in/code", give(&json!(code))), 401)
        .await;
    let granted = script
        .auth(ada, (Method::POST, "/auth/sign-in/code", give(recovery)), 200)
        .await;
    script
        .auth(ada, (Method::POST, "/auth/sign-in/code", give(recovery)), 400)
        .await;
    *ada = ada.by("ada", &granted["accessToken"]);
    script.data(ada, ME, json!({})).await;
}

/// What an authenticator shows now.
fn code(secret: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new()
        .with_secret(secret.as_bytes().to_vec())
        .build_noncompliant();
    totp.generate(chrono::Utc::now().timestamp().unsigned_abs()).to_string()
}
