//! Accounts made by whoever runs the system, without a mail: for seeds and for the first person of an installation.

use platform_config::Secret;

use crate::{
    account::{self, New},
    error::Result,
    input,
    store::Auth,
};

/// Somebody who is to have an account.
#[derive(Clone, Debug)]
pub struct Person {
    /// The mail address, which counts as proven.
    pub email: String,
    /// The name.
    pub name: Option<String>,
    /// The password.
    pub password: Secret<String>,
}

/// Makes an account, or gives the one that is there, as it is.
pub async fn account(auth: &Auth, person: Person) -> Result<account::Model> {
    let email = input::email(&person.email)?;
    if let Some(account) = account::by_email(auth.db.read(), &email).await? {
        return Ok(account);
    }
    input::password(person.password.expose(), &email)?;
    let password_hash = Some(auth.hash(person.password).await?);
    let new = New {
        email,
        name: input::name(person.name)?,
        locale: None,
        password_hash,
    };
    let tx = auth.db.begin().await?;
    let account = account::create(auth, &tx, new).await?;
    tx.commit().await?;
    Ok(account)
}
