//! What the audit log never keeps: secrets by the name of their field and by what they look like.

use serde_json::{Map, Value};

/// What stands in a secret's place.
pub const REDACTED: &str = "[redacted]";

/// A field whose name contains one of these, whatever its case and whatever stands between its words, is a secret.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "authorization",
    "credential",
    "cookie",
    "creditcard",
    "cardnumber",
    "socialsecurity",
    "recoverycode",
    "sessionid",
    "bearer",
];
/// A field with one of these among the words of its name is a secret. They are too short to be looked for within words.
const WORDS: &[&str] = &[
    "otp", "totp", "pin", "cvv", "cvc", "ssn", "iban", "jwt", "csrf", "salt", "hash",
];
/// Fields that are called so and are none: `passwordChanged`, `tokensUsed`.
const HARMLESS: &[&str] = &["changed", "used", "count", "expires", "expiresat", "enabled", "length"];
/// How tokens and keys begin.
const BEGINNINGS: &[&str] = &[
    "eyJ",
    "hk_",
    "hr_",
    "hl_",
    "hd_",
    "hi_",
    "ghp_",
    "github_pat_",
    "sk_",
    "sk-",
    "xox",
    "AKIA",
    "ASIA",
    "-----BEGIN",
    "$argon2",
    "$2a$",
    "$2b$",
];
const DEEPEST: usize = 16;
const LONGEST: usize = 2_000;

/// Facts without their secrets.
pub fn redacted(data: Value) -> Value {
    walk(data, 0)
}

fn walk(value: Value, depth: usize) -> Value {
    match value {
        Value::Array(_) | Value::Object(_) if depth >= DEEPEST => REDACTED.into(),
        Value::String(value) => self::text(&value).into(),
        Value::Array(items) => items.into_iter().map(|item| walk(item, depth + 1)).collect(),
        Value::Object(fields) => {
            let keep = |(name, value): (String, Value)| match is_secret(&name, &value) {
                true => (name, REDACTED.into()),
                false => (self::text(&name), walk(value, depth + 1)),
            };
            Value::Object(fields.into_iter().map(keep).collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn is_secret(name: &str, value: &Value) -> bool {
    if matches!(value, Value::Null | Value::Bool(_)) {
        return false;
    }
    let is_counted = value.is_number() && HARMLESS.iter().any(|harmless| joined(name).ends_with(harmless));
    names_secret(name) && !is_counted
}

fn names_secret(name: &str) -> bool {
    let joined = joined(name);
    NAMES.iter().any(|secret| joined.contains(secret)) || words(name).any(|word| WORDS.contains(&word.as_str()))
}

fn joined(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.collect::<String>().to_lowercase()
}

/// The words of a name, `refreshToken` and `refresh_token` alike.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut spaced = String::with_capacity(name.len() + 4);
    let mut was_lower = false;
    for letter in name.chars() {
        if was_lower && letter.is_uppercase() {
            spaced.push(' ');
        }
        was_lower = letter.is_lowercase();
        spaced.push(if letter.is_alphanumeric() { letter } else { ' ' });
    }
    let words: Vec<_> = spaced.split_whitespace().map(str::to_lowercase).collect();
    words.into_iter()
}

/// A text without the words in it that look like secrets.
pub(super) fn text(text: &str) -> String {
    let clipped = crate::text::clip(text, LONGEST);
    if !clipped.split(is_edge).any(looks_secret) {
        return clipped;
    }
    let mut kept = String::with_capacity(clipped.len());
    let mut rest = clipped.as_str();
    while !rest.is_empty() {
        let end = rest.find(is_edge).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        kept.push_str(if looks_secret(word) { REDACTED } else { word });
        let mut letters = after.chars();
        kept.extend(letters.next());
        rest = letters.as_str();
    }
    kept
}

fn is_edge(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '"' | '\'' | ';' | '&' | '?' | '<' | '>' | '(' | ')')
}

fn looks_secret(word: &str) -> bool {
    // A parameter of an address or a header: what follows the sign is the word.
    let value = word.rsplit(['=']).find(|part| !part.is_empty()).unwrap_or_default();
    let has_beginning = |word: &str| word.len() >= 16 && BEGINNINGS.iter().any(|beginning| word.starts_with(beginning));
    let has_password = word.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split('/').next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    });
    let is_assigned = word.split_once('=').is_some_and(|(name, _)| names_secret(name));
    has_beginning(word) || has_beginning(value) || has_password || is_assigned
}
