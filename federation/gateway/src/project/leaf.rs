//! Whether a leaf is what its type says, and how it is written.

use super::Scalar;
use crate::execute::Kind;

/// Writes a leaf; the name of what was expected if it is something else.
pub(super) fn write<'s>(scalar: &'s Scalar, kind: Kind, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), &'s str> {
    match (scalar, kind) {
        (Scalar::Custom, _)
        | (Scalar::String | Scalar::Id, Kind::String)
        | (Scalar::Boolean, Kind::Boolean)
        | (Scalar::Float, Kind::Integer | Kind::Float) => out.extend_from_slice(bytes),
        (Scalar::Int, Kind::Integer) if fits(bytes) => out.extend_from_slice(bytes),
        (Scalar::Id, Kind::Integer) => {
            out.push(b'"');
            out.extend_from_slice(bytes);
            out.push(b'"');
        }
        (Scalar::Enum(names), Kind::String) if is_one_of(names, bytes) => out.extend_from_slice(bytes),
        (Scalar::Int, _) => return Err("Int"),
        (Scalar::Float, _) => return Err("Float"),
        (Scalar::String, _) => return Err("String"),
        (Scalar::Boolean, _) => return Err("Boolean"),
        (Scalar::Id, _) => return Err("ID"),
        (Scalar::Enum(_), _) => return Err("value of its enum"),
    }
    Ok(())
}

/// Whether digits are a number of 32 bits.
fn fits(bytes: &[u8]) -> bool {
    bytes.len() < 10 || std::str::from_utf8(bytes).is_ok_and(|digits| digits.parse::<i32>().is_ok())
}

fn is_one_of(names: &std::collections::HashSet<String>, quoted: &[u8]) -> bool {
    let name = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    std::str::from_utf8(name).is_ok_and(|name| names.contains(name))
}
