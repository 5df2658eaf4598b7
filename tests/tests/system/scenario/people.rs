//! How people come in: they register, prove their address, sign in, and their profile arrives by an event.

use platform_http::Method;
use serde_json::{Value, json};

use super::script::{Person, Script};

pub(crate) const ME: &str = "{ me { id name email } }";

/// Everybody in the scenario.
pub(crate) struct People {
    pub(crate) ada: Person,
    pub(crate) bob: Person,
    pub(crate) eve: Person,
    /// Who may do everything, from the accounts that come ready.
    pub(crate) admin: Person,
    pub(crate) nobody: Person,
}

pub(crate) async fn arrive(script: &mut Script<'_>) -> People {
    let mut admin = somebody("admin", "admin@economic.example", "correct-horse-economic-1");
    enter(script, &mut admin).await;
    let nobody = somebody("nobody", "nobody@people.example", "a password of nobody's");
    script.refused(&nobody, (ME, json!({})), "UNAUTHENTICATED").await;
    let people = People {
        ada: join(script, "ada").await,
        bob: join(script, "bob").await,
        eve: join(script, "eve").await,
        admin,
        nobody,
    };
    ask_at_once(script, &people).await;
    people
}

/// Whoever asks the same at the same moment gets an answer of their own.
async fn ask_at_once(script: &Script<'_>, People { ada, bob, eve, .. }: &People) {
    let own = async |who: &Person| {
        let data = script.wait_for(who, (ME, json!({})), Value::is_object).await;
        data["me"]["email"] == who.email.as_str()
    };
    for _ in 0..10 {
        let answers = tokio::join!(own(ada), own(bob), own(eve), own(ada));
        assert_eq!(answers, (true, true, true, true), "{}", script.system.name);
    }
}

/// Registers somebody, and waits for their profile.
async fn join(script: &mut Script<'_>, name: &'static str) -> Person {
    let email = format!("{name}@people.example");
    let mut person = somebody(name, &email, &format!("the quiet harbour of {name}"));
    register(script, &person).await;
    enter(script, &mut person).await;
    person.id = script.auth(&person, (Method::GET, "/auth/me", Value::Null), 200).await["id"].clone();
    let arrived = |data: &Value| data["me"]["name"] == name;
    script.until(&person, (ME, json!({})), arrived).await;
    person
}

/// From the registration to the account: with the link and the password, and with neither alone.
pub(crate) async fn register(script: &mut Script<'_>, person: &Person) {
    let (email, password) = (&person.email, &person.password);
    script.secrets.extend([email.clone(), password.clone()]);
    let registration = json!({ "email": email, "password": password, "name": person.name });
    script
        .auth(person, (Method::POST, "/auth/register", registration), 202)
        .await;
    script
        .auth(person, (Method::POST, "/auth/sign-in", credentials(person)), 401)
        .await;
    let link = script.system.link(email, "verify", &script.secrets).await;
    script.secrets.insert(link.clone());
    let proof = |password: &str| json!({ "token": link, "password": password });
    let verify = "/auth/register/verify";
    script
        .auth(person, (Method::POST, verify, proof("another password")), 401)
        .await;
    script.auth(person, (Method::POST, verify, proof(password)), 200).await;
    script.auth(person, (Method::POST, verify, proof(password)), 400).await;
}

/// Signs somebody in, who goes on with the new token.
pub(crate) async fn enter(script: &mut Script<'_>, person: &mut Person) {
    let granted = sign_in(script, person).await;
    *person = person.by(person.name, &granted["accessToken"]);
}

/// What somebody gets who signs in.
pub(crate) async fn sign_in(script: &mut Script<'_>, person: &Person) -> Value {
    let unknown = Person {
        token: String::new(),
        ..person.clone()
    };
    script
        .auth(&unknown, (Method::POST, "/auth/sign-in", credentials(person)), 200)
        .await
}

pub(crate) fn credentials(person: &Person) -> Value {
    json!({ "email": person.email, "password": person.password, "mode": "bearer" })
}

fn somebody(name: &'static str, email: &str, password: &str) -> Person {
    Person {
        name,
        email: email.to_owned(),
        password: password.to_owned(),
        id: Value::Null,
        token: String::new(),
    }
}
