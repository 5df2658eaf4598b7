//! The definitions of Federation's directives in each version.

use super::{Feature, Version};

/// The definition of a directive in a version of Federation, under a local name. Types of the specification are named
/// by `type_name`.
pub(crate) fn definition(
    feature: Feature,
    version: Version,
    local: &str,
    type_name: impl Fn(&str) -> String,
) -> String {
    let mut rest = body(feature, version).to_owned();
    for name in types_of(feature) {
        rest = rest.replace(&format!("${name}"), &type_name(name));
    }
    format!("directive @{local}{rest}\n")
}

/// The types of the specification that a directive's arguments have.
pub(crate) fn types_of(feature: Feature) -> &'static [&'static str] {
    match feature {
        Feature::Key | Feature::Requires | Feature::Provides => &["FieldSet"],
        Feature::RequiresScopes => &["Scope"],
        Feature::Policy => &["Policy"],
        Feature::FromContext => &["ContextFieldValue"],
        Feature::Link => &["Import", "Purpose"],
        _ => &[],
    }
}

/// Everything behind the directive's name. A `$` stands before the names of the specification's own types.
fn body(feature: Feature, version: Version) -> &'static str {
    match feature {
        Feature::Link => "(url: String, as: String, for: $Purpose, import: [$Import]) repeatable on SCHEMA",
        Feature::Key => "(fields: $FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE",
        Feature::Requires | Feature::Provides => "(fields: $FieldSet!) on FIELD_DEFINITION",
        Feature::External => "(reason: String) on OBJECT | FIELD_DEFINITION",
        Feature::Tag if version < Version::new(2, 3) => {
            "(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION"
        }
        Feature::Tag => {
            "(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA"
        }
        Feature::Extends => " on OBJECT | INTERFACE",
        Feature::Shareable if version < Version::new(2, 2) => " on OBJECT | FIELD_DEFINITION",
        Feature::Shareable => " repeatable on OBJECT | FIELD_DEFINITION",
        Feature::Inaccessible => {
            " on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION"
        }
        Feature::Override if version < Version::new(2, 7) => "(from: String!) on FIELD_DEFINITION",
        Feature::Override => "(from: String!, label: String) on FIELD_DEFINITION",
        Feature::ComposeDirective => "(name: String) repeatable on SCHEMA",
        Feature::InterfaceObject => " on OBJECT",
        Feature::Authenticated => " on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
        Feature::RequiresScopes => "(scopes: [[$Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
        Feature::Policy => "(policies: [[$Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
        Feature::Context => "(name: String!) repeatable on INTERFACE | OBJECT | UNION",
        Feature::FromContext => "(field: $ContextFieldValue) on ARGUMENT_DEFINITION",
        Feature::Cost => {
            "(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR"
        }
        Feature::ListSize => {
            "(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION"
        }
        Feature::Deprecated => {
            "(reason: String = \"No longer supported\") on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE"
        }
        Feature::SpecifiedBy => "(url: String!) on SCALAR",
    }
}
