//! Pages by keyset, as GraphQL connections.

use platform_database::{
    Database, PageArgs,
    orm::{EntityTrait, entity::prelude::Uuid},
    page,
};

use crate::support::{Column, Entity, Model, person, places, store};

type Page = platform_database::Connection<Model>;

async fn by_name(db: &Database, args: PageArgs) -> Result<Page, platform_database::DatabaseError> {
    let key = ((Column::Name, Column::Id), |row: &Model| -> (String, Uuid) {
        (row.name.clone(), row.id)
    });
    page(db.read(), Entity::find(), key, &args).await
}

fn names(page: &Page) -> String {
    page.edges
        .iter()
        .map(|edge| edge.node.name.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn pages_forward_and_backward_show_every_row_once() {
    for place in places("").await {
        let db = place.open().await;
        // Two share a name: only the id tells them apart.
        let mut twin = person(&place.context, "c");
        twin.email = "twin@example.com".into();
        let people = ["a", "b", "c", "d", "e"].map(|name| person(&place.context, name));
        store(&db, people.into_iter().chain([twin])).await;

        let mut forward = Vec::new();
        let mut args = PageArgs::forward(Some(3), None);
        loop {
            let page = by_name(&db, args.clone()).await.unwrap();
            forward.push(names(&page));
            args.after = page.edges.last().map(|edge| edge.cursor.clone());
            if !page.has_next_page {
                break;
            }
        }
        assert_eq!(forward, ["e d c", "c b a"]);

        let back = PageArgs {
            last: Some(2),
            before: args.after,
            ..PageArgs::default()
        };
        let page = by_name(&db, back).await.unwrap();
        assert_eq!((names(&page).as_str(), page.has_previous_page), ("c b", true));
    }
}

#[tokio::test]
async fn a_page_has_fifty_rows_unless_another_number_is_given() {
    for place in places("").await {
        let db = place.open().await;
        let people = (0..51).map(|number| person(&place.context, &number.to_string()));
        store(&db, people).await;

        let page = by_name(&db, PageArgs::default()).await.unwrap();

        assert_eq!((page.edges.len(), page.has_next_page), (50, true));
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_given_says_why() {
    for place in places("").await {
        let db = place.open().await;
        let wrong = [
            PageArgs::forward(Some(101), None),
            PageArgs::forward(Some(-1), None),
            PageArgs {
                first: Some(1),
                last: Some(1),
                ..PageArgs::default()
            },
            PageArgs::forward(None, Some("nonsense".into())),
            PageArgs {
                before: Some("x".repeat(10_000)),
                ..PageArgs::default()
            },
        ];

        let mut said = Vec::new();
        for args in wrong {
            said.push(by_name(&db, args).await.err().unwrap().to_string());
        }

        assert_eq!(
            said,
            [
                "a page of 101 rows: give a number from 1 to 100",
                "a page of -1 rows: give a number from 1 to 100",
                "first and last exclude each other: give one of them",
                "after is not a cursor of this list: give one that an earlier page gave",
                "before is not a cursor of this list: give one that an earlier page gave",
            ]
        );
    }
}
