//! Signing in by a password, with a code after it where the account asks for one.

use chrono::{DateTime, Utc};
use platform_config::Secret;
use platform_crypto::Verdict;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    account::{self, Change},
    caller::Caller,
    challenge::{self, Kind},
    client::Client,
    device,
    error::{Error, Result},
    events,
    identity::{self, Claimed},
    input,
    registration::Hidden,
    session::{self, Method, Mode},
    standing,
    store::Auth,
    throttle::{self, Guess},
    token::Grant,
    totp,
};

/// Wrong codes after one password.
const ATTEMPTS: i32 = 5;

/// What an attempt to sign in leads to.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// Somebody is signed in.
    SignedIn(Box<Grant>),
    /// A code is asked for.
    Code(Step),
}

/// The next step of a sign-in.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// What has to be sent with the code.
    pub token: Secret<String>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// What was shown first. It is kept until the code is given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Factor {
    /// A password.
    Password,
    /// A provider's word; with an identity that is to be tied to the account once nothing else is asked for.
    Provider(Option<Claimed>),
}

/// Signs in by a password. Whether there is such an account shows neither in the answer nor in the work it took.
pub(crate) async fn with_password(
    auth: &Auth,
    (email, password): (&str, Secret<String>),
    by: (Mode, &Client),
) -> Result<Outcome> {
    // What is no mail address belongs to nobody, and is looked at as long.
    let (account, known) = match input::email(email) {
        Ok(email) => device::with_account(auth, &email, by.1).await?,
        Err(_) => (None, None),
    };
    let attempt = throttle::admit(auth, Guess::Password, &account::key_of(email), known.as_ref(), by.1).await?;
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let verdict = auth.verify(password.clone(), hash).await?;
    let account = match account {
        Some(account) if verdict != Verdict::Wrong => account,
        _ => {
            metrics::counter!("auth_failures_total", "what" => "password").increment(1);
            return Err(Error::Credentials);
        }
    };
    let newer = match verdict {
        Verdict::RightButOld => Some(auth.hash(password).await?),
        _ => None,
    };
    let tx = auth.db.begin().await?;
    // A password that was changed while this one was hashed opens nothing any more.
    let is_same = |now: &account::Model| now.password_changed_at == account.password_changed_at;
    let now = account::hold(&tx, account.id).await?;
    let account = now.filter(is_same).ok_or(Error::Credentials)?;
    attempt.passed(&tx).await?;
    if let Some(hash) = newer {
        account::set_hash(auth, &tx, (account.id, hash), Change::Hash).await?;
    }
    let outcome = go_on(auth, &tx, &account, Factor::Password, by).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Signs somebody in who showed one factor, or asks for the code.
pub(crate) async fn go_on(
    auth: &Auth,
    tx: &platform_database::Tx,
    account: &account::Model,
    factor: Factor,
    by: (Mode, &Client),
) -> Result<Outcome> {
    let standing = standing::of(tx, account.id, auth.now()).await?;
    if !standing.asks_for_codes {
        let method = match factor {
            Factor::Password => Method::Password,
            Factor::Provider(identity) => tied(auth, tx, account, identity, Method::Provider).await?,
        };
        let grant = session::begin(auth, tx, (account, standing), (method, by.0), by.1).await?;
        return Ok(Outcome::SignedIn(Box::new(grant)));
    }
    let (token, expires_at) = challenge::begin(auth, tx, (Kind::Code, Some(account.id)), &factor).await?;
    Ok(Outcome::Code(Step { token, expires_at }))
}

async fn tied(
    auth: &Auth,
    tx: &platform_database::Tx,
    account: &account::Model,
    identity: Option<Claimed>,
    method: Method,
) -> Result<Method> {
    if let Some(identity) = identity {
        identity::tie(auth, tx, account, identity).await?;
    }
    Ok(method)
}

/// Gives the code, or a recovery code, after the password.
pub(crate) async fn with_code(auth: &Auth, token: &str, code: Secret<String>, by: (Mode, &Client)) -> Result<Grant> {
    let challenge = challenge::open_to(auth, Kind::Code, token, ATTEMPTS).await?;
    let id = challenge.account_id.ok_or(Error::Spent)?;
    let factor: Factor = challenge.data()?;
    let account = account::find(auth.db.read(), id).await?.ok_or(Error::Spent)?;
    let known = device::known(auth, id, by.1).await?;
    let attempt = throttle::admit(auth, Guess::Code, &account.email_key, known.as_ref(), by.1).await?;
    // Whoever is let through has tried it: what others make somebody wait for does not void their step.
    challenge::attempt(auth, Kind::Code, token, ATTEMPTS).await?;
    let tx = auth.db.begin().await?;
    let account = account::hold(&tx, id).await?.ok_or(Error::Spent)?;
    if let Err(error) = totp::accept(auth, &tx, &account, code.expose()).await {
        tx.rollback().await?;
        return Err(refused(auth, id, "second_factor", error).await?);
    }
    challenge::take(auth, &tx, Kind::Code, token).await?;
    attempt.passed(&tx).await?;
    let method = match factor {
        Factor::Password => Method::PasswordAndCode,
        Factor::Provider(identity) => tied(auth, &tx, &account, identity, Method::ProviderAndCode).await?,
    };
    let standing = standing::of(&tx, id, auth.now()).await?;
    let grant = session::begin(auth, &tx, (&account, standing), (method, by.0), by.1).await?;
    tx.commit().await?;
    Ok(grant)
}

/// Notes a wrong code or password of who had shown something else before: the password, or a session.
pub(crate) async fn refused(auth: &Auth, id: Uuid, action: &'static str, error: Error) -> Result<Error> {
    if matches!(error, Error::WrongCode | Error::Credentials) {
        let tx = auth.db.begin().await?;
        events::refused(auth, &tx, id, action).await?;
        tx.commit().await?;
    }
    Ok(error)
}

/// What somebody who is signed in shows again, to be allowed to change how they sign in.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    /// The password.
    Password(Hidden),
    /// A code of the second factor.
    Code(Hidden),
}

impl Proof {
    /// Whichever of the two was given.
    pub(crate) fn one_of(password: Option<Hidden>, code: Option<Hidden>) -> Result<Self> {
        match (password, code) {
            (Some(password), None) => Ok(Self::Password(password)),
            (None, Some(code)) => Ok(Self::Code(code)),
            _ => Err(Error::field("input", "must have either a password or a code")),
        }
    }
}

/// Shows again who one is. With a second factor only its code will do.
pub(crate) async fn confirm(auth: &Auth, caller: &Caller, proof: Proof) -> Result<()> {
    let account = &caller.account;
    let guess = match proof {
        Proof::Password(_) => Guess::Password,
        Proof::Code(_) => Guess::Code,
    };
    let attempt = throttle::admit_again(auth, guess, caller).await?;
    let has_code = totp::is_on(auth.db.read(), account.id).await?;
    let code = match proof {
        Proof::Password(_) if has_code => return Err(Error::Conflict("give a code of your authenticator instead")),
        Proof::Password(password) => {
            let verdict = auth.verify(password.secret(), account.password_hash.clone()).await?;
            if verdict == Verdict::Wrong {
                return Err(refused(auth, account.id, "confirmation", Error::Credentials).await?);
            }
            None
        }
        Proof::Code(code) => Some(code),
    };
    let tx = auth.db.begin().await?;
    caller.hold(auth, &tx).await?;
    if let Some(code) = code
        && let Err(error) = totp::accept(auth, &tx, account, code.text()).await
    {
        tx.rollback().await?;
        return Err(refused(auth, account.id, "confirmation", error).await?);
    }
    attempt.passed(&tx).await?;
    session::confirmed(&tx, caller.session.id, auth.now()).await?;
    events::audit(auth, &tx, account.id, "confirmation").await?;
    Ok(tx.commit().await?)
}
