//! Literals of a wrong kind that the library's rules let pass.

use graphql_tools::{
    ast::{OperationVisitor, OperationVisitorContext},
    static_graphql::{
        query::{Directive, Value},
        schema::TypeDefinition,
    },
    validation::{
        rules::{ValidationRule, ValidationVisitor},
        utils::{ValidationError, ValidationErrorContext},
    },
};

use crate::conditions::condition;

const BUILT_IN: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

/// An object stands for an input object or a custom scalar only, and a condition is a Boolean or a variable.
pub(super) struct Literals;

impl<'doc> OperationVisitor<'doc, ValidationErrorContext> for Literals {
    fn enter_directive(
        &mut self,
        _: &mut OperationVisitorContext<'doc>,
        errors: &mut ValidationErrorContext,
        directive: &Directive,
    ) {
        match condition(directive) {
            None | Some(Value::Boolean(_) | Value::Variable(_)) => {}
            Some(other) => errors.report_error(ValidationError {
                error_code: self.error_code(),
                message: format!(
                    "@{}(if:) takes true, false or a variable, found {other}.",
                    directive.name
                ),
                locations: vec![directive.position],
            }),
        }
    }

    fn enter_object_value(
        &mut self,
        context: &mut OperationVisitorContext<'doc>,
        errors: &mut ValidationErrorContext,
        _: &[(String, Value)],
    ) {
        let Some(expected) = context.current_input_type_literal() else {
            return;
        };
        let is_enum = matches!(context.current_input_type(), Some(TypeDefinition::Enum(_)));
        if is_enum || BUILT_IN.contains(&expected.inner_type()) {
            errors.report_error(ValidationError {
                error_code: self.error_code(),
                message: format!("Expected value of type \"{expected}\", found an object."),
                locations: Vec::new(),
            });
        }
    }
}

impl ValidationRule for Literals {
    fn error_code(&self) -> &'static str {
        "ValuesOfCorrectType"
    }

    fn visitor<'doc>(&self) -> ValidationVisitor<'doc> {
        Box::new(Self)
    }
}
