//! Finding entries of the audit log among those that somebody may see.

use chrono::{DateTime, Utc};
use platform_database::{
    Connection, Order, PageArgs, PageLimits,
    orm::{
        ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
        sea_query::{Expr, ExprTrait, LikeExpr},
    },
    page,
};
use uuid::Uuid;

use super::{Column, Entity, Model};
use crate::error::Error;

const WORDS: usize = 8;
const LONGEST: usize = 200;
/// Makes the next letter of a pattern mean itself. A backslash would be read differently by the two databases.
const ESCAPE: char = '!';

/// What is looked for. What is absent does not matter.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Who did it.
    pub actor: Option<String>,
    /// What was done; with `.` at its end everything that begins so.
    pub action: Option<String>,
    /// To what kind of thing.
    pub target_kind: Option<String>,
    /// To which one.
    pub target_id: Option<String>,
    /// In which workspace.
    pub workspace: Option<Uuid>,
    /// How it ended.
    pub outcome: Option<String>,
    /// Then or later.
    pub from: Option<DateTime<Utc>>,
    /// Before then.
    pub until: Option<DateTime<Utc>>,
    /// Words that the entry has somewhere, all of them.
    pub text: Option<String>,
}

/// A page of the entries that fit and are `visible`, the newest first.
pub async fn search(
    db: &impl ConnectionTrait,
    wanted: &Search,
    visible: Condition,
    args: &PageArgs,
) -> Result<Connection<Model>, Error> {
    let select = Entity::find().filter(visible).filter(wanted.condition()?);
    let key = (Column::Seq, Order::Falling, |row: &Model| row.seq);
    Ok(page(db, select, key, args, PageLimits::default()).await?)
}

impl Search {
    fn condition(&self) -> Result<Condition, Error> {
        let exact = [
            (Column::Actor, &self.actor),
            (Column::TargetKind, &self.target_kind),
            (Column::TargetId, &self.target_id),
            (Column::Outcome, &self.outcome),
        ];
        let mut all = Condition::all();
        for (column, value) in exact {
            all = all.add_option(value.as_ref().map(|value| column.eq(value.as_str())));
        }
        all = all
            .add_option(self.workspace.map(|id| Column::Workspace.eq(id)))
            .add_option(self.from.map(|from| Column::At.gte(from)))
            .add_option(self.until.map(|until| Column::At.lt(until)))
            .add_option(self.action.as_deref().map(action));
        let text = self.text.as_deref().unwrap_or_default();
        if text.len() > LONGEST || text.split_whitespace().count() > WORDS {
            return Err(Error::field(
                "text",
                format!("has at most {WORDS} words and {LONGEST} bytes"),
            ));
        }
        let words = text.split_whitespace().map(str::to_lowercase);
        let has = |word: String| Expr::col(Column::Words).like(like(&format!("%{}%", escaped(&word))));
        Ok(words.map(has).fold(all, Condition::add))
    }
}

fn action(action: &str) -> Expr {
    match action.ends_with('.') {
        true => Expr::col(Column::Action).like(like(&format!("{}%", escaped(action)))),
        false => Column::Action.eq(action),
    }
}

fn like(pattern: &str) -> LikeExpr {
    LikeExpr::new(pattern).escape(ESCAPE)
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
