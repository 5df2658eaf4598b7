//! From the text of an operation to its document.

use graphql_tools::{
    parser::{
        parse_query_with_token_limit,
        query::{Definition, OperationDefinition},
    },
    static_graphql::query::{self, Document},
};
use platform_error::Code;

use crate::{
    Error,
    fault::{Fault, Refusal},
    outline::OperationKind,
};

/// Brackets nested deeper than this are refused before the parser, which recurses, sees them.
const DEEPEST: usize = 200;

/// Parses a document, reading at most so many tokens.
pub(crate) fn parse(text: &str, tokens: usize) -> Result<Document, Refusal> {
    if nesting(text) > DEEPEST {
        let message = format!("the document nests brackets deeper than {DEEPEST}");
        return Err(Refusal::new(Code::Invalid, message));
    }
    parse_query_with_token_limit(text, tokens)
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

/// The deepest nesting of brackets outside of strings and comments.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => rest = &rest[rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())..],
            b'"' => rest = after_string(rest),
            _ => {}
        }
    }
    deepest
}

/// What follows a string, of which the first quote has been read.
pub(crate) fn after_string(text: &[u8]) -> &[u8] {
    let (mut rest, end, escaped): (&[u8], &[u8], &[u8]) = match text.strip_prefix(b"\"\"") {
        Some(block) => (block, b"\"\"\"", b"\"\"\""),
        None => (text, b"\"", b""),
    };
    while !rest.is_empty() && !rest.starts_with(end) {
        // In a block a backslash is one, unless it stands before three quotes.
        let is_escape = rest[0] == b'\\' && rest[1..].starts_with(escaped);
        let skip = if is_escape { 1 + escaped.len().max(1) } else { 1 };
        rest = rest.get(skip..).unwrap_or_default();
    }
    rest.get(end.len()..).unwrap_or_default()
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
