//! Compares fields, their arguments and the fields of input types.

use apollo_compiler::{
    Name,
    ast::{FieldDefinition, InputValueDefinition},
    collections::IndexMap,
    schema::Component,
};

use super::{
    change::{ChangeCode, Changes, Use},
    definitions,
};
use crate::merge::is_same_value;

/// Compares the fields of an object type or interface.
pub(super) fn compare(
    changes: &mut Changes<'_>,
    parent: &Name,
    old: &IndexMap<Name, Component<FieldDefinition>>,
    new: &IndexMap<Name, Component<FieldDefinition>>,
) {
    for (name, field) in old {
        let path = format!("{parent}.{name}");
        let Some(other) = new.get(name) else {
            let was = if field.directives.has("deprecated") {
                "deprecated field"
            } else {
                "field"
            };
            let message = format!("the {was} `{path}` was removed");
            let uses = vec![Use::Field(parent.clone(), name.clone())];
            changes.breaking(ChangeCode::FieldRemoved, path, message, uses);
            continue;
        };
        compare_field(changes, parent, field, other);
    }
    for name in new.keys().filter(|it| !old.contains_key(*it)) {
        let path = format!("{parent}.{name}");
        let message = format!("the field `{path}` was added");
        changes.safe(ChangeCode::FieldAdded, path, message);
    }
}

/// Compares the fields of an input type.
pub(super) fn compare_inputs(
    changes: &mut Changes<'_>,
    parent: &Name,
    old: &IndexMap<Name, Component<InputValueDefinition>>,
    new: &IndexMap<Name, Component<InputValueDefinition>>,
) {
    let codes = InputCodes {
        removed: ChangeCode::InputFieldRemoved,
        added: ChangeCode::InputFieldAdded,
        required: ChangeCode::RequiredInputFieldAdded,
        ty: ChangeCode::InputFieldTypeChanged,
        default: ChangeCode::InputFieldDefaultChanged,
        description: Some(ChangeCode::InputFieldDescriptionChanged),
    };
    let (old, new): (Vec<_>, Vec<_>) = (
        old.values().map(|it| &***it).collect(),
        new.values().map(|it| &***it).collect(),
    );
    let inputs = Inputs {
        noun: "input field",
        codes,
        path: &|name| format!("{parent}.{name}"),
        given: &|name| Use::InputField(parent.clone(), name.clone()),
        left_out: Use::Type(parent.clone()),
    };
    inputs.compare(changes, &old, &new);
}

fn compare_field(changes: &mut Changes<'_>, parent: &Name, old: &FieldDefinition, new: &FieldDefinition) {
    let name = &old.name;
    let path = format!("{parent}.{name}");
    let descriptions = (old.description.as_ref(), new.description.as_ref());
    definitions::description(changes, ChangeCode::FieldDescriptionChanged, &path, descriptions);
    definitions::directives(changes, &path, &old.directives, &new.directives);
    let field = Use::Field(parent.clone(), name.clone());
    if old.ty != new.ty {
        let message = format!("the field `{path}` answers with `{}` instead of `{}`", new.ty, old.ty);
        let same_name = old.ty.inner_named_type() == new.ty.inner_named_type();
        match definitions::is_narrower_output(changes.new, &old.ty, &new.ty) {
            true if same_name => narrowed(changes, parent, name, message),
            // Fragments on other types than the new one become invalid.
            _ => changes.breaking(ChangeCode::FieldTypeChanged, path.clone(), message, vec![field.clone()]),
        }
    }
    let codes = InputCodes {
        removed: ChangeCode::ArgumentRemoved,
        added: ChangeCode::ArgumentAdded,
        required: ChangeCode::RequiredArgumentAdded,
        ty: ChangeCode::ArgumentTypeChanged,
        default: ChangeCode::ArgumentDefaultChanged,
        description: Some(ChangeCode::ArgumentDescriptionChanged),
    };
    let inputs = Inputs {
        noun: "argument",
        codes,
        path: &|argument| format!("{path}({argument}:)"),
        given: &|argument| Use::Argument(parent.clone(), name.clone(), argument.clone()),
        left_out: field,
    };
    let (old, new): (Vec<_>, Vec<_>) = (
        old.arguments.iter().map(|it| &**it).collect(),
        new.arguments.iter().map(|it| &**it).collect(),
    );
    inputs.compare(changes, &old, &new);
}

/// A field that answers less than before, which clients can notice only where they ask for it together with another.
fn narrowed(changes: &mut Changes<'_>, parent: &Name, name: &Name, message: String) {
    let path = format!("{parent}.{name}");
    match changes.together.rival(parent, name) {
        None => changes.safe(ChangeCode::FieldTypeChanged, path, message),
        Some(rival) => {
            let message =
                format!("{message}: an operation that asks for it and for `{rival}` under one name is no longer valid");
            let uses = vec![Use::Together(parent.clone(), name.clone())];
            changes.unusual(ChangeCode::FieldTypeChanged, path, message, uses);
        }
    }
}

/// The codes for changes of one kind of input values.
pub(super) struct InputCodes {
    pub(super) removed: ChangeCode,
    pub(super) added: ChangeCode,
    pub(super) required: ChangeCode,
    pub(super) ty: ChangeCode,
    pub(super) default: ChangeCode,
    pub(super) description: Option<ChangeCode>,
}

/// Arguments of a field or a directive, or the fields of an input type.
pub(super) struct Inputs<'a> {
    pub(super) noun: &'static str,
    pub(super) codes: InputCodes,
    pub(super) path: &'a dyn Fn(&Name) -> String,
    /// How an operation gives one of them.
    pub(super) given: &'a dyn Fn(&Name) -> Use,
    /// How an operation uses what they belong to, whether it gives one or leaves it out.
    pub(super) left_out: Use,
}

impl Inputs<'_> {
    pub(super) fn compare(
        &self,
        changes: &mut Changes<'_>,
        old: &[&InputValueDefinition],
        new: &[&InputValueDefinition],
    ) {
        for input in old {
            match new.iter().find(|it| it.name == input.name) {
                Some(other) => self.compare_one(changes, input, other),
                None => {
                    let path = (self.path)(&input.name);
                    let message = format!("the {} `{path}` was removed", self.noun);
                    changes.breaking(self.codes.removed, path, message, vec![(self.given)(&input.name)]);
                }
            }
        }
        for input in new.iter().filter(|it| old.iter().all(|other| other.name != it.name)) {
            let path = (self.path)(&input.name);
            if input.is_required() {
                let message = format!("the required {} `{path}` was added", self.noun);
                changes.breaking(self.codes.required, path, message, vec![self.left_out.clone()]);
            } else {
                let message = format!("the {} `{path}` was added", self.noun);
                changes.dangerous(self.codes.added, path, message);
            }
        }
    }

    fn compare_one(&self, changes: &mut Changes<'_>, old: &InputValueDefinition, new: &InputValueDefinition) {
        let path = (self.path)(&old.name);
        if let Some(code) = self.codes.description {
            let descriptions = (old.description.as_ref(), new.description.as_ref());
            definitions::description(changes, code, &path, descriptions);
        }
        definitions::directives(changes, &path, &old.directives, &new.directives);
        if old.ty != new.ty {
            let message = format!("the {} `{path}` takes `{}` instead of `{}`", self.noun, new.ty, old.ty);
            let is_newly_required = new.is_required() && !old.is_required();
            if definitions::is_wider_input(&old.ty, &new.ty) && !is_newly_required {
                changes.safe(self.codes.ty, path.clone(), message);
            } else {
                let mut uses = vec![(self.given)(&old.name)];
                uses.extend(is_newly_required.then(|| self.left_out.clone()));
                changes.breaking(self.codes.ty, path.clone(), message, uses);
            }
        }
        let is_same = match (&old.default_value, &new.default_value) {
            (Some(old), Some(new)) => is_same_value(old, new),
            (old, new) => old == new,
        };
        if !is_same {
            self.compare_default(changes, old, new);
        }
    }

    fn compare_default(&self, changes: &mut Changes<'_>, old: &InputValueDefinition, new: &InputValueDefinition) {
        let path = (self.path)(&old.name);
        let default = |it: &InputValueDefinition| {
            it.default_value
                .as_ref()
                .map_or("none".to_owned(), |it| format!("`{}`", it.serialize().no_indent()))
        };
        let message = format!(
            "the default of the {} `{path}` is {} instead of {}",
            self.noun,
            default(new),
            default(old)
        );
        if new.is_required() && !old.is_required() && old.ty == new.ty {
            changes.breaking(self.codes.default, path, message, vec![self.left_out.clone()]);
        } else if old.is_required() {
            // Whoever is there already gives a value.
            changes.safe(self.codes.default, path, message);
        } else {
            changes.dangerous(self.codes.default, path, message);
        }
    }
}
