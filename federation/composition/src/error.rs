//! Why subgraphs do not compose: errors with the standard codes of Apollo Federation.

use crate::codes::codes;

/// One reason why the subgraphs do not compose.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("[{code}] {message}")]
pub struct CompositionError {
    /// The standard code, for programs.
    pub code: Code,
    /// What is wrong and where, for people. It names types, fields and subgraphs by their coordinates.
    pub message: String,
    /// The subgraphs that take part in it, in the order they were given.
    pub subgraphs: Vec<String>,
    /// Where in the subgraphs' texts it is.
    pub locations: Vec<Location>,
}

impl CompositionError {
    /// An error that is not about a particular subgraph yet.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            subgraphs: Vec::new(),
            locations: Vec::new(),
        }
    }

    /// Adds a subgraph that takes part in the error.
    #[must_use]
    pub fn subgraph(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        if !self.subgraphs.contains(&name) {
            self.subgraphs.push(name);
        }
        self
    }

    /// Adds a place in a subgraph's text, and the subgraph with it.
    #[must_use]
    pub fn at(mut self, location: Option<Location>) -> Self {
        let Some(location) = location else { return self };
        self = self.subgraph(location.subgraph.clone());
        self.locations.push(location);
        self
    }
}

/// A place in the text of a subgraph's schema. Lines and columns count from one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Location {
    /// The subgraph's name.
    pub subgraph: String,
    /// The line, from one.
    pub line: usize,
    /// The column in characters, from one.
    pub column: usize,
}

codes! {
    /// The standard codes of composition errors.
    Code {
        InvalidGraphql = "INVALID_GRAPHQL": "a schema breaks a rule of the GraphQL specification",
        DirectiveDefinitionInvalid = "DIRECTIVE_DEFINITION_INVALID": "a federation directive is defined differently from its specification",
        TypeDefinitionInvalid = "TYPE_DEFINITION_INVALID": "a federation type is defined differently from its specification",
        UnknownFederationLinkVersion = "UNKNOWN_FEDERATION_LINK_VERSION": "the version of Federation named by @link is unknown",
        UnknownLinkVersion = "UNKNOWN_LINK_VERSION": "the version of the link specification is unknown",
        KeyFieldsHasArgs = "KEY_FIELDS_HAS_ARGS": "a @key names a field that has arguments",
        ProvidesFieldsHasArgs = "PROVIDES_FIELDS_HAS_ARGS": "a @provides names a field that has arguments",
        ProvidesFieldsMissingExternal = "PROVIDES_FIELDS_MISSING_EXTERNAL": "a @provides names a field that is not @external",
        RequiresFieldsMissingExternal = "REQUIRES_FIELDS_MISSING_EXTERNAL": "a @requires names a field that is not @external",
        KeyUnsupportedOnInterface = "KEY_UNSUPPORTED_ON_INTERFACE": "a @key is on an interface, which needs Federation 2.3",
        ProvidesUnsupportedOnInterface = "PROVIDES_UNSUPPORTED_ON_INTERFACE": "a @provides is on a field of an interface",
        RequiresUnsupportedOnInterface = "REQUIRES_UNSUPPORTED_ON_INTERFACE": "a @requires is on a field of an interface",
        ExternalUnused = "EXTERNAL_UNUSED": "an @external field is used by no @key, @requires, @provides or interface",
        ExternalCollisionWithAnotherDirective = "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE": "@external stands beside a directive it excludes",
        TypeWithOnlyUnusedExternal = "TYPE_WITH_ONLY_UNUSED_EXTERNAL": "a type of a Federation 1 schema has nothing but unused @external fields",
        ProvidesOnNonObjectField = "PROVIDES_ON_NON_OBJECT_FIELD": "a @provides is on a field that returns no object, interface or union",
        KeyInvalidFieldsType = "KEY_INVALID_FIELDS_TYPE": "the fields of a @key are not a string",
        ProvidesInvalidFieldsType = "PROVIDES_INVALID_FIELDS_TYPE": "the fields of a @provides are not a string",
        RequiresInvalidFieldsType = "REQUIRES_INVALID_FIELDS_TYPE": "the fields of a @requires are not a string",
        KeyInvalidFields = "KEY_INVALID_FIELDS": "the fields of a @key are no valid selection of the type",
        ProvidesInvalidFields = "PROVIDES_INVALID_FIELDS": "the fields of a @provides are no valid selection of the type",
        RequiresInvalidFields = "REQUIRES_INVALID_FIELDS": "the fields of a @requires are no valid selection of the type",
        KeyFieldsSelectInvalidType = "KEY_FIELDS_SELECT_INVALID_TYPE": "a @key names a field whose type is an interface or union",
        RootQueryUsed = "ROOT_QUERY_USED": "a type is called Query although another type is the query root",
        RootMutationUsed = "ROOT_MUTATION_USED": "a type is called Mutation although another type is the mutation root",
        RootSubscriptionUsed = "ROOT_SUBSCRIPTION_USED": "a type is called Subscription although another type is the subscription root",
        InvalidSubgraphName = "INVALID_SUBGRAPH_NAME": "a subgraph has a name that cannot be used",
        NoQueries = "NO_QUERIES": "no subgraph has a query",
        InterfaceFieldNoImplem = "INTERFACE_FIELD_NO_IMPLEM": "after merging, a type lacks a field of an interface it implements",
        TypeKindMismatch = "TYPE_KIND_MISMATCH": "a type has different kinds in different subgraphs",
        ContextNotSet = "CONTEXT_NOT_SET": "a context is read that no type sets",
        ContextInvalidSelection = "CONTEXT_INVALID_SELECTION": "the selection of a @fromContext does not yield one field",
        NoContextInSelection = "NO_CONTEXT_IN_SELECTION": "a @fromContext names no context",
        ContextNoResolvableKey = "CONTEXT_NO_RESOLVABLE_KEY": "a type reads a context but has no resolvable key",
        ContextNameInvalid = "CONTEXT_NAME_INVALID": "the name of a context is not allowed",
        ExternalTypeMismatch = "EXTERNAL_TYPE_MISMATCH": "an @external field has another type than the field it stands for",
        ExternalArgumentMissing = "EXTERNAL_ARGUMENT_MISSING": "an @external field lacks an argument of the field it stands for",
        ExternalArgumentTypeMismatch = "EXTERNAL_ARGUMENT_TYPE_MISMATCH": "an argument of an @external field has another type than the one it stands for",
        ExternalArgumentDefaultMismatch = "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH": "an argument of an @external field has another default than the one it stands for",
        ExternalOnInterface = "EXTERNAL_ON_INTERFACE": "a field of an interface is @external",
        MergedDirectiveApplicationOnExternal = "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL": "a directive that is merged stands on an @external field",
        FieldTypeMismatch = "FIELD_TYPE_MISMATCH": "a field has types that cannot be merged",
        FieldArgumentTypeMismatch = "FIELD_ARGUMENT_TYPE_MISMATCH": "an argument has types that cannot be merged",
        InputFieldDefaultMismatch = "INPUT_FIELD_DEFAULT_MISMATCH": "an input field has different defaults in different subgraphs",
        FieldArgumentDefaultMismatch = "FIELD_ARGUMENT_DEFAULT_MISMATCH": "an argument has different defaults in different subgraphs",
        ExtensionWithNoBase = "EXTENSION_WITH_NO_BASE": "a type is extended that no subgraph defines",
        ExternalMissingOnBase = "EXTERNAL_MISSING_ON_BASE": "a field is @external wherever it is declared",
        InvalidFieldSharing = "INVALID_FIELD_SHARING": "several subgraphs resolve a field that is not shareable in all of them",
        InvalidShareableUsage = "INVALID_SHAREABLE_USAGE": "@shareable stands where it has no meaning",
        InvalidLinkDirectiveUsage = "INVALID_LINK_DIRECTIVE_USAGE": "a @link breaks the link specification",
        InvalidLinkIdentifier = "INVALID_LINK_IDENTIFIER": "the URL or version of a @link cannot be understood",
        LinkImportNameMismatch = "LINK_IMPORT_NAME_MISMATCH": "subgraphs import a merged directive under different names",
        ReferencedInaccessible = "REFERENCED_INACCESSIBLE": "something visible refers to something @inaccessible",
        DefaultValueUsesInaccessible = "DEFAULT_VALUE_USES_INACCESSIBLE": "a visible default value uses something @inaccessible",
        QueryRootTypeInaccessible = "QUERY_ROOT_TYPE_INACCESSIBLE": "the query root is @inaccessible",
        RequiredInaccessible = "REQUIRED_INACCESSIBLE": "something @inaccessible is required by something visible",
        DisallowedInaccessible = "DISALLOWED_INACCESSIBLE": "an argument of a composed directive is @inaccessible",
        ImplementedByInaccessible = "IMPLEMENTED_BY_INACCESSIBLE": "something @inaccessible implements something visible",
        OnlyInaccessibleChildren = "ONLY_INACCESSIBLE_CHILDREN": "a visible type has nothing but @inaccessible members",
        RequiredArgumentMissingInSomeSubgraph = "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH": "an argument is required in one subgraph and absent in another",
        RequiredInputFieldMissingInSomeSubgraph = "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH": "an input field is required in one subgraph and absent in another",
        EmptyMergedInputType = "EMPTY_MERGED_INPUT_TYPE": "the subgraphs share no field of an input type",
        EnumValueMismatch = "ENUM_VALUE_MISMATCH": "an enum used for input and output has different values in different subgraphs",
        EmptyMergedEnumType = "EMPTY_MERGED_ENUM_TYPE": "the subgraphs share no value of an enum used for input",
        ShareableHasMismatchedRuntimeTypes = "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES": "a shared field can return types in one subgraph that it cannot in another, and they have none in common",
        SatisfiabilityError = "SATISFIABILITY_ERROR": "a query of the API cannot be resolved from the subgraphs",
        OverrideCollisionWithAnotherDirective = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE": "@override meets a directive it excludes",
        OverrideFromSelfError = "OVERRIDE_FROM_SELF_ERROR": "an @override names its own subgraph",
        OverrideSourceHasOverride = "OVERRIDE_SOURCE_HAS_OVERRIDE": "an overridden field is itself marked @override",
        OverrideOnInterface = "OVERRIDE_ON_INTERFACE": "an @override is on a field of an interface",
        OverrideLabelInvalid = "OVERRIDE_LABEL_INVALID": "the label of an @override has not the expected form",
        UnsupportedFeature = "UNSUPPORTED_FEATURE": "access requirements have too many alternatives once they are put together",
        KeyDirectiveInFieldsArg = "KEY_DIRECTIVE_IN_FIELDS_ARG": "the fields of a @key have directives",
        ProvidesDirectiveInFieldsArg = "PROVIDES_DIRECTIVE_IN_FIELDS_ARG": "the fields of a @provides have directives",
        RequiresDirectiveInFieldsArg = "REQUIRES_DIRECTIVE_IN_FIELDS_ARG": "the fields of a @requires have directives",
        DirectiveCompositionError = "DIRECTIVE_COMPOSITION_ERROR": "a custom directive cannot be composed",
        InterfaceObjectUsageError = "INTERFACE_OBJECT_USAGE_ERROR": "@interfaceObject is used against its rules",
        InterfaceKeyNotOnImplementation = "INTERFACE_KEY_NOT_ON_IMPLEMENTATION": "a key of an interface is missing on an implementation",
        InterfaceKeyMissingImplementationType = "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE": "a subgraph has a key on an interface but lacks one of its implementations",
        ContextualArgumentNotContextualInAllSubgraphs = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS": "an argument comes from a context in one subgraph but not in another",
        CostAppliedToInterfaceField = "COST_APPLIED_TO_INTERFACE_FIELD": "a @cost is on a field of an interface",
        ListSizeAppliedToNonList = "LIST_SIZE_APPLIED_TO_NON_LIST": "a @listSize is on a field that is not a list",
        ListSizeInvalidAssumedSize = "LIST_SIZE_INVALID_ASSUMED_SIZE": "the assumed size of a @listSize is negative",
        ListSizeInvalidSizedField = "LIST_SIZE_INVALID_SIZED_FIELD": "a @listSize names a sized field that is not there",
        ListSizeInvalidSlicingArgument = "LIST_SIZE_INVALID_SLICING_ARGUMENT": "a @listSize names a slicing argument that is not an integer argument",
        MaxValidationSubgraphPathsExceeded = "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED": "checking satisfiability needs more paths than allowed",
        AuthRequirementsAppliedOnInterface = "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE": "access requirements stand on an interface",
        MissingTransitiveAuthRequirements = "MISSING_TRANSITIVE_AUTH_REQUIREMENTS": "a field lacks the access requirements of the data it depends on",
    }
}
