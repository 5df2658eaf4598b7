//! What the log says of an error: everything that is behind it, once.

use std::{error::Error as Cause, fmt};

use platform_error::{Code, Error};

#[derive(Debug)]
struct Because(&'static str, Option<Box<Because>>);

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Cause for Because {
    fn source(&self) -> Option<&(dyn Cause + 'static)> {
        Some(self.1.as_deref()?)
    }
}

fn because(of: &[&'static str]) -> Because {
    let (first, rest) = of.split_first().expect("there is a cause");
    let next = (!rest.is_empty()).then(|| Box::new(because(rest)));
    Because(first, next)
}

fn away(of: &[&'static str]) -> Error {
    Error::new(Code::Unavailable, "the database cannot be reached").with_cause(because(of))
}

#[test]
fn what_caused_a_cause_is_told_too() {
    let error = away(&["no connection", "the port is closed"]);

    assert_eq!(error.causes(), "no connection: the port is closed");
    assert_eq!(
        error.in_full(1_000),
        "the database cannot be reached: no connection: the port is closed"
    );
}

#[test]
fn nothing_is_said_twice() {
    let error = away(&["the database cannot be reached", "no connection: closed", "closed"]);

    assert_eq!(
        error.in_full(1_000),
        "the database cannot be reached: no connection: closed"
    );
}

#[test]
fn an_error_without_a_cause_is_its_sentence() {
    let error = Error::new(Code::NotFound, "there is no such series");

    assert_eq!(error.causes(), "");
    assert_eq!(error.in_full(1_000), "there is no such series");
}
