//! Events of sales that the measurement sends.

use async_graphql::{EmptyMutation, ID, Object, Schema, SimpleObject, Subscription};
use futures::{Stream, stream};
use tokio::sync::broadcast;

use super::Part;

/// The hand on the subgraph.
#[derive(Clone)]
pub(crate) struct Feed(broadcast::Sender<i32>);

impl Feed {
    pub(crate) fn new() -> Self {
        Self(broadcast::channel(1_000).0)
    }

    /// Tells everybody who listens of a sale.
    pub(crate) fn send(&self, number: i32) {
        // Nobody may be listening yet.
        let _ = self.0.send(number);
    }

    pub(super) fn part(&self) -> Part {
        let schema = Schema::build(Query, EmptyMutation, Sales(self.clone()));
        let schema = schema.enable_federation().enable_subscription_in_federation();
        super::part("feed", schema.finish())
    }
}

struct Query;

#[Object]
impl Query {
    async fn open(&self) -> bool {
        true
    }
}

#[derive(SimpleObject)]
struct Sale {
    number: i32,
    product: Product,
}

/// Known by another subgraph.
#[derive(SimpleObject)]
#[graphql(unresolvable)]
struct Product {
    upc: ID,
}

struct Sales(Feed);

#[Subscription(name = "Subscription")]
impl Sales {
    async fn sales(&self) -> impl Stream<Item = Sale> {
        stream::unfold(self.0.0.subscribe(), |mut sales| async move {
            let number = sales.recv().await.ok()?;
            let product = Product {
                upc: (number.rem_euclid(9) + 1).into(),
            };
            Some((Sale { number, product }, sales))
        })
    }
}
