//! What recorded operations use of a schema, and which changes they therefore meet.

use std::collections::HashSet;

use apollo_compiler::{
    ExecutableDocument, Name, Schema,
    ast::{DirectiveList, OperationType, Type, Value},
    executable::{Field, Fragment, Operation, Selection, SelectionSet},
    schema::ExtendedType,
    validation::Valid,
};

use super::{
    change::{Change, Severity, Use},
    coordinates,
    together::Together,
};

/// An operation that clients have sent.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RecordedOperation {
    /// Its text, which may hold several operations and fragments, if it is known.
    pub text: Option<String>,
    /// What it asks for, where its text is not known or does not fit: `Type.field` and `Type.field(argument:)`.
    pub fields: Vec<String>,
    /// How often it was sent.
    pub count: u64,
}

/// The changes between two schemas, judged by what clients have sent.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct UsageReport {
    /// All changes; one that no recorded operation meets breaks nothing and is safe, and says so in its reason.
    pub changes: Vec<Change>,
    /// Operations whose text was no evidence because it does not fit the old schema; their fields were.
    pub ignored: Vec<IgnoredOperation>,
}

/// A recorded operation that does not fit the schema it was recorded for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct IgnoredOperation {
    /// Its text.
    pub text: String,
    /// What is wrong with it.
    pub error: String,
}

/// How many operations use something, and how often they were sent.
#[derive(Clone, Copy, Default)]
struct Count {
    operations: u64,
    requests: u64,
}

/// The uses of all recorded operations.
pub(super) struct Usage {
    counts: Vec<(HashSet<Use>, u64)>,
}

impl Usage {
    /// Reads the operations against the schema they were written for.
    pub(super) fn of(together: &Together<'_>, operations: &[RecordedOperation]) -> (Self, Vec<IgnoredOperation>) {
        let schema = together.old;
        let mut usage = Self { counts: Vec::new() };
        let mut ignored = Vec::new();
        for operation in operations {
            let by_fields = || coordinates::uses(together, &operation.fields);
            let uses = match operation.text.as_ref().map(|text| (text, parsed(schema, text))) {
                None => by_fields(),
                Some((_, Ok(document))) => {
                    let mut uses = Collector {
                        schema,
                        document: &document,
                        uses: HashSet::new(),
                    }
                    .document();
                    together.add(&document, &mut uses);
                    uses
                }
                Some((text, Err(error))) => {
                    let text = text.clone();
                    ignored.push(IgnoredOperation { text, error });
                    by_fields()
                }
            };
            usage.counts.push((uses, operation.count));
        }
        (usage, ignored)
    }

    /// Makes a change that can break operations safe if it meets none, and says how many it breaks otherwise.
    pub(super) fn judge(&self, change: &mut Change) {
        if change.severity != Severity::Breaking && change.uses.is_empty() {
            return;
        }
        let met = self
            .counts
            .iter()
            .filter(|(uses, _)| change.uses.iter().any(|it| uses.contains(it)));
        let count = met.fold(Count::default(), |count, (_, requests)| Count {
            operations: count.operations + 1,
            requests: count.requests.saturating_add(*requests),
        });
        if count.operations == 0 {
            change.severity = Severity::Safe;
            change.reason = Some("no recorded operation uses it".to_owned());
        } else {
            let (operations, requests) = (count.operations, count.requests);
            change.severity = Severity::Breaking;
            change.reason = Some(format!(
                "recorded operations use it: {operations}, in requests: {requests}"
            ));
        }
    }
}

fn parsed(schema: &Valid<Schema>, text: &str) -> Result<Valid<ExecutableDocument>, String> {
    let parsed = ExecutableDocument::parse_and_validate(schema, text, "operation.graphql");
    parsed.map_err(|error| error.errors.to_string())
}

/// Gathers what one document uses.
struct Collector<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    uses: HashSet<Use>,
}

impl Collector<'_> {
    fn document(mut self) -> HashSet<Use> {
        let document = self.document;
        for operation in document.operations.iter() {
            self.operation(operation);
        }
        for fragment in document.fragments.values() {
            self.fragment(fragment);
        }
        self.uses
    }

    fn operation(&mut self, operation: &Operation) {
        self.uses.insert(Use::Root(match operation.operation_type {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        }));
        self.directives(&operation.directives);
        for variable in &operation.variables {
            self.directives(&variable.directives);
            any_value(
                self.schema,
                variable.ty.inner_named_type(),
                &mut self.uses,
                &mut HashSet::new(),
            );
        }
        self.selections(&operation.selection_set);
    }

    fn fragment(&mut self, fragment: &Fragment) {
        self.directives(&fragment.directives);
        self.uses.insert(Use::Type(fragment.type_condition().clone()));
        self.selections(&fragment.selection_set);
    }

    fn selections(&mut self, set: &SelectionSet) {
        self.uses.insert(Use::Type(set.ty.clone()));
        for selection in &set.selections {
            self.directives(selection.directives());
            match selection {
                Selection::Field(field) => self.field(&set.ty, field),
                Selection::InlineFragment(fragment) => {
                    if let Some(condition) = &fragment.type_condition {
                        self.uses.insert(Use::Condition(set.ty.clone(), condition.clone()));
                    }
                    self.selections(&fragment.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = spread.fragment_def(self.document) {
                        let condition = fragment.type_condition().clone();
                        self.uses.insert(Use::Condition(set.ty.clone(), condition));
                    }
                }
            }
        }
    }

    fn field(&mut self, parent: &Name, field: &Field) {
        self.uses.insert(Use::Field(parent.clone(), field.name.clone()));
        self.uses
            .insert(Use::Type(field.definition.ty.inner_named_type().clone()));
        for argument in &field.arguments {
            self.uses
                .insert(Use::Argument(parent.clone(), field.name.clone(), argument.name.clone()));
            if let Some(definition) = field.definition.argument_by_name(&argument.name) {
                self.value(&definition.ty, &argument.value);
            }
        }
        self.selections(&field.selection_set);
    }

    fn directives(&mut self, directives: &DirectiveList) {
        let schema = self.schema;
        for directive in directives.iter() {
            self.uses.insert(Use::Directive(directive.name.clone()));
            let definition = schema.directive_definitions.get(&directive.name);
            for argument in &directive.arguments {
                self.uses
                    .insert(Use::DirectiveArgument(directive.name.clone(), argument.name.clone()));
                if let Some(definition) = definition.and_then(|it| it.argument_by_name(&argument.name)) {
                    self.value(&definition.ty, &argument.value);
                }
            }
        }
    }

    /// A literal shows what it uses; a variable is counted by its type where it is declared.
    fn value(&mut self, ty: &Type, value: &Value) {
        let name = ty.inner_named_type();
        match value {
            Value::Variable(_) => {}
            Value::Enum(value) => {
                self.uses.insert(Use::Type(name.clone()));
                self.uses.insert(Use::EnumValue(name.clone(), value.clone()));
            }
            Value::List(values) => {
                for value in values {
                    self.value(ty, value);
                }
            }
            Value::Object(fields) => {
                self.uses.insert(Use::Type(name.clone()));
                let Some(input) = self.schema.get_input_object(name).cloned() else {
                    return;
                };
                for (field, value) in fields {
                    self.uses.insert(Use::InputField(name.clone(), field.clone()));
                    if let Some(definition) = input.fields.get(field) {
                        self.value(&definition.ty, value);
                    }
                }
            }
            _ => {
                self.uses.insert(Use::Type(name.clone()));
            }
        }
    }
}

/// Values that are not recorded: each that a type has counts.
pub(super) fn any_value(schema: &Schema, name: &Name, uses: &mut HashSet<Use>, seen: &mut HashSet<Name>) {
    if !seen.insert(name.clone()) {
        return;
    }
    uses.insert(Use::Type(name.clone()));
    match schema.types.get(name) {
        Some(ExtendedType::Enum(it)) => {
            let values = it.values.keys();
            uses.extend(values.map(|value| Use::EnumValue(name.clone(), value.clone())));
        }
        Some(ExtendedType::InputObject(it)) => {
            for (field, definition) in &it.fields {
                uses.insert(Use::InputField(name.clone(), field.clone()));
                any_value(schema, definition.ty.inner_named_type(), uses, seen);
            }
        }
        _ => {}
    }
}
