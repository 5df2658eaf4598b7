//! Answers made comparable: ids by the order in which they came up, times and secrets by what they are.

use std::collections::BTreeSet;

use serde_json::Value;

/// How texts begin that are made anew each time and let somebody in.
const SECRETS: [&str; 7] = ["eyJ", "hd_", "hi_", "hk_", "hl_", "hr_", "otpauth:"];
/// Fields of such texts that begin like any other.
const NAMED: [&str; 3] = ["csrfToken", "recoveryCodes", "secret"];
/// Fields that are made anew and let nobody in.
const MADE: [&str; 4] = ["prefix", "requestId", "snapshotId", "snapshot_id"];
const ID: usize = 36;

/// The ids that have come up.
#[derive(Default)]
pub(crate) struct Plain(Vec<String>);

impl Plain {
    /// The same for each system that answers alike. Secrets are added to those that must be in no log.
    pub(crate) fn value(&mut self, value: &Value, secrets: &mut BTreeSet<String>) -> Value {
        match value {
            Value::String(text) if SECRETS.iter().any(|begin| text.starts_with(begin)) => {
                keep(value, secrets);
                Value::from("<secret>")
            }
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item, secrets)).collect(),
            Value::Object(fields) => {
                let plain = |(name, value): (&String, &Value)| {
                    let value = match name.as_str() {
                        name if MADE.contains(&name) => Value::from("<made>"),
                        name if NAMED.contains(&name) && !value.is_null() => {
                            keep(value, secrets);
                            Value::from("<secret>")
                        }
                        _ => self.value(value, secrets),
                    };
                    (name.clone(), value)
                };
                fields.iter().map(plain).collect()
            }
            other => other.clone(),
        }
    }

    /// A text with its ids numbered, or what says that it is a time.
    pub(crate) fn text(&mut self, text: &str) -> String {
        if chrono::DateTime::parse_from_rfc3339(text).is_ok() {
            return "<time>".into();
        }
        let (mut plain, mut rest) = (String::new(), text);
        while let Some(letter) = rest.chars().next() {
            match rest.get(..ID).filter(|part| is_id(part)) {
                Some(id) => {
                    plain.push_str(&format!("<id {}>", self.number(id)));
                    rest = &rest[ID..];
                }
                None => {
                    plain.push(letter);
                    rest = &rest[letter.len_utf8()..];
                }
            }
        }
        plain
    }

    fn number(&mut self, id: &str) -> usize {
        let known = self.0.iter().position(|known| known == id);
        known.unwrap_or_else(|| {
            self.0.push(id.to_owned());
            self.0.len() - 1
        })
    }
}

fn is_id(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

fn keep(value: &Value, secrets: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(secrets.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| keep(item, secrets)),
        _ => {}
    }
}
