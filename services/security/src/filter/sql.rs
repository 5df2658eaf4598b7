//! A filter as a condition of SQL, the same on SQLite and PostgreSQL.

use std::collections::BTreeSet;

use platform_database::orm::sea_query::{Condition, Expr, ExprTrait, Value};
use uuid::Uuid;

use super::{Clause, Filter, Owners, Which};

/// The columns of a table that a filter is about. A table without workspaces or owners has rows without them.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The workspace's id, a UUID that may be null.
    pub workspace: Option<Expr>,
    /// The owner's id, a UUID that may be null.
    pub owner: Option<Expr>,
    /// The row's own id.
    pub id: Expr,
    /// How ids are kept.
    pub ids: Ids,
}

/// How a table keeps its ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// As text.
    Text,
    /// As UUIDs.
    Uuid,
}

impl Filter {
    /// The condition for a table with these columns.
    pub fn condition(&self, columns: &Columns) -> Condition {
        let clauses = self.clauses.iter().map(|clause| clause.condition(columns));
        // No clause holds for any row.
        clauses.fold(Condition::any().add(never()), Condition::add)
    }
}

fn never() -> Expr {
    Expr::val(1).eq(0)
}

impl Clause {
    fn condition(&self, columns: &Columns) -> Condition {
        let workspaces = within(columns.workspace.as_ref(), &self.workspaces);
        let resources = match columns.ids {
            Ids::Text => identified(&columns.id, &self.resources, |id| Some(Value::from(id.clone()))),
            Ids::Uuid => identified(&columns.id, &self.resources, |id| {
                id.parse::<Uuid>().ok().map(Value::from)
            }),
        };
        let all = Condition::all().add(workspaces).add(resources);
        all.add(self.owners.condition(columns.owner.as_ref()))
    }
}

fn within(column: Option<&Expr>, which: &Which<Option<Uuid>>) -> Condition {
    let split = |ids: &BTreeSet<Option<Uuid>>| {
        let named: Vec<Value> = ids.iter().flatten().map(|id| Value::from(*id)).collect();
        (named, ids.contains(&None))
    };
    match (column, which) {
        (_, Which::Any) => Condition::all(),
        (None, which) => match which.has(&None) {
            true => Condition::all(),
            false => Condition::all().add(never()),
        },
        (Some(column), Which::Only(ids)) => {
            let (named, has_none) = split(ids);
            let listed = Condition::any().add(one_of(column, named));
            match has_none {
                true => listed.add(column.clone().is_null()),
                false => listed,
            }
        }
        (Some(column), Which::Except(ids)) => {
            let (named, has_none) = split(ids);
            let outside = one_of(column, named).not();
            match has_none {
                true => Condition::all().add(column.clone().is_not_null()).add(outside),
                false => Condition::any().add(column.clone().is_null()).add(outside),
            }
        }
    }
}

fn identified(column: &Expr, which: &Which<String>, value: impl Fn(&String) -> Option<Value>) -> Condition {
    match which {
        Which::Any => Condition::all(),
        Which::Only(ids) => Condition::all().add(one_of(column, ids.iter().filter_map(value).collect())),
        Which::Except(ids) => Condition::all().add(one_of(column, ids.iter().filter_map(value).collect()).not()),
    }
}

fn one_of(column: &Expr, values: Vec<Value>) -> Expr {
    match values.is_empty() {
        true => never(),
        false => column.clone().is_in(values),
    }
}

impl Owners {
    fn condition(&self, column: Option<&Expr>) -> Condition {
        if self.is_everybody() {
            return Condition::all();
        }
        let Some(column) = column else {
            return match self.unowned {
                true => Condition::all(),
                false => Condition::all().add(never()),
            };
        };
        let me = |me: Uuid| column.clone().eq(Value::from(me));
        let mut any = Condition::any().add(never());
        if self.unowned {
            any = any.add(column.clone().is_null());
        }
        if let (true, Some(id)) = (self.mine, self.me) {
            any = any.add(me(id));
        }
        if self.others {
            let owned = Condition::all().add(column.clone().is_not_null());
            any = any.add(match self.me {
                Some(id) => owned.add(me(id).not()),
                None => owned,
            });
        }
        any
    }
}
