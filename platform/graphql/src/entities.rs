//! Entities that fail alone, each with its place in the path of its errors.

use std::borrow::Cow;

use async_graphql::{
    Context, ContextSelectionSet, Name, ObjectType, OutputType, Positioned, Request, ServerError, ServerResult, Value,
    parser::types::{BaseType, Field, OperationDefinition},
    registry::Registry,
    resolver_utils::ContainerType,
};

/// Where a representation keeps its number. No key has a name of this kind.
const NUMBER: &str = "__number";

/// The root of queries of a schema that has entities: `schema(Entities(Query), …)`. The library by itself lets one that
/// cannot be resolved take all others away, and leaves out of the path which it was.
pub struct Entities<Q>(pub Q);

/// Numbers the representations of a request, as far as they are variables, which is how gateways send them.
pub(crate) fn number(request: &mut Request) {
    let Ok(document) = request.parsed_query() else { return };
    let lists: Vec<Name> = document
        .operations
        .iter()
        .flat_map(|(_, operation)| representations(&operation.node))
        .cloned()
        .collect();
    for name in lists {
        let Some(Value::List(given)) = request.variables.get_mut(&name) else {
            continue;
        };
        for (at, representation) in given.iter_mut().enumerate() {
            if let Value::Object(fields) = representation {
                fields.insert(Name::new(NUMBER), Value::from(at));
            }
        }
    }
}

/// The variables of an operation that are lists of representations.
fn representations(operation: &OperationDefinition) -> impl Iterator<Item = &Name> {
    let is_list = |base: &BaseType| matches!(base, BaseType::List(of) if of.base == BaseType::Named(Name::new("_Any")));
    let lists = operation.variable_definitions.iter();
    lists
        .filter(move |variable| is_list(&variable.node.var_type.node.base))
        .map(|variable| &variable.node.name.node)
}

fn number_of(representation: &Value) -> Option<usize> {
    let Value::Object(fields) = representation else {
        return None;
    };
    let Value::Number(number) = fields.get(NUMBER)? else {
        return None;
    };
    number.as_u64()?.try_into().ok()
}

impl<Q: ObjectType> OutputType for Entities<Q> {
    fn type_name() -> Cow<'static, str> {
        Q::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Q::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        self.0.resolve(ctx, field).await
    }
}

impl<Q: ObjectType> ContainerType for Entities<Q> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        self.0.resolve_field(ctx).await
    }

    async fn find_entity(&self, ctx: &Context<'_>, representation: &Value) -> ServerResult<Option<Value>> {
        let numbered = number_of(representation).map(|at| ctx.with_index(at));
        let ctx = numbered.as_ref().unwrap_or(ctx);
        let error = match self.0.find_entity(ctx, representation).await {
            Ok(Some(found)) => return Ok(Some(found)),
            Ok(None) => ServerError::new("no entity has this type and key", Some(ctx.item.pos)),
            Err(error) => error,
        };
        ctx.add_error(match error.path.is_empty() {
            true => ctx.set_error_path(error),
            false => error,
        });
        Ok(Some(Value::Null))
    }
}

impl<Q: ObjectType> ObjectType for Entities<Q> {}
