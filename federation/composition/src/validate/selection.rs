//! The selections of `@key`, `@requires` and `@provides`.

use apollo_compiler::{
    ast::{self, Selection, Value},
    parser::SourceSpan,
};

use super::value;
use crate::{
    error::{Code, CompositionError},
    model::{Applied, Directives, Field, Kind, Type},
    spec::Feature,
    subgraph::{Schema, parse_selections},
};

/// Checks all selections of a subgraph.
pub(super) fn check(schema: &Schema) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for ty in schema
        .types
        .values()
        .filter(|ty| matches!(ty.kind, Kind::Object | Kind::Interface))
    {
        for key in ty.directives.all(Feature::Key) {
            errors.extend(check_one(schema, &KEY, ty, key, &ty.name));
        }
        for field in ty.fields.values() {
            let coordinate = format!("{}.{}", ty.name, field.name);
            for requires in field.directives.all(Feature::Requires) {
                errors.extend(check_one(schema, &REQUIRES, ty, requires, &coordinate));
            }
            for provides in field.directives.all(Feature::Provides) {
                match schema
                    .types
                    .get(field.ty.inner_named_type())
                    .filter(|ty| ty.is_composite())
                {
                    Some(target) => errors.extend(check_one(schema, &PROVIDES, target, provides, &coordinate)),
                    None => {
                        let message = format!(
                            "@provides on \"{coordinate}\" needs a field that returns an object, interface or union, not \"{}\"",
                            field.ty
                        );
                        errors.push(schema.error(Code::ProvidesOnNonObjectField, message, provides.location));
                    }
                }
            }
        }
    }
    errors
}

/// What differs between the three directives.
struct Rules {
    name: &'static str,
    invalid_type: Code,
    invalid: Code,
    directive: Code,
    arguments: Option<Code>,
    missing_external: Option<Code>,
}

const KEY: Rules = Rules {
    name: "key",
    invalid_type: Code::KeyInvalidFieldsType,
    invalid: Code::KeyInvalidFields,
    directive: Code::KeyDirectiveInFieldsArg,
    arguments: Some(Code::KeyFieldsHasArgs),
    missing_external: None,
};

const REQUIRES: Rules = Rules {
    name: "requires",
    invalid_type: Code::RequiresInvalidFieldsType,
    invalid: Code::RequiresInvalidFields,
    directive: Code::RequiresDirectiveInFieldsArg,
    arguments: None,
    missing_external: Some(Code::RequiresFieldsMissingExternal),
};

const PROVIDES: Rules = Rules {
    name: "provides",
    invalid_type: Code::ProvidesInvalidFieldsType,
    invalid: Code::ProvidesInvalidFields,
    directive: Code::ProvidesDirectiveInFieldsArg,
    arguments: Some(Code::ProvidesFieldsHasArgs),
    missing_external: Some(Code::ProvidesFieldsMissingExternal),
};

fn check_one(schema: &Schema, rules: &Rules, ty: &Type, applied: &Applied, place: &str) -> Vec<CompositionError> {
    let mut check = Check {
        schema,
        rules,
        span: applied.location,
        place,
        text: applied
            .argument("fields")
            .map(|value| value.serialize().no_indent().to_string())
            .unwrap_or_default(),
        errors: Vec::new(),
    };
    if !matches!(applied.argument("fields").map(|value| &**value), Some(Value::String(_))) {
        check.fail(rules.invalid_type, "it must be a string");
        return check.errors;
    }
    match parse_selections(applied.fields()) {
        Ok(selections) => check.selections(ty, &selections, false),
        Err(message) => check.fail(rules.invalid, &message),
    }
    // What is no selection at all cannot be judged further.
    if check.errors.iter().any(|error| error.code == rules.invalid) {
        check.errors.retain(|error| error.code == rules.invalid);
    }
    check.errors
}

/// A selection that is being checked.
struct Check<'a> {
    schema: &'a Schema,
    rules: &'a Rules,
    span: Option<SourceSpan>,
    place: &'a str,
    text: String,
    errors: Vec<CompositionError>,
}

impl Check<'_> {
    fn fail(&mut self, code: Code, message: &str) {
        let message = format!(
            "@{}(fields: {}) on \"{}\" is not valid: {message}",
            self.rules.name, self.text, self.place
        );
        self.errors.push(self.schema.error(code, message, self.span));
    }

    fn selections(&mut self, parent: &Type, selections: &[Selection], is_below_external: bool) {
        for selection in selections {
            match selection {
                Selection::Field(selected) => self.field(parent, selected, is_below_external),
                Selection::InlineFragment(fragment) => {
                    self.no_directives(!fragment.directives.0.is_empty());
                    let condition = fragment.type_condition.as_ref();
                    let target = condition.map_or(Some(parent), |name| self.schema.types.get(name));
                    match target.filter(|target| self.overlaps(parent, target)) {
                        Some(target) => self.selections(target, &fragment.selection_set, is_below_external),
                        None => {
                            let name = condition.map(|name| name.to_string()).unwrap_or_default();
                            self.fail(
                                self.rules.invalid,
                                &format!("\"{}\" can never be \"{name}\"", parent.name),
                            );
                        }
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let message = format!("the fragment \"{}\" is not defined", spread.fragment_name);
                    self.fail(self.rules.invalid, &message);
                }
            }
        }
    }

    fn field(&mut self, parent: &Type, selected: &ast::Field, is_below_external: bool) {
        self.no_directives(!selected.directives.0.is_empty());
        if let Some(alias) = &selected.alias {
            return self.fail(self.rules.invalid, &format!("the alias \"{alias}\" is not allowed"));
        }
        if selected.name == "__typename" {
            return;
        }
        let field = parent.fields.get(&selected.name).filter(|_| parent.kind != Kind::Union);
        let Some(field) = field else {
            let message = format!(
                "\"{}\" has no field \"{}\": add it, with @external if another subgraph resolves it",
                parent.name, selected.name
            );
            return self.fail(self.rules.invalid, &message);
        };
        self.arguments(parent, field, selected);
        self.target(field, selected);
        let is_external = is_below_external || self.is_external(parent, field);
        let target = self.schema.types.get(field.ty.inner_named_type());
        match target.filter(|target| target.is_composite()) {
            Some(target) => {
                if selected.selection_set.is_empty() {
                    let message = format!("\"{}\" needs a selection of its fields", selected.name);
                    return self.fail(self.rules.invalid, &message);
                }
                self.selections(target, &selected.selection_set, is_external);
            }
            None if !selected.selection_set.is_empty() => {
                let message = format!("\"{}\" has no fields to select", selected.name);
                self.fail(self.rules.invalid, &message);
            }
            None => {
                if let Some(code) = self.rules.missing_external
                    && !is_below_external
                    && !self.is_marked(parent, field)
                    && !self.schema.is_federation_1()
                {
                    let coordinate = format!("{}.{}", parent.name, field.name);
                    let message = match parent.kind {
                        Kind::Interface => {
                            format!("\"{coordinate}\" is no @external field: select it of types that have it so")
                        }
                        _ => format!(
                            "\"{coordinate}\" is resolved by this subgraph itself: leave it out, or mark it @external"
                        ),
                    };
                    self.fail(code, &message);
                }
            }
        }
    }

    /// What a key may select: no interfaces and unions.
    fn target(&mut self, field: &Field, selected: &ast::Field) {
        if self.rules.name != "key" {
            return;
        }
        let kind = self.schema.types.get(field.ty.inner_named_type()).map(|ty| ty.kind);
        let what = match kind {
            Some(Kind::Interface) => "an interface",
            Some(Kind::Union) => "a union",
            _ => return,
        };
        let message = format!("\"{}\" is {what}, which cannot be part of a key", selected.name);
        self.fail(Code::KeyFieldsSelectInvalidType, &message);
    }

    fn arguments(&mut self, parent: &Type, field: &Field, selected: &ast::Field) {
        let coordinate = format!("{}.{}", parent.name, field.name);
        if let Some(code) = self.rules.arguments
            && !field.arguments.is_empty()
        {
            let message = format!("\"{coordinate}\" has arguments, which is not allowed here");
            self.fail(code, &message);
        }
        for given in &selected.arguments {
            let fault = match field.arguments.get(&given.name) {
                None => Some(format!("\"{coordinate}\" has no argument \"{}\"", given.name)),
                Some(argument) => (!value::fits(&given.value, &argument.ty, &self.schema.types)).then(|| {
                    format!(
                        "{} is no value for argument \"{}\" of \"{coordinate}\", which has type \"{}\"",
                        given.value.serialize().no_indent(),
                        given.name,
                        argument.ty
                    )
                }),
            };
            if let Some(message) = fault {
                self.fail(self.rules.invalid, &message);
            }
        }
        let missing = field.arguments.values().find(|argument| {
            argument.is_required() && selected.arguments.iter().all(|given| given.name != argument.name)
        });
        if let Some(argument) = missing {
            let message = format!(
                "the required argument \"{}\" of \"{coordinate}\" is missing",
                argument.name
            );
            self.fail(self.rules.invalid, &message);
        }
    }

    fn no_directives(&mut self, has_some: bool) {
        if has_some {
            self.fail(self.rules.directive, "directives are not allowed in it");
        }
    }

    /// Whether what is below a field comes from elsewhere: the field of an interface does where an object's does.
    fn is_external(&self, parent: &Type, field: &Field) -> bool {
        let objects = match parent.kind {
            Kind::Interface => self.schema.runtime_types(parent),
            _ => Vec::new(),
        };
        let objects = objects.into_iter().filter_map(|name| self.schema.types.get(name));
        let mut declared = objects.filter_map(|object| Some((object, object.fields.get(&field.name)?)));
        self.is_marked(parent, field) || declared.any(|(object, own)| self.is_marked(object, own))
    }

    /// Whether a field says that it comes from elsewhere. The key of an extension may say so although it does not.
    fn is_marked(&self, parent: &Type, field: &Field) -> bool {
        self.schema.usage.is_external(&parent.name, &field.name) || field.directives.has(Feature::External)
    }

    fn overlaps(&self, a: &Type, b: &Type) -> bool {
        let others = self.schema.runtime_types(b);
        a.name == b.name || self.schema.runtime_types(a).iter().any(|name| others.contains(name))
    }
}
