//! Compares hints: the same codes about the same things.

use federation_composition::Hint;

use super::peers::PeerHint;

/// The hints that one of the two gives alone. A peer may repeat one for every path it meets the reason on.
pub(super) fn differing_hints(ours: &[Hint], theirs: &[PeerHint]) -> Vec<String> {
    let missing = theirs.iter().filter(|it| !ours.iter().any(|own| is_same(own, it)));
    let missing = missing.map(|it| format!("theirs: [{}] {}", it.code, it.message));
    let added = ours.iter().filter(|own| !theirs.iter().any(|it| is_same(own, it)));
    let added = added.map(|own| format!("ours:   [{}] {}: {}", own.code, own.coordinate, own.message));
    missing.chain(added).collect()
}

/// What a hint of the peer is about is quoted in its message, or stands beside it where it is no link.
fn is_same(ours: &Hint, theirs: &PeerHint) -> bool {
    let is_quoted = theirs.message.contains(&format!("\"{}\"", ours.coordinate));
    let coordinate = theirs.coordinate.as_deref().unwrap_or("@link");
    ours.code.as_str() == theirs.code && (is_quoted || coordinate == ours.coordinate)
}
