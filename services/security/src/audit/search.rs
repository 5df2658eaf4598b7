//! Finding entries of the audit log among those that somebody may see.

use async_graphql::InputObject;
use chrono::{DateTime, Utc};
use platform_database::{
    Connection, PageArgs,
    orm::{
        ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
        sea_query::{Expr, ExprTrait, LikeExpr},
    },
    page,
    text::TextIndex,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{Column, Entity, Model};
use crate::error::Error;

const WORDS: usize = 16;
const LONGEST: usize = 200;
/// Times that both databases keep and put in their place. No entry is older or newer.
const EARLIEST: DateTime<Utc> = DateTime::from_timestamp(-62_135_596_800, 0).expect("the year 1 can be told");
const LATEST: DateTime<Utc> = DateTime::from_timestamp(253_402_300_799, 0).expect("the year 9999 can be told");
/// The index over what entries say.
pub const INDEX: TextIndex = TextIndex {
    table: "audit",
    columns: &["words"],
};
/// Makes the next letter of a pattern mean itself. A backslash would be read differently by the two databases.
const ESCAPE: char = '!';

/// What is looked for in the audit log. What is absent does not matter.
#[derive(Clone, Debug, Default, Deserialize, InputObject)]
#[graphql(name = "AuditFilter")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Search {
    /// Who did it.
    pub actor: Option<String>,
    /// What was done; with `.` at its end everything that begins so.
    pub action: Option<String>,
    /// To what kind of thing.
    pub target_type: Option<String>,
    /// To which one.
    pub target_id: Option<String>,
    /// In which workspace.
    pub workspace: Option<Uuid>,
    /// How it ended: `done`, `refused` or `failed`.
    pub outcome: Option<String>,
    /// Then or later.
    pub from: Option<DateTime<Utc>>,
    /// Before then.
    pub until: Option<DateTime<Utc>>,
    /// Words that the entry has somewhere, all of them. The last one may be the beginning of a word.
    pub text: Option<String>,
    /// How many, where an address asks. GraphQL has arguments for that.
    #[graphql(skip)]
    pub first: Option<i32>,
    /// After which one.
    #[graphql(skip)]
    pub after: Option<String>,
}

/// A page of the entries that fit and are `visible`, the newest first.
pub async fn search(
    db: &impl ConnectionTrait,
    wanted: &Search,
    visible: Condition,
    args: &PageArgs,
) -> Result<Connection<Model>, Error> {
    let select = Entity::find()
        .filter(visible)
        .filter(wanted.condition(db.get_database_backend())?);
    let key = (Column::Seq, |row: &Model| row.seq);
    Ok(page(db, select, key, args).await?)
}

impl Search {
    fn condition(&self, backend: DbBackend) -> Result<Condition, Error> {
        let given = [
            ("actor", &self.actor),
            ("action", &self.action),
            ("targetType", &self.target_type),
            ("targetId", &self.target_id),
            ("outcome", &self.outcome),
            ("text", &self.text),
        ];
        for (field, text) in given {
            bounded(field, text.as_deref().unwrap_or_default())?;
        }
        let exact = [
            (Column::Actor, &self.actor),
            (Column::TargetKind, &self.target_type),
            (Column::TargetId, &self.target_id),
            (Column::Outcome, &self.outcome),
        ];
        let mut all = Condition::all();
        for (column, value) in exact {
            all = all.add_option(value.as_ref().map(|value| column.eq(value.as_str())));
        }
        all = all
            .add_option(self.workspace.map(|id| Column::Workspace.eq(id)))
            .add_option(self.from.map(|from| Column::At.gte(from.clamp(EARLIEST, LATEST))))
            .add_option(self.until.map(|until| Column::At.lt(until.clamp(EARLIEST, LATEST))))
            .add_option(self.action.as_deref().map(action));
        let text = self.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let has = |text| INDEX.condition(backend, text).unwrap_or_else(|| Expr::val(1).eq(0));
        Ok(all.add_option(text.map(has)))
    }
}

fn bounded(field: &'static str, text: &str) -> Result<(), Error> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    let is_short = text.len() <= LONGEST && words.filter(|word| !word.is_empty()).count() <= WORDS;
    match is_short && !text.contains(char::is_control) {
        true => Ok(()),
        false => Err(Error::field(
            field,
            format!("has at most {WORDS} words and {LONGEST} bytes, and no control characters"),
        )),
    }
}

fn action(action: &str) -> Expr {
    // Actions are written in lower case, and of a pattern SQLite would not mind the case.
    if action.contains(|letter: char| letter.is_ascii_uppercase()) {
        return Expr::val(1).eq(0);
    }
    match action.ends_with('.') {
        true => Expr::col(Column::Action).like(LikeExpr::new(format!("{}%", escaped(action))).escape(ESCAPE)),
        false => Column::Action.eq(action),
    }
}

/// What was typed means itself.
fn escaped(word: &str) -> String {
    let mut escaped = String::with_capacity(word.len());
    for letter in word.chars() {
        if matches!(letter, ESCAPE | '%' | '_') {
            escaped.push(ESCAPE);
        }
        escaped.push(letter);
    }
    escaped
}
