//! Which accounts are wanted: by mail address, its beginning, and whether they are suspended.

use async_graphql::{Enum, InputObject};
use platform_database::orm::{
    ColumnTrait, EntityTrait, QueryFilter, Select,
    sea_query::{Expr, ExprTrait, LikeExpr},
};
use serde::{Deserialize, Serialize};

use crate::{
    account::{self, Column, Entity, Model},
    error::{Error, Result},
};

const LONGEST: usize = 254;
/// Makes the next letter of a pattern mean itself. A backslash would be read differently by the two databases.
const ESCAPE: char = '!';

/// Which accounts are wanted. What is absent does not matter.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "AccountFilter")]
pub struct Filter {
    /// The one with this mail address, in any case.
    pub email: Option<String>,
    /// Those whose mail address begins so, in any case.
    pub email_begins: Option<String>,
    /// Those that are in this state.
    pub state: Option<State>,
}

/// Whether somebody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[graphql(name = "AccountState")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// They are.
    Active,
    /// They are not.
    Suspended,
}

impl Model {
    /// Whether its owner is let in.
    pub fn state(&self) -> State {
        match self.suspended_at {
            None => State::Active,
            Some(_) => State::Suspended,
        }
    }
}

impl Filter {
    pub(super) fn select(&self) -> Result<Select<Entity>> {
        let mut select = Entity::find();
        if let Some(email) = &self.email {
            select = select.filter(Column::EmailKey.eq(searched("email", email)?));
        }
        if let Some(beginning) = &self.email_begins {
            let pattern = format!("{}%", escaped(&searched("emailBegins", beginning)?));
            let begins = Expr::col((Entity, Column::EmailKey)).like(LikeExpr::new(pattern).escape(ESCAPE));
            select = select.filter(begins);
        }
        Ok(match self.state {
            None => select,
            Some(State::Active) => select.filter(Column::SuspendedAt.is_null()),
            Some(State::Suspended) => select.filter(Column::SuspendedAt.is_not_null()),
        })
    }
}

/// What an address is compared with.
fn searched(field: &'static str, text: &str) -> Result<String> {
    match text.len() <= LONGEST && !text.contains(char::is_control) {
        true => Ok(account::key_of(text)),
        false => Err(Error::field(
            field,
            "must be a mail address or its beginning: at most 254 bytes, all of them printable",
        )),
    }
}

/// What was typed means itself.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, ESCAPE | '%' | '_') {
            escaped.push(ESCAPE);
        }
        escaped.push(letter);
    }
    escaped
}
