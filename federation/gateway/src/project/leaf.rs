//! Whether a leaf is what its type says, and how it is written.

use std::collections::HashMap;

use graphql_tools::static_graphql::schema::{EnumType, TypeDefinition};

use super::Scalar;
use crate::{
    execute::{Data, Kind, Leaf, append},
    supergraph::Supergraph,
};

/// The values of an enum, and whether clients see them.
pub(super) fn values(supergraph: &Supergraph, shown: &EnumType) -> HashMap<String, bool> {
    let whole = match supergraph.definition(&shown.name) {
        Some(TypeDefinition::Enum(whole)) => whole.values.as_slice(),
        _ => &[],
    };
    let hidden = whole.iter().map(|value| (value.name.clone(), false));
    let shown = shown.values.iter().map(|value| (value.name.clone(), true));
    hidden.chain(shown).collect()
}

/// Writes a leaf; false if it is one that clients do not see, and the name of what was expected if it is something else.
#[inline]
pub(super) fn write(scalar: &Scalar, leaf: Leaf, data: &Data, out: &mut Vec<u8>) -> Result<bool, &'static str> {
    let copy = |out: &mut Vec<u8>| append(out, data.tail(leaf), leaf.len as usize);
    match (scalar, leaf.kind) {
        (Scalar::Custom, _)
        | (Scalar::String | Scalar::Id, Kind::String)
        | (Scalar::Boolean, Kind::Boolean)
        | (Scalar::Float, Kind::Integer | Kind::Float) => copy(out),
        (Scalar::Int, Kind::Integer) if fits(data.bytes(leaf)) => copy(out),
        (Scalar::Id, Kind::Integer) => {
            out.push(b'"');
            copy(out);
            out.push(b'"');
        }
        (Scalar::Enum(values), Kind::String) => match is_shown(values, data.bytes(leaf)) {
            Some(true) => copy(out),
            Some(false) => return Ok(false),
            None => return Err("value of its enum"),
        },
        (Scalar::Int, _) => return Err("Int"),
        (Scalar::Float, _) => return Err("Float"),
        (Scalar::String, _) => return Err("String"),
        (Scalar::Boolean, _) => return Err("Boolean"),
        (Scalar::Id, _) => return Err("ID"),
        (Scalar::Enum(_), _) => return Err("value of its enum"),
    }
    Ok(true)
}

/// Whether digits are a number of 32 bits.
fn fits(bytes: &[u8]) -> bool {
    bytes.len() < 10 || std::str::from_utf8(bytes).is_ok_and(|digits| digits.parse::<i32>().is_ok())
}

fn is_shown(values: &HashMap<String, bool>, quoted: &[u8]) -> Option<bool> {
    let name = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    values.get(std::str::from_utf8(name).ok()?).copied()
}
