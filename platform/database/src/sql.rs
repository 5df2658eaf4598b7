//! Statements written by hand in one text for both databases: numbered parameters, rows affected, lists of values.

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};

use crate::Statements;

/// The latest year that both databases put in its place: SQLite orders times by their text, and later years have a sign.
pub const LATEST_YEAR: i32 = 9_999;

/// Runs a statement and gives back how many rows it touched.
pub async fn execute(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, DbErr> {
    Ok(db.execute_raw(statement(db, sql, values)).await?.rows_affected())
}

/// All rows of a query.
pub async fn all(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, DbErr> {
    db.query_all_raw(statement(db, sql, values)).await
}

/// All rows of a query that PostgreSQL plans each time for what is in the tables then, which takes one more message. The
/// plan it keeps of others may be of a table that was empty, and read all of it when there is much.
pub async fn all_planned_anew(
    db: &Statements,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, DbErr> {
    db.query_all_planned_anew(statement(db, sql, values)).await
}

/// The one row of a query, when there is one.
pub async fn one(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<QueryResult>, DbErr> {
    db.query_one_raw(statement(db, sql, values)).await
}

/// `($1, $2), ($3, $4), …` for an insert of many rows; `rows(1, n)` is the list of an `in`.
pub fn rows(count: usize, columns: usize) -> String {
    let row = |row: usize| {
        let numbers: Vec<_> = (1..=columns)
            .map(|column| format!("${}", row * columns + column))
            .collect();
        format!("({})", numbers.join(", "))
    };
    (0..count).map(row).collect::<Vec<_>>().join(", ")
}

fn statement(db: &impl ConnectionTrait, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}
