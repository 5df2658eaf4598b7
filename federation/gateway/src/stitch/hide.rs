//! What clients do not see of a service that is stitched in.

use apollo_compiler::schema::ExtendedType;

use super::describe::Service;

impl Service<'_> {
    /// Leaves out what a description names: a type, `Type.field` or `Type.*`.
    pub(super) fn hide(&mut self, hidden: &str) -> Result<(), String> {
        let unknown = || format!("hide: the schema has no {hidden}");
        let Some((owner, field)) = hidden.split_once('.') else {
            return self.hide_type(hidden).ok_or_else(unknown);
        };
        let real = self.real(owner).to_owned();
        let ty = self.schema.types.get_mut(real.as_str()).ok_or_else(unknown)?;
        if field == "*" {
            let ExtendedType::Object(object) = ty else {
                return Err(unknown());
            };
            object.make_mut().fields.clear();
            return Ok(());
        }
        let is_found = match ty {
            ExtendedType::Object(object) => object.make_mut().fields.shift_remove(field).is_some(),
            ExtendedType::Interface(interface) => interface.make_mut().fields.shift_remove(field).is_some(),
            ExtendedType::InputObject(input) => input.make_mut().fields.shift_remove(field).is_some(),
            ExtendedType::Enum(values) => values.make_mut().values.shift_remove(field).is_some(),
            ExtendedType::Scalar(_) | ExtendedType::Union(_) => false,
        };
        is_found.then_some(()).ok_or_else(unknown)
    }

    /// Leaves out a type and the fields that give it.
    fn hide_type(&mut self, hidden: &str) -> Option<()> {
        self.schema.types.shift_remove(hidden)?;
        for ty in self.schema.types.values_mut() {
            match ty {
                ExtendedType::Object(object) => {
                    let object = object.make_mut();
                    object
                        .implements_interfaces
                        .retain(|interface| interface.name != hidden);
                    object.fields.retain(|_, field| field.ty.inner_named_type() != hidden);
                }
                ExtendedType::Interface(interface) => {
                    let interface = interface.make_mut();
                    interface.implements_interfaces.retain(|other| other.name != hidden);
                    interface
                        .fields
                        .retain(|_, field| field.ty.inner_named_type() != hidden);
                }
                ExtendedType::Union(union) => union.make_mut().members.retain(|member| member.name != hidden),
                ExtendedType::InputObject(input) => {
                    input
                        .make_mut()
                        .fields
                        .retain(|_, field| field.ty.inner_named_type() != hidden);
                }
                ExtendedType::Scalar(_) | ExtendedType::Enum(_) => {}
            }
        }
        Some(())
    }
}
