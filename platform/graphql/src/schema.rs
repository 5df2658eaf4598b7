//! A schema that is a federation subgraph and bounded against expensive queries.

use async_graphql::{ObjectType, Schema, SchemaBuilder, SubscriptionType};

const DEPTH: usize = 16;
const COMPLEXITY: usize = 2_000;
const RECURSION: usize = 32;
const ALIASES: usize = 100;
const DIRECTIVES: usize = 16;

/// Begins a schema: `schema(Query, Mutation, EmptySubscription).data(store.clone()).finish()`. Its limits can be
/// changed on the builder where a service needs others. The query of a service that has entities is
/// [`Entities(Query)`](crate::Entities).
pub fn schema<Q, M, S>(query: Q, mutation: M, subscription: S) -> SchemaBuilder<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    Schema::build(query, mutation, subscription)
        .enable_federation()
        .enable_subscription_in_federation()
        // They tell names where the schema is not to be told, and a wrong name of megabytes is compared with each.
        .disable_suggestions()
        .limit_depth(DEPTH)
        .limit_complexity(COMPLEXITY)
        .limit_recursive_depth(RECURSION)
        .limit_aliases(ALIASES)
        .limit_directives(DIRECTIVES)
}
