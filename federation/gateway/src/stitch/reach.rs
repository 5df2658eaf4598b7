//! Which types of a schema can be met at all, once parts of it are left out.

use apollo_compiler::{Name, Schema, collections::HashSet, schema::ExtendedType};

/// Leaves out the types that neither the roots nor these others lead to.
pub(super) fn prune(schema: &mut Schema, others: &[Name]) {
    let mut open: Vec<Name> = others.to_vec();
    open.extend(
        schema
            .schema_definition
            .iter_root_operations()
            .map(|(_, root)| root.name.clone()),
    );
    let mut met = HashSet::default();
    while let Some(name) = open.pop() {
        if let Some(ty) = schema.types.get(&name)
            && met.insert(name.clone())
        {
            open.extend(leads_to(schema, &name, ty));
        }
    }
    schema.types.retain(|name, ty| ty.is_built_in() || met.contains(name));
}

fn leads_to(schema: &Schema, name: &Name, ty: &ExtendedType) -> Vec<Name> {
    let mut out = Vec::new();
    let (fields, interfaces) = match ty {
        ExtendedType::Object(object) => (&object.fields, &object.implements_interfaces),
        ExtendedType::Interface(interface) => {
            let implementers = schema.types.values().filter(|ty| match ty {
                ExtendedType::Object(object) => object.implements_interfaces.contains(name),
                ExtendedType::Interface(other) => other.implements_interfaces.contains(name),
                _ => false,
            });
            out.extend(implementers.map(|ty| ty.name().clone()));
            (&interface.fields, &interface.implements_interfaces)
        }
        ExtendedType::Union(union) => {
            out.extend(union.members.iter().map(|member| member.name.clone()));
            return out;
        }
        ExtendedType::InputObject(input) => {
            out.extend(input.fields.values().map(|field| field.ty.inner_named_type().clone()));
            return out;
        }
        ExtendedType::Scalar(_) | ExtendedType::Enum(_) => return out,
    };
    out.extend(interfaces.iter().map(|interface| interface.name.clone()));
    for field in fields.values() {
        out.push(field.ty.inner_named_type().clone());
        out.extend(
            field
                .arguments
                .iter()
                .map(|argument| argument.ty.inner_named_type().clone()),
        );
    }
    out
}
