//! Whether two values are one, however they are written.

use apollo_compiler::{Name, Node, ast::Value};

/// Whether two values are equal, in whatever order objects have their fields and however numbers are written.
pub(crate) fn is_same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same_value(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            let has = |(name, value): &(Name, Node<Value>)| {
                b.iter()
                    .any(|(other, theirs)| other == name && is_same_value(theirs, value))
            };
            a.len() == b.len() && a.iter().all(has)
        }
        _ => a == b || matches!((decimal(a), decimal(b)), (Some(a), Some(b)) if a == b),
    }
}

/// A number as its sign, its digits without zeros around them, and the power of ten of the last one. Nothing for what
/// is no number, or has an exponent that nobody could write out.
fn decimal(value: &Value) -> Option<(bool, String, i64)> {
    let text = match value {
        Value::Int(number) => number.as_str(),
        Value::Float(number) => number.as_str(),
        _ => return None,
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let written = format!("{}{part}", whole.trim_start_matches('-'));
    let digits = written.trim_end_matches('0');
    let shift = i64::try_from(written.len() - digits.len()).ok()? - i64::try_from(part.len()).ok()?;
    match digits.trim_start_matches('0') {
        "" => Some((false, String::new(), 0)),
        digits => Some((
            whole.starts_with('-'),
            digits.to_owned(),
            exponent.parse::<i64>().ok()?.checked_add(shift)?,
        )),
    }
}
