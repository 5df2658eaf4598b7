//! The condition of a list, in the databases themselves, beside decisions about each row.

use platform_database::orm::{
    ConnectionTrait, FromQueryResult, Statement,
    sea_query::{Alias, Expr, Order, Query},
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use security::{
    engine::Question,
    filter::{Columns, Ids},
    place::Target,
};
use uuid::Uuid;

use crate::{
    rules::{
        ENGINE,
        lists::{permission, standing},
        noon, thing,
    },
    support::Security,
};

const CASES: usize = 150;

#[derive(FromQueryResult)]
struct Found {
    number: i64,
}

/// All rows there can be of five ids, five workspaces or none, and three owners or nobody.
fn rows() -> Vec<Target> {
    let some = |count: u128| (0..=count).map(|number| (number > 0).then(|| Uuid::from_u128(number)));
    let mut rows = Vec::new();
    for id in 0..5 {
        for workspace in some(5) {
            for owner in some(3) {
                let row = thing("estimate", &id.to_string()).within(workspace).unwrap();
                rows.push(row.owned_by(owner));
            }
        }
    }
    rows
}

#[tokio::test]
async fn the_database_finds_the_rows_that_decisions_allow_and_no_others() {
    let rows = rows();
    for security in Security::everywhere().await {
        let db = security.store.db();
        let backend = db.read().get_database_backend();
        let tx = db.begin().await.unwrap();
        tx.execute_unprepared(
            "create table estimate (number bigint primary key, id text not null, workspace uuid, owner uuid)",
        )
        .await
        .unwrap();
        for (number, row) in rows.iter().enumerate() {
            let insert = "insert into estimate (number, id, workspace, owner) values ($1, $2, $3, $4)";
            let number = i64::try_from(number).unwrap();
            let values = [
                number.into(),
                row.id().into(),
                row.workspace_id().into(),
                row.owner().into(),
            ];
            tx.execute_raw(Statement::from_sql_and_values(backend, insert, values))
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let column = |name: &str| Expr::col(Alias::new(name));
        let columns = Columns {
            workspace: Some(column("workspace")),
            owner: Some(column("owner")),
            id: column("id"),
            ids: Ids::Text,
        };
        let mut runner = TestRunner::new_with_rng(Default::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let cases = (standing(), permission());
        let (mut allowed, mut denied) = (0, 0);

        for _ in 0..CASES {
            let (standing, permission) = cases.new_tree(&mut runner).unwrap().current();
            let question = Question {
                standing: &standing,
                scopes: None,
                permission: &permission,
                target: &thing("estimate", ""),
            };
            let filter = ENGINE.filter(question, noon()).unwrap();
            let mut select = Query::select();
            select.column(Alias::new("number")).from(Alias::new("estimate"));
            select
                .cond_where(filter.condition(&columns))
                .order_by(Alias::new("number"), Order::Asc);
            let found = Found::find_by_statement(backend.build(&select))
                .all(db.read())
                .await
                .unwrap();

            let decide = |target: &Target| ENGINE.check(Question { target, ..question }, noon()).is_allowed();
            let expected: Vec<_> = rows
                .iter()
                .enumerate()
                .filter(|(_, row)| decide(row))
                .map(|(at, _)| at as i64)
                .collect();
            let found: Vec<_> = found.iter().map(|row| row.number).collect();
            assert_eq!(found, expected, "{permission} {filter:?}");
            allowed += expected.len();
            denied += rows.len() - expected.len();
        }

        // What is generated must be about something.
        assert!(allowed > 300 && denied > 1_000, "{allowed} {denied}");
        security.stop().await;
    }
}
