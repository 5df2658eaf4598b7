//! Full text search over columns of a table: `tsvector` on PostgreSQL, FTS5 on SQLite, one way to ask.
//!
//! Both stem English words, both match all words of a question and the last one as a prefix. They rank differently:
//! tests compare what is found, not in which order. And they differ in three ways: PostgreSQL passes over words that say
//! little ("in", "out", "the"), tells `jose` from `josé`, and takes what looks like an address or a path for one word;
//! a column that holds such is better indexed with its parts apart.

use std::{borrow::Cow, fmt::Write};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, sea_query::Expr};

use crate::{Migration, sql};

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

    /// Whether a row has all words of `question`, as a condition of a query of the table: for a list that is sorted and
    /// paged by something else. The last word may be the beginning of one. Nothing for a question without a word.
    pub fn condition(&self, backend: DbBackend, question: &str) -> Option<Expr> {
        let Self { table, .. } = *self;
        let asked = asked(backend, &words(question))?;
        let sql = match backend {
            DbBackend::Postgres => format!("{table}.text_index @@ to_tsquery('english', $1)"),
            _ => format!("{table}.rowid in (select rowid from {table}_text where {table}_text match ?)"),
        };
        Some(Expr::cust_with_values(sql, [asked]))
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
        let backend = db.get_database_backend();
        let Some(asked) = asked(backend, &words(question)) else {
            return Ok(Vec::new());
        };
        let sql = match backend {
            DbBackend::Postgres => format!(
                "select id from {table}, to_tsquery('english', $1) question where text_index @@ question
                 order by ts_rank_cd(text_index, question) desc, id limit $2"
            ),
            _ => format!(
                "select {table}.id from {table}_text join {table} on {table}.rowid = {table}_text.rowid
                 where {table}_text match $1 order by bm25({table}_text), {table}.id limit $2"
            ),
        };
        let rows = sql::all(db, &sql, [asked.into(), i64::from(limit).into()]).await?;
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

/// A question in the index's own language: all words, the last one as a prefix. Nothing without a word.
fn asked(backend: DbBackend, words: &[String]) -> Option<String> {
    let (last, others) = words.split_last()?;
    Some(match backend {
        DbBackend::Postgres => {
            let others = others.iter().map(|word| format!("{word} & "));
            format!("{}{last}:*", others.collect::<String>())
        }
        _ => {
            let others = others.iter().map(|word| format!("\"{word}\" "));
            format!("{}\"{last}\"*", others.collect::<String>())
        }
    })
}

trait MapJoin {
    fn map_join(&self, write: impl Fn(&str) -> String) -> String;
}

impl MapJoin for [&'static str] {
    fn map_join(&self, write: impl Fn(&str) -> String) -> String {
        self.iter().map(|column| write(column)).collect::<Vec<_>>().join(", ")
    }
}
