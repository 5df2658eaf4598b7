//! Full text search over columns of a table: `tsvector` on PostgreSQL, FTS5 on SQLite, one way to ask.
//!
//! Both stem English words, both match all words of a question and the last one as a prefix. They rank differently:
//! tests compare what is found, not in which order.

use std::{borrow::Cow, fmt::Write};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};

use crate::Migration;

/// The most words of a question that count.
const WORDS: usize = 16;

/// A text index: a table whose key is the column `id`, and the columns that are searched. Names are constants of the
/// code and never input.
#[derive(Clone, Copy, Debug)]
pub struct TextIndex {
    /// The table.
    pub table: &'static str,
    /// The columns.
    pub columns: &'static [&'static str],
}

#[derive(FromQueryResult)]
struct Found<I: sea_orm::TryGetable> {
    id: I,
}

impl TextIndex {
    /// The migration that makes the index, also over rows that are there already.
    pub fn migration(&self, name: &'static str) -> Migration {
        Migration {
            name,
            sqlite: Cow::Owned(self.sqlite()),
            postgres: Cow::Owned(self.postgres()),
        }
    }

    fn sqlite(&self) -> String {
        let Self { table, columns } = *self;
        let list = columns.join(", ");
        let of = |row: &str| columns.map_join(|column| format!("{row}.{column}"));
        let delete = format!(
            "insert into {table}_text ({table}_text, rowid, {list}) values ('delete', old.rowid, {});",
            of("old")
        );
        let insert = format!(
            "insert into {table}_text (rowid, {list}) values (new.rowid, {});",
            of("new")
        );
        let mut sql = format!(
            "create virtual table {table}_text using fts5({list}, content='{table}', tokenize='porter unicode61');\n"
        );
        for (event, body) in [
            ("insert", insert.clone()),
            ("delete", delete.clone()),
            ("update", format!("{delete} {insert}")),
        ] {
            let _ = writeln!(
                sql,
                "create trigger {table}_text_{event} after {event} on {table} begin {body} end;"
            );
        }
        let _ = writeln!(sql, "insert into {table}_text ({table}_text) values ('rebuild');");
        sql
    }

    fn postgres(&self) -> String {
        let Self { table, columns } = *self;
        let text = columns
            .iter()
            .map(|column| format!("coalesce({column}, '')"))
            .collect::<Vec<_>>()
            .join(" || ' ' || ");
        format!(
            "alter table {table} add column text_index tsvector
                generated always as (to_tsvector('english', {text})) stored;
             create index {table}_text on {table} using gin (text_index);"
        )
    }

    /// The ids of the rows with all words of `question`, the best first. The last word may be the beginning of one.
    /// A question without a word finds nothing.
    pub async fn search<I: sea_orm::TryGetable + Send + Sync>(
        &self,
        db: &impl ConnectionTrait,
        question: &str,
        limit: u32,
    ) -> Result<Vec<I>, DbErr> {
        let Self { table, .. } = *self;
        let words = words(question);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let backend = db.get_database_backend();
        let (sql, asked) = match backend {
            DbBackend::Postgres => (
                format!(
                    "select id from {table}, to_tsquery('english', $1) question where text_index @@ question
                     order by ts_rank_cd(text_index, question) desc, id limit $2"
                ),
                join(&words, " & ", |word, is_last| match is_last {
                    true => format!("{word}:*"),
                    false => word.to_owned(),
                }),
            ),
            _ => (
                format!(
                    "select {table}.id from {table}_text join {table} on {table}.rowid = {table}_text.rowid
                     where {table}_text match $1 order by bm25({table}_text), {table}.id limit $2"
                ),
                join(&words, " ", |word, is_last| match is_last {
                    true => format!("\"{word}\"*"),
                    false => format!("\"{word}\""),
                }),
            ),
        };
        let statement = Statement::from_sql_and_values(backend, sql, [asked.into(), i64::from(limit).into()]);
        let rows = db.query_all_raw(statement).await?;
        let ids = rows.iter().map(|row| Ok(Found::<I>::from_query_result(row, "")?.id));
        ids.collect()
    }
}

/// Letters and digits only: nothing of a question is ever read as the index's own language.
fn words(question: &str) -> Vec<String> {
    let words = question.split(|letter: char| !letter.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty()).take(WORDS);
    words.map(str::to_lowercase).collect()
}

fn join(words: &[String], between: &str, write: impl Fn(&str, bool) -> String) -> String {
    let last = words.len() - 1;
    let written: Vec<_> = words
        .iter()
        .enumerate()
        .map(|(at, word)| write(word, at == last))
        .collect();
    written.join(between)
}

trait MapJoin {
    fn map_join(&self, write: impl Fn(&str) -> String) -> String;
}

impl MapJoin for [&'static str] {
    fn map_join(&self, write: impl Fn(&str) -> String) -> String {
        self.iter().map(|column| write(column)).collect::<Vec<_>>().join(", ")
    }
}
