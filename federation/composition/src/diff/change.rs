//! A change between two schemas, and the list that the comparison fills.

use std::collections::BTreeSet;

use apollo_compiler::{Name, Schema, schema::ExtendedType};

use super::together::Together;
use crate::codes::codes;

/// How much a change matters to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// An operation that was valid may no longer be, or may answer with another type.
    Breaking,
    /// Operations stay valid but for unusual ones, and a client may meet what it did not expect.
    Dangerous,
    /// No client can notice, or only by asking for what is new.
    Safe,
}

/// One difference between two schemas.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// How much it matters.
    pub severity: Severity,
    /// The kind of change, for programs.
    pub code: ChangeCode,
    /// The schema coordinate of what changed: `Type.field(argument:)`, `@directive`, or `schema`.
    pub path: String,
    /// What changed, for people.
    pub message: String,
    /// Why the recorded operations raised or lowered the severity, where they were asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The uses by which an operation meets the change; recorded operations decide about a change that has some.
    #[serde(skip)]
    pub(super) uses: Vec<Use>,
}

/// A way in which an operation uses a schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Use {
    /// A type is selected from, named by a fragment or a variable, or given as input.
    Type(Name),
    /// A field is selected.
    Field(Name, Name),
    /// An argument of a field is given.
    Argument(Name, Name, Name),
    /// A value of an enum is given, or a variable could hold it.
    EnumValue(Name, Name),
    /// A field of an input type is given, or a variable could hold it.
    InputField(Name, Name),
    /// Within a selection on the first type stands a fragment on the second.
    Condition(Name, Name),
    /// A directive stands somewhere in an operation.
    Directive(Name),
    /// An argument of a directive is given.
    DirectiveArgument(Name, Name),
    /// A field is asked for under one name with a field whose answer is no longer like its own.
    Together(Name, Name),
    /// An operation starts at this kind of root: `query`, `mutation`, `subscription`.
    Root(&'static str),
}

/// The changes found so far between two schemas.
pub(super) struct Changes<'a> {
    pub(super) old: &'a Schema,
    pub(super) new: &'a Schema,
    pub(super) together: &'a Together<'a>,
    /// The types that fields of the new schema answer with.
    outputs: BTreeSet<Name>,
    found: Vec<Change>,
}

impl<'a> Changes<'a> {
    pub(super) fn new(together: &'a Together<'a>) -> Self {
        let (old, new): (&'a Schema, &'a Schema) = (together.old, together.new);
        let fields = new
            .types
            .values()
            .filter(|it| !it.is_built_in())
            .flat_map(|it| match it {
                ExtendedType::Object(it) => it.fields.values().collect(),
                ExtendedType::Interface(it) => it.fields.values().collect(),
                _ => Vec::new(),
            });
        let outputs = fields.map(|it| it.ty.inner_named_type().clone()).collect();
        Self {
            old,
            new,
            together,
            outputs,
            found: Vec::new(),
        }
    }

    /// Whether some field of the new schema answers with a type.
    pub(super) fn is_output(&self, name: &Name) -> bool {
        self.outputs.contains(name)
    }

    pub(super) fn breaking(&mut self, code: ChangeCode, path: String, message: String, uses: Vec<Use>) {
        self.add(Severity::Breaking, code, path, message).uses = uses;
    }

    pub(super) fn dangerous(&mut self, code: ChangeCode, path: String, message: String) {
        self.add(Severity::Dangerous, code, path, message);
    }

    /// A change that breaks operations of an unusual kind.
    pub(super) fn unusual(&mut self, code: ChangeCode, path: String, message: String, uses: Vec<Use>) {
        self.add(Severity::Dangerous, code, path, message).uses = uses;
    }

    pub(super) fn safe(&mut self, code: ChangeCode, path: String, message: String) {
        self.add(Severity::Safe, code, path, message);
    }

    fn add(&mut self, severity: Severity, code: ChangeCode, path: String, message: String) -> &mut Change {
        self.found.push_mut(Change {
            severity,
            code,
            path,
            message,
            reason: None,
            uses: Vec::new(),
        })
    }

    /// The list in the order of severity, then of coordinates.
    pub(super) fn sorted(mut self) -> Vec<Change> {
        self.found.sort_by(|a, b| {
            let key = |it: &Change| (it.severity, it.path.clone(), it.code);
            key(a).cmp(&key(b))
        });
        self.found
    }
}

codes! {
    /// The kinds of change between two schemas.
    ChangeCode {
        SchemaDescriptionChanged = "SCHEMA_DESCRIPTION_CHANGED": "the description of the schema differs",
        RootTypeAdded = "ROOT_TYPE_ADDED": "the schema supports another kind of operation",
        RootTypeRemoved = "ROOT_TYPE_REMOVED": "the schema no longer supports a kind of operation",
        RootTypeChanged = "ROOT_TYPE_CHANGED": "another type is the root of a kind of operation",
        TypeAdded = "TYPE_ADDED": "a type is new",
        TypeRemoved = "TYPE_REMOVED": "a type is gone",
        TypeKindChanged = "TYPE_KIND_CHANGED": "a type has another kind",
        TypeDescriptionChanged = "TYPE_DESCRIPTION_CHANGED": "the description of a type differs",
        SpecifiedByChanged = "SPECIFIED_BY_CHANGED": "the specification of a scalar differs",
        OneOfAdded = "ONE_OF_ADDED": "an input type takes exactly one of its fields now",
        OneOfRemoved = "ONE_OF_REMOVED": "an input type no longer takes exactly one of its fields",
        InterfaceAdded = "INTERFACE_ADDED": "a type implements another interface",
        InterfaceRemoved = "INTERFACE_REMOVED": "a type no longer implements an interface",
        UnionMemberAdded = "UNION_MEMBER_ADDED": "a union has another member",
        UnionMemberRemoved = "UNION_MEMBER_REMOVED": "a union lost a member",
        EnumValueAdded = "ENUM_VALUE_ADDED": "an enum has another value",
        EnumValueRemoved = "ENUM_VALUE_REMOVED": "an enum lost a value",
        EnumValueDescriptionChanged = "ENUM_VALUE_DESCRIPTION_CHANGED": "the description of an enum value differs",
        FieldAdded = "FIELD_ADDED": "a type has another field",
        FieldRemoved = "FIELD_REMOVED": "a type lost a field",
        FieldTypeChanged = "FIELD_TYPE_CHANGED": "a field answers with another type",
        FieldDescriptionChanged = "FIELD_DESCRIPTION_CHANGED": "the description of a field differs",
        ArgumentAdded = "ARGUMENT_ADDED": "a field takes another argument, which may be left out",
        RequiredArgumentAdded = "REQUIRED_ARGUMENT_ADDED": "a field takes another argument, which may not be left out",
        ArgumentRemoved = "ARGUMENT_REMOVED": "a field no longer takes an argument",
        ArgumentTypeChanged = "ARGUMENT_TYPE_CHANGED": "an argument has another type",
        ArgumentDefaultChanged = "ARGUMENT_DEFAULT_CHANGED": "an argument has another default",
        ArgumentDescriptionChanged = "ARGUMENT_DESCRIPTION_CHANGED": "the description of an argument differs",
        InputFieldAdded = "INPUT_FIELD_ADDED": "an input type has another field, which may be left out",
        RequiredInputFieldAdded = "REQUIRED_INPUT_FIELD_ADDED": "an input type has another field, which may not be left out",
        InputFieldRemoved = "INPUT_FIELD_REMOVED": "an input type lost a field",
        InputFieldTypeChanged = "INPUT_FIELD_TYPE_CHANGED": "an input field has another type",
        InputFieldDefaultChanged = "INPUT_FIELD_DEFAULT_CHANGED": "an input field has another default",
        InputFieldDescriptionChanged = "INPUT_FIELD_DESCRIPTION_CHANGED": "the description of an input field differs",
        DeprecationAdded = "DEPRECATION_ADDED": "something is deprecated now",
        DeprecationRemoved = "DEPRECATION_REMOVED": "something is no longer deprecated",
        DeprecationReasonChanged = "DEPRECATION_REASON_CHANGED": "the reason of a deprecation differs",
        DirectiveAdded = "DIRECTIVE_ADDED": "a directive is new",
        DirectiveRemoved = "DIRECTIVE_REMOVED": "a directive is gone",
        DirectiveDescriptionChanged = "DIRECTIVE_DESCRIPTION_CHANGED": "the description of a directive differs",
        DirectiveLocationAdded = "DIRECTIVE_LOCATION_ADDED": "a directive may stand in another place",
        DirectiveLocationRemoved = "DIRECTIVE_LOCATION_REMOVED": "a directive may no longer stand in a place",
        DirectiveRepeatableAdded = "DIRECTIVE_REPEATABLE_ADDED": "a directive may stand several times in one place now",
        DirectiveRepeatableRemoved = "DIRECTIVE_REPEATABLE_REMOVED": "a directive may stand once in one place now",
        DirectiveArgumentAdded = "DIRECTIVE_ARGUMENT_ADDED": "a directive takes another argument, which may be left out",
        RequiredDirectiveArgumentAdded = "REQUIRED_DIRECTIVE_ARGUMENT_ADDED": "a directive takes another argument, which may not be left out",
        DirectiveArgumentRemoved = "DIRECTIVE_ARGUMENT_REMOVED": "a directive no longer takes an argument",
        DirectiveArgumentTypeChanged = "DIRECTIVE_ARGUMENT_TYPE_CHANGED": "an argument of a directive has another type",
        DirectiveArgumentDefaultChanged = "DIRECTIVE_ARGUMENT_DEFAULT_CHANGED": "an argument of a directive has another default",
        DirectiveUsageAdded = "DIRECTIVE_USAGE_ADDED": "a custom directive stands on something now",
        DirectiveUsageRemoved = "DIRECTIVE_USAGE_REMOVED": "a custom directive no longer stands on something",
    }
}
