//! From the text of an operation to its document.

use graphql_tools::{
    parser::{
        parse_query,
        query::{Definition, OperationDefinition},
    },
    static_graphql::query::{self, Document},
};
use platform_error::Code;
use platform_graphql::strings::after_string;

use crate::{
    Error,
    fault::{Fault, Refusal},
    limits,
    outline::OperationKind,
};

/// How many brackets may stand inside one another: the parser, which recurses, takes no more.
const DEEPEST: usize = 50;

/// Parses a document of at most so many tokens. They are counted here, because the parser does not count all of them.
pub(crate) fn parse(text: &str, tokens: usize) -> Result<Document, Refusal> {
    let (found, depth) = extent(text);
    if found > tokens {
        return Err(limits::beyond("tokens", tokens, Some(found)).into());
    }
    if depth > DEEPEST {
        return Err(limits::beyond("nested brackets", DEEPEST, Some(depth)).into());
    }
    parse_query::<String>(text)
        .map(|document| document.into_static())
        .map_err(|error| {
            let (message, location) = explained(&error.to_string());
            let mut fault = Fault::new(Code::Invalid, format!("the document cannot be parsed: {message}"));
            if let Some((line, column)) = location {
                fault = fault.located(line, column);
            }
            Refusal::of(Code::Invalid, vec![fault])
        })
}

/// The operation to run: the named one, or the only one.
pub(crate) fn operation<'a>(
    document: &'a Document,
    name: Option<&str>,
) -> Result<&'a query::OperationDefinition, Error> {
    let mut operations = document.definitions.iter().filter_map(|definition| match definition {
        Definition::Operation(operation) => Some(operation),
        Definition::Fragment(_) => None,
    });
    let names = || {
        let all = document.definitions.iter().filter_map(|definition| match definition {
            Definition::Operation(operation) => name_of(operation),
            Definition::Fragment(_) => None,
        });
        all.collect::<Vec<_>>().join(", ")
    };
    match name {
        Some(name) => operations
            .find(|operation| name_of(operation) == Some(name))
            .ok_or_else(|| Error::OperationName(names())),
        None => match (operations.next(), operations.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(Error::NoOperation),
            _ => Err(Error::OperationName(names())),
        },
    }
}

/// The operation's name.
pub(crate) fn name_of(operation: &query::OperationDefinition) -> Option<&str> {
    match operation {
        OperationDefinition::SelectionSet(_) => None,
        OperationDefinition::Query(query) => query.name.as_deref(),
        OperationDefinition::Mutation(mutation) => mutation.name.as_deref(),
        OperationDefinition::Subscription(subscription) => subscription.name.as_deref(),
    }
}

/// What the operation does.
pub(crate) fn kind_of(operation: &query::OperationDefinition) -> OperationKind {
    match operation {
        OperationDefinition::SelectionSet(_) | OperationDefinition::Query(_) => OperationKind::Query,
        OperationDefinition::Mutation(_) => OperationKind::Mutation,
        OperationDefinition::Subscription(_) => OperationKind::Subscription,
    }
}

/// How many tokens a text has, and how many brackets at most stand inside one another.
fn extent(text: &str) -> (usize, usize) {
    let (mut tokens, mut depth, mut deepest) = (0, 0_usize, 0);
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        tokens += 1;
        match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'"' => rest = after_string(rest),
            b'.' => rest = rest.strip_prefix(b"..").unwrap_or(rest),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => rest = past(rest, is_of_a_name),
            b'-' | b'0'..=b'9' => rest = past(rest, |byte| is_of_a_name(byte) || matches!(byte, b'.' | b'+' | b'-')),
            // What stands between tokens.
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0x80.. => tokens -= 1,
            b'#' => {
                rest = past(rest, |byte| !matches!(byte, b'\n' | b'\r'));
                tokens -= 1;
            }
            _ => {}
        }
    }
    (tokens, deepest)
}

fn is_of_a_name(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// What follows the bytes of a kind.
fn past(text: &[u8], is_of_the_kind: impl Fn(u8) -> bool) -> &[u8] {
    let end = text.iter().position(|byte| !is_of_the_kind(*byte));
    &text[end.unwrap_or(text.len())..]
}

/// The parser's text spreads over lines and starts with the position.
fn explained(text: &str) -> (String, Option<(usize, usize)>) {
    let digits_after = |marker: &str| -> Option<usize> {
        let rest = &text[text.find(marker)? + marker.len()..];
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    };
    let location = digits_after("Parse error at ").zip(digits_after(":"));
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| {
            !line.is_empty() && !line.starts_with("Parse error at") && !line.starts_with("query parse error")
        })
        .collect();
    let message = match lines.is_empty() {
        true => text.lines().next().unwrap_or_default().to_owned(),
        false => lines.join("; "),
    };
    (message, location)
}
