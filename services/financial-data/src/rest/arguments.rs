//! What stands behind the `?` of a URL: declared once per route, for the reader and for the document.

use axum::extract::{FromRequestParts, Query, Request};
use axum::http::Uri;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use platform_config::Duration;
use platform_error::{Code, Error as Failure};
use platform_http::Problem;

use crate::error::Error;

/// Something that can be said in a URL or a header.
#[derive(Debug)]
pub(super) struct Argument {
    pub(super) name: &'static str,
    /// What it is for, in a sentence.
    pub(super) about: &'static str,
    pub(super) kind: Kind,
}

/// How an argument is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    /// `2024-12-31`.
    Date,
    /// `2026-01-15T12:00:00Z`.
    Instant,
    /// `30s`, `12h`, `7d`.
    Span,
    Count,
    Integer,
    Flag,
    /// Several, separated by commas.
    List,
    OneOf(&'static [&'static str]),
}

/// An argument.
pub(super) const fn argument(name: &'static str, kind: Kind, about: &'static str) -> Argument {
    Argument { name, about, kind }
}

/// The groups of arguments that a route takes.
pub(super) type Groups = &'static [&'static [Argument]];

/// The arguments of a request. All of them are declared by its route, given once and not empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments(Vec<(&'static str, String)>);

impl Arguments {
    /// Middleware of a route: reads the arguments it declares and refuses all others.
    pub(super) async fn read(declared: Groups, mut request: Request, next: Next) -> Response {
        match Self::of(declared, request.uri()) {
            Ok(arguments) => {
                request.extensions_mut().insert(arguments);
                next.run(request).await
            }
            Err(error) => Problem(error).into_response(),
        }
    }

    fn of(declared: Groups, uri: &Uri) -> Result<Self, Failure> {
        if uri.query().is_none() {
            return Ok(Self::default());
        }
        let refuse = |reason: String| Failure::new(Code::Invalid, reason);
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|error| {
            refuse(format!(
                "the arguments of the URL cannot be read: {}",
                error.body_text()
            ))
        })?;
        let mut read = Self::default();
        for (name, value) in pairs {
            let Some(argument) = declared
                .iter()
                .copied()
                .flatten()
                .find(|argument| argument.name == name)
            else {
                return Err(unknown(&name, declared));
            };
            if value.is_empty() {
                return Err(refuse(format!("{name} is empty: give it a value or leave it out")));
            }
            // The library puts this in the place of what is no text, so that different values would become one.
            if value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(refuse(format!("{name} is not UTF-8: percent-encode its UTF-8 bytes")));
            }
            if read.text(argument.name).is_some() {
                return Err(refuse(format!("{name} is given twice")));
            }
            read.0.push((argument.name, value));
        }
        Ok(read)
    }

    /// What was given as `name`.
    pub(super) fn text(&self, name: &'static str) -> Option<&str> {
        self.0
            .iter()
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value.as_str())
    }

    /// What was given as `name`, as something that is written as `expected` says.
    pub(super) fn parsed<T>(
        &self,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let shown: String = text.chars().take(100).collect();
        parse(text)
            .map(Some)
            .ok_or_else(|| Error::field(name, format!("expects {expected}, not {shown:?}")))
    }

    /// A day, counted from 1970-01-01.
    pub(super) fn day(&self, name: &'static str) -> Result<Option<i32>, Error> {
        self.parsed(name, "a date such as 2024-12-31", day)
    }

    /// A point in time.
    pub(super) fn instant(&self, name: &'static str) -> Result<Option<DateTime<Utc>>, Error> {
        let parse = |text: &str| DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
        self.parsed(name, "a time such as 2026-01-15T12:00:00Z", parse)
    }

    /// A length of time.
    pub(super) fn span(&self, name: &'static str) -> Result<Option<chrono::Duration>, Error> {
        let parse = |text: &str| chrono::Duration::from_std(text.parse::<Duration>().ok()?.0).ok();
        self.parsed(name, "a length of time such as 30s, 12h or 7d", parse)
    }

    /// A number that is not negative.
    pub(super) fn count(&self, name: &'static str) -> Result<Option<usize>, Error> {
        self.parsed(name, "a whole number", |text| text.parse().ok())
    }

    /// Whether `name` is true; absent is false.
    pub(super) fn flag(&self, name: &'static str) -> Result<bool, Error> {
        Ok(self.optional_flag(name)?.unwrap_or(false))
    }

    /// What was said of `name`, if anything.
    pub(super) fn optional_flag(&self, name: &'static str) -> Result<Option<bool>, Error> {
        self.parsed(name, "true or false", |text| text.parse().ok())
    }

    /// Which of some words was given.
    pub(super) fn word(
        &self,
        name: &'static str,
        words: &'static [&'static str],
    ) -> Result<Option<&'static str>, Error> {
        let expected = format!("one of {}", words.join(", "));
        self.parsed(name, &expected, |text| {
            words.iter().copied().find(|word| word.eq_ignore_ascii_case(text))
        })
    }

    /// Refuses more than one of `names`.
    pub(super) fn exclusive(&self, names: &[&'static str]) -> Result<(), Error> {
        let mut given = names.iter().copied().filter(|name| self.text(name).is_some());
        match (given.next(), given.next()) {
            (Some(first), Some(second)) => Err(Error::field(
                first,
                format!("and {second} exclude each other: give one of them"),
            )),
            _ => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Arguments {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.remove::<Self>().unwrap_or_default())
    }
}

/// A date as the day it is after 1970-01-01.
pub(super) fn day(text: &str) -> Option<i32> {
    crate::ingest::day(text).map(crate::store::days)
}

fn unknown(name: &str, declared: Groups) -> Failure {
    let known: Vec<&str> = declared
        .iter()
        .copied()
        .flatten()
        .map(|argument| argument.name)
        .collect();
    let name: String = name.chars().take(100).collect();
    let error = Failure::new(Code::Invalid, format!("there is no argument {name:?} here"));
    let hint = match known.is_empty() {
        true => "this takes no arguments".to_string(),
        false => format!("the arguments are {}", known.join(", ")),
    };
    error
        .with_hint(hint)
        .with_details(serde_json::json!({ "arguments": known }))
}
