//! A schema as text.
//!
//! The library's printer writes other characters than it was given, and loses blanks around the lines of a text. So it
//! prints a number for each text, and the text is put in its place.

use std::mem::replace;

use graphql_tools::static_graphql::schema::{Document, Value};
use platform_graphql::strings;

use super::walk::{self, Met};

/// The text of a schema that has no extensions of types.
pub(super) fn printed(mut schema: Document) -> String {
    let mut texts = Vec::new();
    walk::each(&mut schema, &mut |met| {
        if let Met::Description(text) | Met::Default(Value::String(text)) | Met::Argument(Value::String(text)) = met {
            let number = texts.len().to_string();
            texts.push(replace(text, number));
        }
    });
    let mut out = String::new();
    for (position, part) in schema.to_string().split('"').enumerate() {
        // Every other part stood between quotes.
        let text = part.parse::<usize>().ok().and_then(|number| texts.get(number));
        match text {
            Some(text) if position % 2 == 1 => {
                let line = out.rsplit_once('\n').map_or(out.as_str(), |(_, line)| line);
                let block = strings::block(text, line);
                out += &block.unwrap_or_else(|| strings::quoted(text));
            }
            _ => out += part,
        }
    }
    out
}
