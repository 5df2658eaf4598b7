//! The notation of `@fromContext`: `$name { selection }`.

/// Splits a contextual value into the context's name and the selection read from it.
pub(crate) fn split(value: &str) -> Option<(&str, &str)> {
    let is_ignored = |letter: char| letter.is_ascii_whitespace() || letter == ',';
    let rest = value.trim_start_matches(is_ignored).strip_prefix('$')?;
    let rest = rest.trim_start_matches(is_ignored);
    let end = rest
        .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .unwrap_or(rest.len());
    let (name, selection) = rest.split_at(end);
    (!name.is_empty()).then_some((name, selection))
}
