//! Remarks on subgraphs that compose, but perhaps not as their authors meant.

use crate::{codes::codes, error::Location};

/// Something that composes but deserves a look.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Hint {
    /// The standard code, for programs.
    pub code: HintCode,
    /// What was seen, for people.
    pub message: String,
    /// The schema coordinate it is about, for instance `User.name`.
    pub coordinate: String,
    /// The subgraphs that take part in it.
    pub subgraphs: Vec<String>,
    /// Where in the subgraphs' texts it is.
    pub locations: Vec<Location>,
}

codes! {
    /// The standard codes of hints.
    HintCode {
        InconsistentButCompatibleFieldType = "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE": "a field or input field has different but compatible types",
        InconsistentButCompatibleArgumentType = "INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE": "an argument has different but compatible types",
        InconsistentDefaultValuePresence = "INCONSISTENT_DEFAULT_VALUE_PRESENCE": "an argument or input field has a default in some subgraphs only",
        InconsistentEntity = "INCONSISTENT_ENTITY": "a type has a key in some subgraphs only",
        InconsistentObjectValueTypeField = "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD": "a value type has a field in some subgraphs only",
        InconsistentInterfaceValueTypeField = "INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD": "an interface has a field in some subgraphs only",
        InconsistentInputObjectField = "INCONSISTENT_INPUT_OBJECT_FIELD": "an input type has a field in some subgraphs only",
        InconsistentUnionMember = "INCONSISTENT_UNION_MEMBER": "a union has a member in some subgraphs only",
        InconsistentEnumValueForInputEnum = "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM": "an enum used for input has a value in some subgraphs only",
        InconsistentEnumValueForOutputEnum = "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM": "an enum used for output has a value in some subgraphs only",
        InconsistentExecutableDirectivePresence = "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE": "an executable directive is defined in some subgraphs only, so it is left out",
        NoExecutableDirectiveIntersection = "NO_EXECUTABLE_DIRECTIVE_INTERSECTION": "the subgraphs share no location of an executable directive, so it is left out",
        InconsistentExecutableDirectiveRepeatable = "INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE": "an executable directive is repeatable in some subgraphs only",
        InconsistentExecutableDirectiveLocations = "INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS": "an executable directive has different locations",
        InconsistentDescription = "INCONSISTENT_DESCRIPTION": "an element has different descriptions",
        InconsistentArgumentPresence = "INCONSISTENT_ARGUMENT_PRESENCE": "an argument is declared in some subgraphs only, so it is left out",
        FromSubgraphDoesNotExist = "FROM_SUBGRAPH_DOES_NOT_EXIST": "an @override names a subgraph that does not exist",
        OverrideDirectiveCanBeRemoved = "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED": "an overridden field is no longer resolved by its former subgraph",
        OverriddenFieldCanBeRemoved = "OVERRIDDEN_FIELD_CAN_BE_REMOVED": "a field is overridden and can be removed",
        OverrideMigrationInProgress = "OVERRIDE_MIGRATION_IN_PROGRESS": "a field is being moved by a labelled @override",
        UnusedEnumType = "UNUSED_ENUM_TYPE": "an enum is used by nothing",
        InconsistentNonRepeatableDirectiveArguments = "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS": "a directive that stands once is applied with different arguments",
        MergedNonRepeatableDirectiveArguments = "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS": "different arguments of a directive were merged",
        DirectiveComposition = "DIRECTIVE_COMPOSITION_INFO": "something worth knowing about the composition of a directive",
        DirectiveCompositionWarn = "DIRECTIVE_COMPOSITION_WARN": "a composed directive has another name in a subgraph that does not compose it",
        InconsistentRuntimeTypesForShareableReturn = "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN": "a shared field can return different types in different subgraphs",
        ImplicitlyUpgradedFederationVersion = "IMPLICITLY_UPGRADED_FEDERATION_VERSION": "a subgraph links a specification of a newer version of Federation, so it is read as that",
        ContextualArgumentNotContextualInAllSubgraphs = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS": "an argument comes from a context in some subgraphs only",
    }
}
