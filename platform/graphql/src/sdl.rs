//! A subgraph's SDL as composition reads it, the same on every run.

use async_graphql::{ObjectType, SDLExportOptions, Schema, SubscriptionType};

/// Federation directives that `async-graphql` does not import by itself, and the version that brought each. A schema
/// uses one through a custom type directive of that name.
const LATER: [(&str, u32); 4] = [("authenticated", 5), ("policy", 6), ("cost", 9), ("listSize", 9)];
const SPEC: &str = "https://specs.apollo.dev/federation/v2.";

/// The schema in federation's form with everything in a stable order. Where the schema uses a federation directive
/// that the exporter takes for one of our own, its import is added and its local definition dropped; without that
/// composition would silently lose it.
pub fn federation_sdl<Q, M, S>(schema: &Schema<Q, M, S>) -> String
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let options = SDLExportOptions::new()
        .federation()
        .compose_directive()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .use_space_ident()
        .indent_width(2);
    import_later_directives(&schema.sdl_with_options(options))
}

fn import_later_directives(sdl: &str) -> String {
    let used: Vec<_> = LATER
        .iter()
        .filter(|(name, _)| sdl.lines().any(|line| is_definition(line, name)))
        .collect();
    let Some(newest) = used.iter().map(|(_, minor)| *minor).max() else {
        return sdl.to_owned();
    };
    let imports: String = used.iter().map(|(name, _)| format!(", \"@{name}\"")).collect();
    let mut out = String::with_capacity(sdl.len());
    let mut is_in_link = false;
    for line in sdl
        .lines()
        .filter(|line| !used.iter().any(|(name, _)| is_definition(line, name)))
    {
        is_in_link |= line.contains(SPEC);
        let ends_import = is_in_link && line.trim_end().ends_with(']');
        match (line.contains(SPEC), ends_import) {
            (true, _) => out.push_str(&with_version(line, newest)),
            (_, true) => out.push_str(&format!("{}{imports}]", &line[..line.trim_end().len() - 1])),
            _ => out.push_str(line),
        }
        is_in_link &= !ends_import;
        out.push('\n');
    }
    out
}

fn is_definition(line: &str, directive: &str) -> bool {
    let rest = line
        .trim_start()
        .strip_prefix("directive @")
        .and_then(|rest| rest.strip_prefix(directive));
    rest.is_some_and(|rest| rest.starts_with(['(', ' ']))
}

/// The line of the specification's URL with a version that is new enough.
fn with_version(line: &str, newest: u32) -> String {
    let Some((before, after)) = line.split_once(SPEC) else {
        return line.to_owned();
    };
    let minor: String = after.chars().take_while(char::is_ascii_digit).collect();
    let version = minor.parse().unwrap_or(0).max(newest);
    format!("{before}{SPEC}{version}{}", &after[minor.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str =
        "extend schema @link(\n  url: \"https://specs.apollo.dev/federation/v2.5\",\n  import: [\"@key\"]\n)\n";

    #[test]
    fn a_later_directive_is_imported_instead_of_defined() {
        let sdl = format!("directive @authenticated on OBJECT\n{LINK}type A @authenticated {{ b: [Int] }}\n");

        let out = import_later_directives(&sdl);

        assert!(!out.contains("directive @authenticated"));
        assert!(
            out.contains("v2.5\",\n  import: [\"@key\", \"@authenticated\"]\n)"),
            "{out}"
        );
        assert!(out.contains("type A @authenticated { b: [Int] }"));
    }

    #[test]
    fn a_directive_of_a_newer_version_raises_the_version() {
        let sdl = format!("{LINK}directive @cost(weight: Int!) on FIELD_DEFINITION\n");

        let out = import_later_directives(&sdl);

        assert!(
            out.contains("federation/v2.9\",\n  import: [\"@key\", \"@cost\"]"),
            "{out}"
        );
    }

    #[test]
    fn a_schema_without_later_directives_stays_as_it_is() {
        assert_eq!(import_later_directives(LINK), LINK);
    }
}
