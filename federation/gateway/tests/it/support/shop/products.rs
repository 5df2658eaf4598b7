//! What the shop sells, and who makes it.

use async_graphql::{ComplexObject, Enum, ID, Interface, Json, Object, Result, SimpleObject, Union};
use serde_json::{Value, json};

use super::part;
use crate::support::Part;

/// What is sold.
pub(crate) fn products() -> Part {
    part("products", ProductQuery, ProductMutation)
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum Kind {
    Furniture,
    Media,
}

#[derive(Clone, SimpleObject)]
#[graphql(complex)]
struct Product {
    upc: ID,
    name: String,
    price: i32,
    weight: Option<i32>,
    kind: Kind,
}

#[ComplexObject]
impl Product {
    async fn dimensions(&self) -> Json<Value> {
        Json(json!({ "depth": 1.50, "steps": [1, 2, null], "unit": "cm" }))
    }
    async fn tags(&self) -> Vec<String> {
        vec!["a".into(), "b \"quoted\"".into()]
    }
    async fn maker(&self) -> Maker {
        match self.kind {
            Kind::Furniture => Maker::Company(Company {
                id: "c1".into(),
                name: "Wood".into(),
                staff: 12,
            }),
            Kind::Media => Maker::Person(Person {
                id: "p1".into(),
                name: "Ada".into(),
                age: 36,
            }),
        }
    }
}

#[derive(SimpleObject)]
struct Company {
    id: ID,
    name: String,
    staff: i32,
}

#[derive(SimpleObject)]
struct Person {
    id: ID,
    name: String,
    age: i32,
}

#[derive(Interface)]
#[graphql(field(name = "id", ty = "&ID"), field(name = "name", ty = "&String"))]
enum Maker {
    Company(Company),
    Person(Person),
}

#[derive(Union)]
enum Found {
    Product(Product),
    Company(Company),
}

fn catalogue() -> Vec<Product> {
    let product = |upc: &str, name: &str, price, weight, kind| Product {
        upc: upc.into(),
        name: name.into(),
        price,
        weight,
        kind,
    };
    vec![
        product("1", "Table", 899, Some(100), Kind::Furniture),
        product("2", "Couch", 1299, Some(1000), Kind::Furniture),
        product("3", "Record", 54, None, Kind::Media),
    ]
}

struct ProductQuery;

#[Object(name = "Query")]
impl ProductQuery {
    async fn top_products(&self, #[graphql(default = 3)] first: usize) -> Vec<Product> {
        catalogue().into_iter().take(first).collect()
    }
    async fn product(&self, upc: ID) -> Option<Product> {
        catalogue().into_iter().find(|product| product.upc == upc)
    }
    async fn search(&self) -> Vec<Found> {
        let company = Company {
            id: "c1".into(),
            name: "Wood".into(),
            staff: 12,
        };
        vec![Found::Product(catalogue().remove(0)), Found::Company(company)]
    }
    #[graphql(entity)]
    async fn product_by_upc(&self, upc: ID) -> Option<Product> {
        catalogue().into_iter().find(|product| product.upc == upc)
    }
}

struct ProductMutation;

#[Object(name = "Mutation")]
impl ProductMutation {
    async fn rename(&self, upc: ID, name: String) -> Result<Product> {
        let found = catalogue().into_iter().find(|product| product.upc == upc);
        found
            .map(|product| Product { name, ..product })
            .ok_or_else(|| "there is no such product".into())
    }
}
