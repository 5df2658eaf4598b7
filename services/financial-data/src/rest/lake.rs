//! Upkeep of the lake by hand: what it holds, compaction, expiry, the sweep.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use contracts::audit::Recorded;
use platform_error::{Code, Error as Failure, Result};
use platform_http::{Json, Problem};
use platform_lake::{Effort, LEAST_GRACE, Table};
use serde_json::{Value, json};

use super::arguments::{Argument, Arguments, Kind, argument};
use crate::deed::Intent;
use crate::error::Error;
use crate::settings::{LakeSettings, TOO_YOUNG};
use crate::store::Store;

/// The tables in the order of [`Store::tables`].
const TABLES: [&str; 3] = ["data_points", "series", "sources"];

/// Which table.
pub(super) const TABLE: &[Argument] = &[argument(
    "table",
    Kind::OneOf(&TABLES),
    "Only this table; all of them unless told otherwise.",
)];
/// The arguments of [`snapshots`].
pub(super) const SNAPSHOTS: &[Argument] = &[argument(
    "table",
    Kind::OneOf(&TABLES),
    "The table; data_points unless told otherwise.",
)];
/// The arguments of [`compact`].
pub(super) const COMPACT: &[Argument] = &[argument(
    "effort",
    Kind::OneOf(&["due", "full"]),
    "due merges what the rules of the background would merge, full everything. due unless told otherwise.",
)];
/// The arguments of [`expire`].
pub(super) const EXPIRE: &[Argument] = &[
    argument(
        "keep",
        Kind::Count,
        "The newest snapshots, all of which stay; as set for the lake unless told otherwise.",
    ),
    argument(
        "hourly",
        Kind::Span,
        "For so long the last snapshot of each hour stays.",
    ),
    argument("daily", Kind::Span, "For so long the last snapshot of each day stays."),
];
/// The arguments of [`sweep`].
pub(super) const SWEEP: &[Argument] = &[argument(
    "older_than",
    Kind::Span,
    "How old a file must be to count as an orphan; at least 65m.",
)];

/// Tables with their names.
type Tables<'a> = Vec<(&'static str, &'a Table)>;

/// The tables that `table` names.
fn chosen<'a>(store: &'a Store, arguments: &Arguments) -> Result<Tables<'a>, Error> {
    let only = arguments.word("table", &TABLES)?;
    let all = TABLES.into_iter().zip(store.tables());
    Ok(all.filter(|(name, _)| only.is_none_or(|only| only == *name)).collect())
}

fn tables(tables: Vec<Value>) -> Response {
    Json(json!({ "tables": tables })).into_response()
}

/// The size of the tables.
pub(super) async fn stats(State(store): State<Store>, arguments: Arguments) -> Result<Response, Problem> {
    let mut out = Vec::new();
    for (_, table) in chosen(&store, &arguments)? {
        out.push(serde_json::to_value(table.stats().await?).map_err(Failure::internal)?);
    }
    Ok(tables(out))
}

/// The snapshots of a table, the newest first.
pub(super) async fn snapshots(State(store): State<Store>, arguments: Arguments) -> Result<Response, Problem> {
    let (name, table) = chosen(&store, &arguments)?[0];
    let mut snapshots = Vec::new();
    for snapshot in table.snapshots().await? {
        let id = snapshot.id.to_string();
        let mut told = serde_json::to_value(snapshot).map_err(Failure::internal)?;
        // Ids have more digits than the numbers of JavaScript.
        told["id"] = id.into();
        snapshots.push(told);
    }
    Ok(Json(json!({ "table": name, "snapshots": snapshots })).into_response())
}

/// Has upkeep done, and written down what it did to which tables. What was asked is understood by then.
async fn act(
    (store, chosen): (&Store, &Tables<'_>),
    action: &'static str,
    work: impl Future<Output = Result<Vec<Value>>> + Send,
) -> Result<Response, Problem> {
    let intent = Intent {
        action,
        kind: "lake",
        id: match chosen[..] {
            [(only, _)] => only.to_owned(),
            _ => String::new(),
        },
        facts: json!({}),
    };
    let told = |done: &Vec<Value>, event: &mut Recorded| event.data["tables"] = done.iter().map(summed).collect();
    Ok(tables(store.record(intent, work, told).await?))
}

/// What was done to a table, with a count in the place of a list.
fn summed(table: &Value) -> Value {
    let fields = table.as_object().into_iter().flatten();
    let counted = |value: &Value| value.as_array().map(|list| Value::from(list.len()));
    fields
        .map(|(name, value)| (name.clone(), counted(value).unwrap_or_else(|| value.clone())))
        .collect()
}

/// Merges files.
pub(super) async fn compact(State(store): State<Store>, arguments: Arguments) -> Result<Response, Problem> {
    let full = arguments.word("effort", &["due", "full"])? == Some("full");
    let chosen = chosen(&store, &arguments)?;
    act((&store, &chosen), "lake.compacted", compacted(&chosen, full)).await
}

async fn compacted(chosen: &Tables<'_>, full: bool) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for (name, table) in chosen {
        if table.is_paused() {
            let error = Failure::new(Code::Conflict, format!("compaction of {name} is paused"));
            return Err(error.with_hint("resume it first"));
        }
        let mut compactions = Vec::new();
        if full {
            compactions.extend(table.compact(Effort::Full).await?);
        } else {
            while let Some(done) = table.compact(Effort::Due).await? {
                compactions.push(done);
            }
        }
        out.push(json!({ "table": name, "compactions": compactions }));
    }
    Ok(out)
}

/// Forgets old snapshots. What only they need goes with the next sweep.
pub(super) async fn expire(State(store): State<Store>, arguments: Arguments) -> Result<Response, Problem> {
    let context = store.context();
    let settings: LakeSettings = context.section("lake")?;
    let mut history = settings.lake(context.data_dir()).history;
    history.last = arguments.count("keep")?.unwrap_or(history.last);
    history.hourly = arguments.span("hourly")?.unwrap_or(history.hourly);
    history.daily = arguments.span("daily")?.unwrap_or(history.daily);
    let chosen = chosen(&store, &arguments)?;
    let expired = async {
        let mut out = Vec::new();
        for (name, table) in &chosen {
            out.push(json!({ "table": name, "expired": table.expire(&history).await? }));
        }
        Ok(out)
    };
    act((&store, &chosen), "lake.expired", expired).await
}

/// Removes files that no snapshot needs.
pub(super) async fn sweep(State(store): State<Store>, arguments: Arguments) -> Result<Response, Problem> {
    let usual = store.settings().orphan_grace();
    let grace = arguments.span("older_than")?.unwrap_or(usual);
    if grace < LEAST_GRACE {
        return Err(Error::field("older_than", TOO_YOUNG).into());
    }
    let chosen = chosen(&store, &arguments)?;
    let swept = async {
        let mut out = Vec::new();
        for (name, table) in &chosen {
            out.push(json!({ "table": name, "swept": table.sweep(grace).await? }));
        }
        Ok(out)
    };
    act((&store, &chosen), "lake.swept", swept).await
}

/// Stops compactions until they are resumed or the process ends.
pub(super) async fn pause(State(store): State<Store>, arguments: Arguments) -> Result<Response, Problem> {
    let chosen = chosen(&store, &arguments)?;
    act((&store, &chosen), "lake.paused", switched(&chosen, Table::pause)).await
}

/// Lets compactions go on.
pub(super) async fn resume(State(store): State<Store>, arguments: Arguments) -> Result<Response, Problem> {
    let chosen = chosen(&store, &arguments)?;
    act((&store, &chosen), "lake.resumed", switched(&chosen, Table::resume)).await
}

async fn switched(chosen: &Tables<'_>, switch: fn(&Table)) -> Result<Vec<Value>> {
    chosen.iter().for_each(|(_, table)| switch(table));
    let told = |(name, table): &(&str, &Table)| json!({ "table": name, "paused": table.is_paused() });
    Ok(chosen.iter().map(told).collect())
}
