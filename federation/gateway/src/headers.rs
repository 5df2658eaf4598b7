//! Which headers of a client reach which subgraph.

mod pattern;

use std::{borrow::Cow, collections::BTreeMap};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use platform_error::{Code, Coded};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use pattern::Pattern;

/// Headers that belong to one connection or one body, and are never handed on.
const NEVER: [HeaderName; 20] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::EXPECT,
    header::SEC_WEBSOCKET_EXTENSIONS,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::SEC_WEBSOCKET_PROTOCOL,
];
/// Handed on only where a rule names them: a pattern that happens to match must not leak who somebody is.
const BY_NAME_ONLY: [HeaderName; 2] = [header::COOKIE, header::AUTHORIZATION];

/// What is handed on to all subgraphs, then to single ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct HeaderSettings {
    /// For every subgraph.
    pub all: Vec<HeaderRule>,
    /// For one subgraph, after the rules for all.
    pub subgraphs: BTreeMap<String, Vec<HeaderRule>>,
}

/// One rule: exactly one of `forward`, `matching`, `insert` and `remove`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct HeaderRule {
    /// Hands on the client's header of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward: Option<String>,
    /// With `forward`: the name it gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rename: Option<String>,
    /// With `forward`: the value when the client sent none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Hands on the client's headers whose names match, such as `x-tenant-*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matching: Option<String>,
    /// Sets a header of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insert: Option<String>,
    /// With `insert`: its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// With `insert`: the verified claim that is its value; no claim, no header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// Takes away what earlier rules handed on, by name or pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remove: Option<String>,
}

/// A rule that cannot be followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeaderError {
    /// Not exactly one thing to do.
    #[error("a header rule must have exactly one of forward, matching, insert and remove")]
    Ambiguous,
    /// An insertion without a value.
    #[error("the rule that inserts {0} must have a value or a claim, and not both")]
    Valueless(String),
    /// Not a header.
    #[error("{0:?} is not a header's name or value")]
    Malformed(String),
    /// A header that belongs to the connection.
    #[error("the header {0} belongs to one connection and cannot be handed on; remove the rule")]
    NotForwardable(String),
    /// No such subgraph.
    #[error("there is a header rule for the subgraph {0:?}, which the supergraph does not have")]
    NoSuchSubgraph(String),
}

impl Coded for HeaderError {
    fn code(&self) -> Code {
        Code::Invalid
    }
}

/// The rules, checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Propagation {
    all: Vec<Action>,
    subgraphs: BTreeMap<String, Vec<Action>>,
}

#[derive(Clone, Debug)]
enum Action {
    Forward {
        name: HeaderName,
        to: HeaderName,
        default: Option<HeaderValue>,
    },
    Matching(Pattern),
    Insert(HeaderName, HeaderValue),
    Claim(HeaderName, String),
    Remove(Pattern),
}

impl Propagation {
    /// Checks the rules.
    pub(crate) fn new(settings: &HeaderSettings) -> Result<Self, HeaderError> {
        let actions = |rules: &[HeaderRule]| rules.iter().map(action).collect::<Result<Vec<_>, _>>();
        let mut subgraphs = BTreeMap::new();
        for (name, rules) in &settings.subgraphs {
            subgraphs.insert(name.clone(), actions(rules)?);
        }
        Ok(Self {
            all: actions(&settings.all)?,
            subgraphs,
        })
    }

    /// Refuses rules for subgraphs that are not there.
    pub(crate) fn check(&self, is_subgraph: impl Fn(&str) -> bool) -> Result<(), HeaderError> {
        match self.subgraphs.keys().find(|name| !is_subgraph(name)) {
            Some(unknown) => Err(HeaderError::NoSuchSubgraph(unknown.clone())),
            None => Ok(()),
        }
    }

    /// The client's headers that any subgraph gets; nothing where a pattern decides, so that it may be any.
    pub(crate) fn forwarded(&self) -> Option<Vec<HeaderName>> {
        let mut names = Vec::new();
        for action in self.all.iter().chain(self.subgraphs.values().flatten()) {
            match action {
                Action::Forward { name, .. } => names.push(name.clone()),
                Action::Matching(_) => return None,
                Action::Insert(..) | Action::Claim(..) | Action::Remove(_) => {}
            }
        }
        Some(names)
    }

    /// What a subgraph gets of a client's headers and verified claims.
    pub(crate) fn apply(&self, subgraph: &str, client: &HeaderMap, claims: Option<&Map<String, Value>>) -> HeaderMap {
        let mut out = HeaderMap::new();
        let client = &without_nominated(client);
        let own = self.subgraphs.get(subgraph).map_or(&[][..], Vec::as_slice);
        for action in self.all.iter().chain(own) {
            action.apply(client, claims, &mut out);
        }
        out
    }
}

impl Action {
    fn apply(&self, client: &HeaderMap, claims: Option<&Map<String, Value>>, out: &mut HeaderMap) {
        match self {
            Self::Forward { name, to, default } => {
                let mut values: Vec<_> = client.get_all(name).iter().collect();
                if values.is_empty() {
                    values.extend(default);
                }
                if !values.is_empty() {
                    out.remove(to);
                }
                for value in values {
                    out.append(to.clone(), value.clone());
                }
            }
            Self::Matching(pattern) => {
                let allowed = |name: &HeaderName| !NEVER.contains(name) && !BY_NAME_ONLY.contains(name);
                for name in client
                    .keys()
                    .filter(|name| pattern.matches(name.as_str()) && allowed(name))
                {
                    out.remove(name);
                    for value in client.get_all(name) {
                        out.append(name.clone(), value.clone());
                    }
                }
            }
            Self::Insert(name, value) => {
                out.insert(name.clone(), value.clone());
            }
            Self::Claim(name, claim) => {
                // A name the client cannot set: without the claim there is no header.
                out.remove(name);
                let value = claims.and_then(|claims| claims.get(claim)).and_then(claim_value);
                if let Some(value) = value {
                    out.insert(name.clone(), value);
                }
            }
            Self::Remove(pattern) => {
                let gone: Vec<_> = out
                    .keys()
                    .filter(|name| pattern.matches(name.as_str()))
                    .cloned()
                    .collect();
                for name in gone {
                    out.remove(name);
                }
            }
        }
    }
}

/// The client's headers without those that its `connection` header names: they too are for one hop.
fn without_nominated(client: &HeaderMap) -> Cow<'_, HeaderMap> {
    let nominated: Vec<HeaderName> = client
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name| client.contains_key(name))
        .collect();
    if nominated.is_empty() {
        return Cow::Borrowed(client);
    }
    let mut left = client.clone();
    nominated.iter().for_each(|name| drop(left.remove(name)));
    Cow::Owned(left)
}

fn action(rule: &HeaderRule) -> Result<Action, HeaderError> {
    let given = [&rule.forward, &rule.matching, &rule.insert, &rule.remove];
    if given.iter().filter(|one| one.is_some()).count() != 1 {
        return Err(HeaderError::Ambiguous);
    }
    if let Some(forward) = &rule.forward {
        let name = forwardable(forward)?;
        let to = rule.rename.as_deref().map(forwardable).transpose()?;
        let default = rule.default.as_deref().map(value).transpose()?;
        return Ok(Action::Forward {
            to: to.unwrap_or_else(|| name.clone()),
            name,
            default,
        });
    }
    if let Some(insert) = &rule.insert {
        let name = forwardable(insert)?;
        return match (&rule.value, &rule.claim) {
            (Some(text), None) => Ok(Action::Insert(name, value(text)?)),
            (None, Some(claim)) => Ok(Action::Claim(name, claim.clone())),
            _ => Err(HeaderError::Valueless(insert.clone())),
        };
    }
    let pattern = |text: &Option<String>| text.as_deref().map(Pattern::new);
    match (pattern(&rule.matching), pattern(&rule.remove)) {
        (Some(matching), _) => Ok(Action::Matching(matching)),
        (None, Some(remove)) => Ok(Action::Remove(remove)),
        (None, None) => Err(HeaderError::Ambiguous),
    }
}

/// Whether a header may come from a client's own words, such as the first message of a WebSocket.
pub(crate) fn may_be_handed_on(name: &HeaderName) -> bool {
    !NEVER.contains(name)
}

fn forwardable(text: &str) -> Result<HeaderName, HeaderError> {
    let name: HeaderName = text.parse().map_err(|_| HeaderError::Malformed(text.to_owned()))?;
    match NEVER.contains(&name) {
        true => Err(HeaderError::NotForwardable(text.to_owned())),
        false => Ok(name),
    }
}

fn value(text: &str) -> Result<HeaderValue, HeaderError> {
    text.parse().map_err(|_| HeaderError::Malformed(text.to_owned()))
}

fn claim_value(claim: &Value) -> Option<HeaderValue> {
    let text = match claim {
        Value::String(text) => text.clone(),
        Value::Null => return None,
        other => other.to_string(),
    };
    text.parse().ok()
}
