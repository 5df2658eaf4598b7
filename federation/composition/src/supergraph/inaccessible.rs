//! `@inaccessible`: what remains visible must make a whole schema.

use apollo_compiler::ast::{Type as TypeRef, Value};

use crate::{
    error::{Code, CompositionError},
    merge::Merged,
    model::{Applied, Directives, Field, Kind, Type},
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
    for ty in merged.types.values() {
        check.ty(ty);
    }
    for definition in merged.definitions.values() {
        for argument in &definition.arguments {
            check.reference(&format!("@{}({}:)", definition.name, argument.name), &argument.ty);
        }
    }
    check.errors
}

struct Check<'a> {
    merged: &'a Merged,
    schemas: &'a [Schema],
    errors: Vec<CompositionError>,
}

fn is_hidden(directives: &Vec<Applied>) -> bool {
    directives.has(Feature::Inaccessible)
}

impl Check<'_> {
    /// Reports an error that names the subgraphs which hide a type or one of its fields.
    fn fail(&mut self, code: Code, ty: &str, field: Option<&str>, message: String) {
        let mut error = CompositionError::new(code, message);
        for schema in self.schemas {
            let Some(declared) = schema.types.get(ty) else { continue };
            let directives = match field.map(|name| declared.fields.get(name)) {
                None => &declared.directives,
                Some(Some(field)) => &field.directives,
                Some(None) => continue,
            };
            let hidden = directives.first(Feature::Inaccessible);
            error = error.at(hidden.and_then(|applied| schema.at(applied.location)));
        }
        self.errors.push(error);
    }

    fn ty(&mut self, ty: &Type) {
        if is_hidden(&ty.directives) {
            if ty.name == "Query" {
                let message = "\"Query\" is @inaccessible, but it is the query root, which must be visible".to_owned();
                self.fail(Code::QueryRootTypeInaccessible, &ty.name, None, message);
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
            self.fail(Code::OnlyInaccessibleChildren, &ty.name, None, message);
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
                self.fail(Code::RequiredInaccessible, &ty.name, Some(&field.name), message);
            }
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
                self.fail(Code::ImplementedByInaccessible, &ty.name, Some(&field.name), message);
            }
        }
    }

    fn hidden_field(&mut self, ty: &Type, field: &Field, coordinate: &str) {
        if ty.kind == Kind::Input {
            if field.is_required() {
                let message = format!("input field \"{coordinate}\" is @inaccessible but required: give it a default");
                self.fail(Code::RequiredInaccessible, &ty.name, Some(&field.name), message);
            }
            return;
        }
        if let Some((interface, _)) = self.visible_in_interface(ty, field).first() {
            let message = format!(
                "field \"{coordinate}\" is @inaccessible but implements the visible \"{interface}.{}\": hide that too",
                field.name
            );
            self.fail(Code::ImplementedByInaccessible, &ty.name, Some(&field.name), message);
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
        if target.is_some_and(|target| is_hidden(&target.directives)) {
            let message = format!("type \"{name}\" is @inaccessible but the visible \"{coordinate}\" refers to it");
            self.fail(Code::ReferencedInaccessible, name, None, message);
        }
    }

    fn default(&mut self, coordinate: &str, field: &Field) {
        if let Some(default) = &field.default {
            let mut hidden = Vec::new();
            self.hidden_in(default, &field.ty, &mut hidden);
            for (ty, member) in hidden {
                let message = format!("\"{ty}.{member}\" is @inaccessible but used in the default of \"{coordinate}\"");
                self.fail(Code::DefaultValueUsesInaccessible, &ty, None, message);
            }
        }
    }

    /// The inaccessible enum values and input fields that a value uses.
    fn hidden_in(&self, value: &Value, ty: &TypeRef, found: &mut Vec<(String, String)>) {
        let name = ty.inner_named_type();
        match value {
            Value::List(items) => {
                for item in items {
                    self.hidden_in(item, ty, found);
                }
            }
            Value::Enum(member) => {
                let value = self.merged.types.get(name).and_then(|ty| ty.values.get(member));
                if value.is_some_and(|value| is_hidden(&value.directives)) {
                    found.push((name.to_string(), member.to_string()));
                }
            }
            Value::Object(entries) => {
                for (member, value) in entries {
                    let field = self.merged.types.get(name).and_then(|ty| ty.fields.get(member));
                    let Some(field) = field else { continue };
                    if is_hidden(&field.directives) {
                        found.push((name.to_string(), member.to_string()));
                    }
                    self.hidden_in(value, &field.ty, found);
                }
            }
            _ => {}
        }
    }
}
