//! What mails say, and the links in them, which are made when the mail is.

use platform_database::Tx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    account, challenge,
    error::Result,
    mail::Mail,
    mail_change::{self, End},
    password::Forgotten,
    registration::Pending,
    store::Auth,
    throttle,
};

/// A mail that is to be sent. It names what it is about; who gets it and what it says is looked up when it is sent, so
/// that asking for it takes as long whoever was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Letter {
    /// The link that proves an address, or the news that it has an account.
    Registration(Uuid),
    /// The link that sets a new password, if there is an account.
    Reset(Uuid),
    /// The present address is asked whether it agrees to be changed.
    OldMail(Uuid),
    /// The new address is asked.
    NewMail(Uuid),
    /// The owner of an account learns what was changed.
    Notice(Uuid, Notice),
}

/// What was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Notice {
    /// The password.
    Password,
    /// Codes are asked for.
    CodesOn,
    /// Codes are not asked for any more.
    CodesOff,
    /// A recovery code was used.
    RecoveryCode,
    /// There are new recovery codes.
    RecoveryCodes,
    /// A passkey was added.
    Passkey,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A provider was added.
    Identity,
    /// A provider was removed.
    IdentityRemoved,
    /// A key was made.
    ApiKey,
    /// Everything but the password was removed.
    AccessRemoved,
    /// The account was suspended.
    Suspended,
    /// It was let in again.
    Reinstated,
    /// All sessions were ended by who administrates accounts.
    SignedOut,
    /// Everything that opens the account was removed by an operator.
    Recovered,
}

/// Writes a mail; nothing when nobody is to get it.
pub(crate) async fn write(auth: &Auth, tx: &Tx, letter: Letter) -> Result<Option<Mail>> {
    let mail = match letter {
        Letter::Registration(id) => registration(auth, tx, id).await?,
        Letter::Reset(id) => reset(auth, tx, id).await?,
        Letter::OldMail(id) => change(auth, tx, id, End::Old).await?,
        Letter::NewMail(id) => change(auth, tx, id, End::New).await?,
        Letter::Notice(id, notice) => account::find(tx, id)
            .await?
            .map(|account| noticed(auth, &account, notice)),
    };
    // What strangers can cause is bounded for each mailbox, one kind apart from the other, so that none uses up those by
    // which somebody gets their account back, or moves it; what its owner did is always told.
    let count = match letter {
        Letter::Reset(_) => Some("mailbox:reset"),
        Letter::Registration(_) => Some("mailbox"),
        Letter::NewMail(_) => Some("mailbox:change"),
        Letter::OldMail(_) | Letter::Notice(..) => None,
    };
    match (&mail, count) {
        (Some(mail), Some(count)) if !throttle::may_mail(auth, tx, count, &account::key_of(&mail.to)).await? => {
            tracing::info!("a mail was not sent, because its mailbox got several in a short time");
            Ok(None)
        }
        _ => Ok(mail),
    }
}

async fn registration(auth: &Auth, tx: &Tx, id: Uuid) -> Result<Option<Mail>> {
    let Some(challenge) = challenge::by_id(tx, id, auth.now()).await? else {
        return Ok(None);
    };
    let pending: Pending = challenge.data()?;
    let site = &auth.settings.site_name;
    if let Some(account) = account::by_email(tx, &pending.email).await? {
        let text = format!(
            "Somebody, probably you, registered at {site} with this address.\n\nIt has an account already: sign in, or \
             have the password reset at\n\n{}#forgot\n\nIf it was not you, there is nothing to do.\n",
            auth.settings.page
        );
        return Ok(Some(mail(
            account.email,
            format!("You have an account at {site}"),
            text,
        )));
    }
    let token = challenge::arm(auth, tx, challenge, None).await?;
    let text = format!(
        "Welcome to {site}.\n\nFollow this link and give the password you have chosen:\n\n{}\n\nThe link can be used \
         once. If you did not register, do not follow it: there is nothing to do.\n",
        link(auth, "verify", token.text.expose())
    );
    Ok(Some(mail(pending.email, format!("Your registration at {site}"), text)))
}

async fn reset(auth: &Auth, tx: &Tx, id: Uuid) -> Result<Option<Mail>> {
    let Some(challenge) = challenge::by_id(tx, id, auth.now()).await? else {
        return Ok(None);
    };
    let forgotten: Forgotten = challenge.data()?;
    // The mail goes to the address of the account, and never to the text that somebody wrote.
    let Some(account) = account::by_email(tx, &forgotten.email).await? else {
        return Ok(None);
    };
    let site = &auth.settings.site_name;
    if account.suspended_at.is_some() {
        let text = format!(
            "Somebody, probably you, wants to set a new password at {site}. Your account there is suspended, and no password \
             opens it: ask those who run {site}.\n"
        );
        return Ok(Some(mail(account.email, format!("Your account at {site}"), text)));
    }
    let token = challenge::arm(auth, tx, challenge, Some(account.id)).await?;
    let text = format!(
        "Somebody, probably you, wants to set a new password at {site}:\n\n{}\n\nThe link can be used once. If it was \
         not you, there is nothing to do: your password is as it was.\n",
        link(auth, "reset", token.text.expose())
    );
    Ok(Some(mail(account.email, format!("A new password for {site}"), text)))
}

async fn change(auth: &Auth, tx: &Tx, id: Uuid, end: End) -> Result<Option<Mail>> {
    let Some(change) = mail_change::by_id(tx, id, auth.now()).await? else {
        return Ok(None);
    };
    let Some(account) = account::find(tx, change.account_id).await? else {
        return Ok(None);
    };
    let (new, site) = (change.email.clone(), &auth.settings.site_name);
    let is_taken = account::by_email(tx, &new)
        .await?
        .is_some_and(|other| other.id != account.id);
    let to = match end {
        End::Old => account.email,
        End::New if is_taken => {
            let text = format!(
                "Somebody wants to move another account at {site} to this address, which has an account already. If it \
                 was not you, there is nothing to do.\n"
            );
            return Ok(Some(mail(new, format!("You have an account at {site}"), text)));
        }
        End::New => new.clone(),
    };
    let token = mail_change::arm(auth, tx, change, end).await?;
    let text = format!(
        "An account at {site} is to get the mail address {new}. Both the old and the new address have to agree; this \
         is yours:\n\n{}\n\nIf it was not you, do not follow the link, and change your password.\n",
        link(auth, "mail", token.text.expose())
    );
    Ok(Some(mail(to, format!("A new mail address for {site}"), text)))
}

fn noticed(auth: &Auth, account: &account::Model, notice: Notice) -> Mail {
    let what = match notice {
        Notice::Password => "The password was changed, and other sessions were ended.",
        Notice::CodesOn => "Signing in now asks for a code of an authenticator, and other sessions were ended.",
        Notice::CodesOff => "Signing in does not ask for a code any more.",
        Notice::RecoveryCode => "A recovery code was used to sign in.",
        Notice::RecoveryCodes => "There are new recovery codes, and the old ones are void.",
        Notice::Passkey => "A passkey was added.",
        Notice::PasskeyRemoved => "A passkey was removed.",
        Notice::Identity => "Another provider can sign you in now.",
        Notice::IdentityRemoved => "A provider was removed, and cannot sign you in any more.",
        Notice::ApiKey => "An API key was made.",
        Notice::AccessRemoved => "With the old password went the API keys, passkeys and providers that were there.",
        Notice::Suspended => {
            let what = match account.suspension_reason.as_deref() {
                Some(why) => format!("suspended your account: {why}"),
                // They were let in again before this was written.
                None => "suspended your account".to_owned(),
            };
            let what = format!("{what}\n\nYou are signed out everywhere, and API keys do nothing.");
            return by_others(auth, account, &what);
        }
        Notice::Reinstated => return by_others(auth, account, "let you in again. Sign in as before."),
        Notice::SignedOut => return by_others(auth, account, "signed you out everywhere. You can sign in again."),
        Notice::Recovered => {
            let what = format!(
                "took away everything that opened your account: the password, codes of an authenticator, passkeys, \
                 providers and API keys. Set a new password at\n\n{}#forgot",
                auth.settings.page
            );
            return by_others(auth, account, &what);
        }
    };
    let site = &auth.settings.site_name;
    let text = format!(
        "Your account at {site} was changed. {what}\n\nIf it was not you, have the password reset and look at your \
         sessions and keys:\n\n{}#forgot\n",
        auth.settings.page
    );
    mail(
        account.email.clone(),
        format!("Your account at {site} was changed"),
        text,
    )
}

/// What those who run the site did to an account.
fn by_others(auth: &Auth, account: &account::Model, what: &str) -> Mail {
    let site = &auth.settings.site_name;
    let text = format!("Those who run {site} {what}\n\nIf you think that this is a mistake, ask them.\n");
    mail(account.email.clone(), format!("Your account at {site}"), text)
}

/// The token stands behind the `#`, which browsers send to nobody.
fn link(auth: &Auth, what: &str, token: &str) -> String {
    format!("{}#{what}={token}", auth.settings.page)
}

fn mail(to: String, subject: String, text: String) -> Mail {
    Mail { to, subject, text }
}
