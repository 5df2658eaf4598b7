//! Fields with their arguments as numbers: the same number for the same field with the same arguments, however they
//! are ordered.

use std::{collections::HashMap, fmt::Write, ptr::from_ref};

use graphql_tools::static_graphql::query::{Field, Value};

/// The numbers that were given out.
#[derive(Default)]
pub(super) struct Meanings {
    /// A field of a fragment is met wherever the fragment is used, and read once.
    by_field: HashMap<*const Field, usize>,
    by_text: HashMap<String, usize>,
}

impl Meanings {
    /// The number of a field of the document.
    pub(super) fn of(&mut self, field: &Field) -> usize {
        if let Some(meaning) = self.by_field.get(&from_ref(field)) {
            return *meaning;
        }
        let mut text = field.name.clone();
        write_entries(&field.arguments, &mut text);
        let next = self.by_text.len();
        let meaning = *self.by_text.entry(text).or_insert(next);
        self.by_field.insert(from_ref(field), meaning);
        meaning
    }
}

fn write_entries(entries: &[(String, Value)], out: &mut String) {
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_by_key(|(name, _)| name);
    out.push('{');
    for (name, value) in sorted {
        out.push_str(name);
        out.push(':');
        write_value(value, out);
        out.push(',');
    }
    out.push('}');
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Object(entries) => write_entries(entries, out),
        Value::List(items) => {
            out.push('[');
            for item in items {
                write_value(item, out);
                out.push(',');
            }
            out.push(']');
        }
        // Unlike what people read, this tells a string from an enum value.
        plain => drop(write!(out, "{plain:?}")),
    }
}
