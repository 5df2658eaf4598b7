//! One operation of a document in outline, and small questions to types and directives.

use std::collections::HashMap;

use graphql_tools::static_graphql::{
    query::{
        self, Document, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet, VariableDefinition,
    },
    schema::{Directive, Type, Value},
};

use crate::{
    conditions,
    numbers::is_number,
    parse::{kind_of, name_of},
    request::Variables,
    supergraph::argument,
};

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OperationKind {
    /// It reads.
    Query,
    /// It writes.
    Mutation,
    /// It listens.
    Subscription,
}

impl OperationKind {
    /// The word of the language.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

/// One operation of a document, with the fragments it may use.
#[derive(Clone, Debug)]
pub(crate) struct Operation<'a> {
    /// What it does.
    pub kind: OperationKind,
    /// Its name, if it has one.
    pub name: Option<&'a str>,
    /// What it asks for.
    pub selection: &'a SelectionSet,
    /// The variables it declares.
    pub variables: &'a [VariableDefinition],
    /// The document's fragments by name.
    pub fragments: HashMap<&'a str, &'a FragmentDefinition>,
}

impl<'a> Operation<'a> {
    /// The operation of that name, or the first where none is named.
    pub(crate) fn find(document: &'a Document, name: Option<&str>) -> Option<Self> {
        let mut fragments = HashMap::new();
        let mut found: Option<Self> = None;
        for definition in &document.definitions {
            match definition {
                query::Definition::Fragment(fragment) => {
                    fragments.insert(fragment.name.as_str(), fragment);
                }
                query::Definition::Operation(operation) if found.is_none() => {
                    found = Some(Self::of(operation)).filter(|found| name.is_none() || found.name == name);
                }
                query::Definition::Operation(_) => {}
            }
        }
        found.map(|operation| Self { fragments, ..operation })
    }

    fn of(operation: &'a OperationDefinition) -> Self {
        Self {
            kind: kind_of(operation),
            name: name_of(operation),
            selection: operation.selection_set(),
            variables: operation.variable_definitions(),
            fragments: HashMap::new(),
        }
    }

    /// What a selection set of a type asks for, where these variables decide what is left out.
    pub(crate) fn parts<'s>(
        &self,
        parent: &'s str,
        set: &'s SelectionSet,
        variables: &Variables,
    ) -> impl Iterator<Item = Part<'s>>
    where
        'a: 's,
    {
        let is_included = |directives: &[query::Directive]| conditions::is_included(directives, variables);
        set.items.iter().filter_map(move |selection| match selection {
            Selection::Field(field) => is_included(&field.directives).then_some(Part::Field(field)),
            Selection::InlineFragment(fragment) => is_included(&fragment.directives).then(|| {
                let on = fragment.type_condition.as_ref();
                Part::Fragment(on.map_or(parent, |on| on.as_ref()), &fragment.selection_set)
            }),
            Selection::FragmentSpread(spread) => {
                let fragment: &'s FragmentDefinition = self.fragments.get(spread.fragment_name.as_str())?;
                let part = Part::Fragment(fragment.type_condition.as_ref(), &fragment.selection_set);
                is_included(&spread.directives).then_some(part)
            }
        })
    }

    /// A value of the operation with its variables filled in, defaults included; nothing where it is absent or null.
    pub(crate) fn resolve(&self, value: &query::Value, variables: &Variables) -> Option<serde_json::Value> {
        match value {
            query::Value::Variable(name) => variables.value(name).or_else(|| {
                let declared = self.variables.iter().find(|variable| variable.name == *name)?;
                // A null that the client wrote is not an absent variable.
                let default = declared
                    .default_value
                    .as_ref()
                    .filter(|_| variables.raw(name).is_none())?;
                self.resolve(default, variables)
            }),
            query::Value::Null => None,
            query::Value::Int(number) => number.as_i64().map(Into::into),
            query::Value::Float(number) => Some((*number).into()),
            query::Value::String(text) => Some(text.as_str().into()),
            query::Value::Enum(name) if is_number(name) => {
                let number: f64 = name.parse().ok()?;
                Some(number.clamp(f64::MIN, f64::MAX).into())
            }
            query::Value::Enum(name) => Some(name.as_str().into()),
            query::Value::Boolean(is) => Some((*is).into()),
            query::Value::List(items) => {
                let items = items
                    .iter()
                    .map(|item| self.resolve(item, variables).unwrap_or_default());
                Some(serde_json::Value::Array(items.collect()))
            }
            query::Value::Object(entries) => {
                let entries = entries
                    .iter()
                    .map(|(name, value)| (name.clone(), self.resolve(value, variables).unwrap_or_default()));
                Some(serde_json::Value::Object(entries.collect()))
            }
        }
    }
}

/// One part of a selection set.
pub(crate) enum Part<'a> {
    Field(&'a Field),
    /// A fragment: the type that it is about, and what it asks for.
    Fragment(&'a str, &'a SelectionSet),
}

/// A type's name without its wrappers.
pub(crate) fn inner(of: &Type) -> &str {
    match of {
        Type::NamedType(name) => name,
        Type::ListType(of) | Type::NonNullType(of) => inner(of),
    }
}

/// Whether a type is a list of any depth.
pub(crate) fn is_list(of: &Type) -> bool {
    match of {
        Type::NamedType(_) => false,
        Type::ListType(_) => true,
        Type::NonNullType(of) => is_list(of),
    }
}

/// An argument of a directive that is a whole number.
pub(crate) fn number(directive: &Directive, name: &str) -> Option<i64> {
    match argument(directive, name)? {
        Value::Int(number) => number.as_i64(),
        // Weights are text in the older specification of costs.
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// An argument of a directive that is yes or no.
pub(crate) fn flag(directive: &Directive, name: &str) -> Option<bool> {
    match argument(directive, name)? {
        Value::Boolean(is) => Some(*is),
        _ => None,
    }
}

/// An argument of a directive that is a list of texts.
pub(crate) fn texts(directive: &Directive, name: &str) -> Vec<String> {
    match argument(directive, name) {
        Some(Value::List(items)) => items.iter().filter_map(as_text).collect(),
        Some(one) => as_text(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// A value that is a word.
pub(crate) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) | Value::Enum(text) => Some(text.clone()),
        _ => None,
    }
}
