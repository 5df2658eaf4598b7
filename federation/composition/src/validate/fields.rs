//! Federation directives on fields that cannot have them.

use crate::{
    error::{Code, CompositionError},
    model::{Applied, Directives, Field, Kind, Type},
    spec::Feature,
    subgraph::Schema,
};

/// Checks the fields of a subgraph.
pub(super) fn check(schema: &Schema) -> Vec<CompositionError> {
    let mut errors = Vec::new();
    for ty in schema.types.values() {
        for field in ty.fields.values() {
            match ty.kind {
                Kind::Interface => {
                    errors.extend(check_interface_field(schema, ty, field));
                    errors.extend(check_external(schema, ty, field));
                }
                Kind::Object => {
                    errors.extend(check_external(schema, ty, field));
                    errors.extend(check_shareable(schema, ty, field));
                    errors.extend(check_subscription(schema, ty, field));
                }
                _ => {}
            }
        }
    }
    errors
}

/// Fields of interfaces are never resolved; only those of the objects behind them are.
fn check_interface_field(schema: &Schema, ty: &Type, field: &Field) -> Vec<CompositionError> {
    let refused = [
        (Feature::Requires, Code::RequiresUnsupportedOnInterface),
        (Feature::Provides, Code::ProvidesUnsupportedOnInterface),
        (Feature::External, Code::ExternalOnInterface),
        (Feature::Override, Code::OverrideOnInterface),
        (Feature::Shareable, Code::InvalidShareableUsage),
    ];
    let mut errors = Vec::new();
    for (feature, code) in refused {
        if let Some(applied) = field.directives.first(feature) {
            let message = format!(
                "@{} cannot be used on \"{}.{}\", a field of an interface: put it on the types that implement it",
                applied.name, ty.name, field.name
            );
            errors.push(schema.error(code, message, applied.location));
        }
    }
    errors
}

fn check_external(schema: &Schema, ty: &Type, field: &Field) -> Vec<CompositionError> {
    let Some(external) = field.directives.first(Feature::External) else {
        return Vec::new();
    };
    let mut errors = Vec::new();
    let coordinate = format!("{}.{}", ty.name, field.name);
    if !schema.usage.is_used(&ty.name, &field.name) {
        let message = format!(
            "field \"{coordinate}\" is @external but used by no @key, @requires, @provides or interface: remove it, or the @external"
        );
        errors.push(schema.error(Code::ExternalUnused, message, field.location));
    }
    if let Some(provides) = field.directives.first(Feature::Provides)
        && schema.usage.is_external(&ty.name, &field.name)
    {
        let message = format!(
            "field \"{coordinate}\" cannot have both @{} and @{}",
            external.name, provides.name
        );
        errors.push(schema.error(Code::ExternalCollisionWithAnotherDirective, message, provides.location));
    }
    errors
}

/// Each event of a subscription comes from one subgraph, so its field cannot be shared.
fn check_subscription(schema: &Schema, ty: &Type, field: &Field) -> Option<CompositionError> {
    let shareable = field
        .directives
        .first(Feature::Shareable)
        .filter(|_| ty.name == "Subscription")?;
    let message = format!(
        "@{} cannot be used on \"{}.{}\": a subscription's field is resolved by one subgraph",
        shareable.name, ty.name, field.name
    );
    Some(schema.error(Code::InvalidFieldSharing, message, shareable.location))
}

/// A field is shareable or not.
fn check_shareable(schema: &Schema, ty: &Type, field: &Field) -> Option<CompositionError> {
    let own = field.directives.all(Feature::Shareable).collect::<Vec<&Applied>>();
    let is_twice = own.len() > 1;
    is_twice.then(|| {
        let message = format!(
            "@shareable stands twice on \"{}.{}\": remove one of them",
            ty.name, field.name
        );
        schema.error(Code::InvalidShareableUsage, message, own[1].location)
    })
}
