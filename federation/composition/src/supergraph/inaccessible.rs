//! `@inaccessible`: what remains visible must make a whole schema.

use apollo_compiler::{
    ast::{Type as TypeRef, Value},
    parser::SourceSpan,
};

use crate::{
    error::{Code, CompositionError},
    merge::Merged,
    model::{Applied, Defined, Directives, Field, Kind, Type},
    spec::Feature,
    subgraph::Schema,
};

/// Checks what is inaccessible in a merged schema.
pub(super) fn check(merged: &Merged, schemas: &[Schema]) -> Vec<CompositionError> {
    let mut check = Check {
        merged,
        schemas,
        errors: Vec::new(),
    };
    for ty in merged.types.values().filter(|ty| !merged.is_of_composed(&ty.name)) {
        check.ty(ty);
    }
    for definition in merged.definitions.values() {
        check.directive(definition);
    }
    check.errors
}

struct Check<'a> {
    merged: &'a Merged,
    schemas: &'a [Schema],
    errors: Vec<CompositionError>,
}

/// The directives of a part of a subgraph's schema, and where it stands.
fn part<'a>(schema: &'a Schema, path: &[&str]) -> Option<(&'a Vec<Applied>, Option<SourceSpan>)> {
    let (name, rest) = path.split_first()?;
    if let (Some(directive), [argument]) = (name.strip_prefix('@'), rest) {
        let argument = schema.definitions.get(directive)?.arguments.get(*argument)?;
        return Some((&argument.directives, argument.location));
    }
    let ty = schema.types.get(*name)?;
    match *rest {
        [] => Some((&ty.directives, ty.location)),
        [member] if ty.kind == Kind::Enum => {
            let value = ty.values.get(member)?;
            Some((&value.directives, value.location))
        }
        [field] => {
            let field = ty.fields.get(field)?;
            Some((&field.directives, field.location))
        }
        [field, argument, ..] => {
            let argument = ty.fields.get(field)?.arguments.get(argument)?;
            Some((&argument.directives, argument.location))
        }
    }
}

fn is_hidden(directives: &Vec<Applied>) -> bool {
    directives.has(Feature::Inaccessible)
}

impl Check<'_> {
    /// Reports an error at what hides a part of the schema: a type, a field of it, an argument of that or a directive.
    fn fail(&mut self, code: Code, path: &[&str], message: String) {
        let mut error = CompositionError::new(code, message);
        for schema in self.schemas {
            let Some((directives, location)) = part(schema, path) else {
                continue;
            };
            // What is visible although it should not be is said where it stands.
            let place = match code {
                Code::OnlyInaccessibleChildren => location,
                _ => directives
                    .first(Feature::Inaccessible)
                    .and_then(|applied| applied.location),
            };
            error = error.at(schema.at(place));
        }
        self.errors.push(error);
    }

    fn directive(&mut self, definition: &Defined) {
        let name = format!("@{}", definition.name);
        for argument in definition.arguments.values() {
            let coordinate = format!("{name}({}:)", argument.name);
            if !is_hidden(&argument.directives) {
                let is_own = self.merged.is_composed(&definition.name)
                    && self.merged.is_of_composed(argument.ty.inner_named_type());
                if !is_own {
                    self.reference(&coordinate, &argument.ty);
                }
                self.default(&coordinate, argument);
            } else if argument.is_required() {
                let message = format!("argument \"{coordinate}\" is @inaccessible but required: give it a default");
                self.fail(Code::RequiredInaccessible, &[&name, &argument.name], message);
            }
        }
    }

    fn ty(&mut self, ty: &Type) {
        if is_hidden(&ty.directives) {
            if ty.name == "Query" {
                let message = "\"Query\" is @inaccessible, but it is the query root, which must be visible".to_owned();
                self.fail(Code::QueryRootTypeInaccessible, &[&ty.name], message);
            }
            return;
        }
        let hidden_type = |name| self.merged.types.get(name).is_none_or(|ty| is_hidden(&ty.directives));
        let is_empty = match ty.kind {
            Kind::Scalar => false,
            Kind::Union => ty.members.iter().all(hidden_type),
            Kind::Enum => ty.values.values().all(|value| is_hidden(&value.directives)),
            Kind::Object | Kind::Interface | Kind::Input => {
                ty.fields.values().all(|field| is_hidden(&field.directives))
            }
        };
        if is_empty {
            let message = format!(
                "\"{}\" is visible but everything in it is @inaccessible: hide the type too",
                ty.name
            );
            self.fail(Code::OnlyInaccessibleChildren, &[&ty.name], message);
        }
        for field in ty.fields.values() {
            self.field(ty, field);
        }
    }

    fn field(&mut self, ty: &Type, field: &Field) {
        let coordinate = format!("{}.{}", ty.name, field.name);
        if is_hidden(&field.directives) {
            self.hidden_field(ty, field, &coordinate);
            return;
        }
        self.reference(&coordinate, &field.ty);
        self.default(&coordinate, field);
        for argument in field.arguments.values() {
            let coordinate = format!("{coordinate}({}:)", argument.name);
            if !is_hidden(&argument.directives) {
                self.reference(&coordinate, &argument.ty);
                self.default(&coordinate, argument);
                continue;
            }
            if argument.is_required() {
                let message = format!("argument \"{coordinate}\" is @inaccessible but required: give it a default");
                self.fail(
                    Code::RequiredInaccessible,
                    &[&ty.name, &field.name, &argument.name],
                    message,
                );
            }
            self.required_by_implementation(ty, field, &argument.name);
            let visible = self.visible_in_interface(ty, field);
            let implemented = visible.into_iter().find(|(_, other)| {
                other
                    .arguments
                    .get(&argument.name)
                    .is_some_and(|other| !is_hidden(&other.directives))
            });
            if let Some((interface, _)) = implemented {
                let message = format!(
                    "argument \"{coordinate}\" is @inaccessible but implements the visible one of \"{interface}\""
                );
                let path = [&*ty.name, &field.name, &argument.name];
                self.fail(Code::ImplementedByInaccessible, &path, message);
            }
        }
    }

    /// A type cannot require an argument that its visible interface does not show.
    fn required_by_implementation(&mut self, interface: &Type, field: &Field, argument: &str) {
        for ty in self
            .merged
            .types
            .values()
            .filter(|ty| ty.implements.contains(&interface.name))
        {
            let implementing = ty.fields.get(&field.name).filter(|field| !is_hidden(&field.directives));
            let required = implementing.and_then(|field| field.arguments.get(argument));
            let is_visible = |argument: &&Field| !is_hidden(&ty.directives) && !is_hidden(&argument.directives);
            if required.filter(is_visible).is_some_and(Field::is_required) {
                let message = format!(
                    "argument \"{}.{}({argument}:)\" is @inaccessible but required on \"{}\", which implements it",
                    interface.name, field.name, ty.name
                );
                let path = [&*interface.name, &field.name, argument];
                self.fail(Code::RequiredInaccessible, &path, message);
            }
        }
    }

    fn hidden_field(&mut self, ty: &Type, field: &Field, coordinate: &str) {
        if ty.kind == Kind::Input {
            if field.is_required() {
                let message = format!("input field \"{coordinate}\" is @inaccessible but required: give it a default");
                self.fail(Code::RequiredInaccessible, &[&ty.name, &field.name], message);
            }
            return;
        }
        if let Some((interface, _)) = self.visible_in_interface(ty, field).first() {
            let message = format!(
                "field \"{coordinate}\" is @inaccessible but implements the visible \"{interface}.{}\": hide that too",
                field.name
            );
            self.fail(Code::ImplementedByInaccessible, &[&ty.name, &field.name], message);
        }
    }

    /// The visible interface fields that a field implements.
    fn visible_in_interface(&self, ty: &Type, field: &Field) -> Vec<(String, Field)> {
        let interfaces = ty.implements.iter().filter_map(|name| self.merged.types.get(name));
        interfaces
            .filter(|interface| !is_hidden(&interface.directives))
            .filter_map(|interface| Some((interface.name.to_string(), interface.fields.get(&field.name)?)))
            .filter(|(_, field)| !is_hidden(&field.directives))
            .map(|(name, field)| (name, field.clone()))
            .collect()
    }

    fn reference(&mut self, coordinate: &str, ty: &TypeRef) {
        let name = ty.inner_named_type();
        let target = self.merged.types.get(name);
        let why = match target {
            Some(target) if is_hidden(&target.directives) => "is @inaccessible",
            _ if self.merged.is_of_composed(name) => "belongs to the specification of a composed directive",
            _ => return,
        };
        let message = format!("type \"{name}\" {why} but the visible \"{coordinate}\" refers to it");
        self.fail(Code::ReferencedInaccessible, &[name], message);
    }

    fn default(&mut self, coordinate: &str, field: &Field) {
        if let Some(default) = &field.default {
            let mut hidden = Vec::new();
            self.hidden_in(default, &field.ty, &mut hidden);
            for (ty, member) in hidden {
                let message = format!("\"{ty}.{member}\" is @inaccessible but used in the default of \"{coordinate}\"");
                self.fail(Code::DefaultValueUsesInaccessible, &[&ty, &member], message);
            }
        }
    }

    /// The inaccessible enum values and input fields of visible types that a value uses.
    fn hidden_in(&self, value: &Value, ty: &TypeRef, found: &mut Vec<(String, String)>) {
        let name = ty.inner_named_type();
        let target = self.merged.types.get(name);
        let is_visible = target.is_some_and(|ty| !is_hidden(&ty.directives));
        match value {
            Value::List(items) => {
                for item in items {
                    self.hidden_in(item, ty, found);
                }
            }
            Value::Enum(member) => {
                let value = target.and_then(|ty| ty.values.get(member));
                if is_visible && value.is_some_and(|value| is_hidden(&value.directives)) {
                    found.push((name.to_string(), member.to_string()));
                }
            }
            Value::Object(entries) => {
                for (member, value) in entries {
                    let Some(field) = target.and_then(|ty| ty.fields.get(member)) else {
                        continue;
                    };
                    if is_visible && is_hidden(&field.directives) {
                        found.push((name.to_string(), member.to_string()));
                    }
                    self.hidden_in(value, &field.ty, found);
                }
            }
            _ => {}
        }
    }
}
