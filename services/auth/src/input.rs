//! What people write: mail addresses, names, languages, passwords, each with its rules.

use lettre::message::Mailbox;

use crate::{
    error::{Error, Result},
    settings::Settings,
};

/// The longest address that mail can be sent to (RFC 5321).
const LONGEST_EMAIL: usize = 254;
const LONGEST_NAME: usize = 100;
const LONGEST_REASON: usize = 300;
const LONGEST_LOCALE: usize = 35;
const SHORTEST_PASSWORD: usize = 10;
const LONGEST_PASSWORD: usize = 256;
/// Passwords that everybody tries first, of ten characters or more. One a line.
const COMMON: &str = include_str!("common_passwords.txt");

/// A mail address without the spaces around it. Only plain ASCII, and nothing between quotes: what merely looks like
/// another address is none, and neither is what mail goes to under another name.
pub(crate) fn email(text: &str) -> Result<String> {
    let text = text.trim();
    let is_plain = text.is_ascii() && text.len() <= LONGEST_EMAIL && !text.contains(|c: char| c.is_ascii_control());
    let is_itself = |mailbox: Mailbox| mailbox.name.is_none() && AsRef::<str>::as_ref(&mailbox.email) == text;
    match is_plain && text.parse::<Mailbox>().is_ok_and(is_itself) {
        true => Ok(text.to_owned()),
        false => Err(Error::field("email", "must be a mail address such as ada@example.com")),
    }
}

/// A name for people, or none.
pub(crate) fn name(text: Option<String>) -> Result<Option<String>> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    match &text {
        Some(text) if text.chars().count() > LONGEST_NAME || text.contains(char::is_control) => Err(Error::field(
            "name",
            "must have at most 100 characters, all of them printable",
        )),
        _ => Ok(text),
    }
}

/// The name of a key or a passkey.
pub(crate) fn label(text: &str) -> Result<String> {
    name(Some(text.to_owned()))?.ok_or(Error::field("name", "must not be empty"))
}

/// Why something is done to an account, in a line.
pub(crate) fn reason(text: &str) -> Result<String> {
    let text = text.trim();
    match (1..=LONGEST_REASON).contains(&text.chars().count()) && !text.contains(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(Error::field(
            "reason",
            "must have 1 to 300 characters in one line: the owner of the account reads it",
        )),
    }
}

/// A language tag, or none.
pub(crate) fn locale(text: Option<String>) -> Result<Option<String>> {
    let is_tag = |text: &String| {
        (2..=LONGEST_LOCALE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    match text {
        Some(text) if !is_tag(&text) => Err(Error::field("locale", "must be a language tag such as de-AT")),
        text => Ok(text),
    }
}

/// A password that may be set: long enough, not one that everybody tries, and not the mail address.
pub(crate) fn password(text: &str, email: &str) -> Result<()> {
    let length = text.chars().count();
    if !(SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&length) {
        return Err(Error::field("password", "must have 10 to 256 characters"));
    }
    let lower = text.to_lowercase();
    let mailbox = email.split('@').next().unwrap_or_default().to_lowercase();
    let is_mail =
        lower == email.to_lowercase() || (mailbox.len() >= 6 && lower.trim_matches(char::is_numeric) == mailbox);
    let is_monotone = text.chars().all(|c| text.starts_with(c));
    if is_mail || is_monotone || COMMON.lines().any(|common| common == lower) {
        return Err(Error::field(
            "password",
            "is one that is guessed first; choose another one",
        ));
    }
    Ok(())
}

const LONGEST_SCOPE: usize = 64;

/// A word that can be a scope.
pub(crate) fn is_word(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.' | b'_' | b'-' | b'*' | b'/');
    (1..=LONGEST_SCOPE).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Scopes of a key, each once.
pub(crate) fn scopes(settings: &Settings, scopes: &[String]) -> Result<String> {
    if scopes.len() > 50 {
        return Err(Error::field("scopes", "are more than 50"));
    }
    if let Some(unknown) = scopes.iter().find(|scope| !settings.is_key_scope(scope)) {
        let unknown: String = unknown.chars().take(LONGEST_SCOPE).collect();
        let reason = format!(
            "have {unknown:?}, which is no permission, neither users:read nor users:write, and not listed in auth.key-scopes"
        );
        return Err(Error::field("scopes", reason));
    }
    let mut scopes = scopes.to_vec();
    scopes.sort();
    scopes.dedup();
    Ok(scopes.join(" "))
}
