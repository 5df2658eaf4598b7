//! What another service told of somebody, put together from its parts while they are read.

use std::future::ready;

use futures::{StreamExt, TryStreamExt, stream};
use platform_database::orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    part,
    pieces::{Pieces, pages, text},
};
use crate::store::Store;

/// All that a service told for an export.
pub(super) fn told(store: &Store, export: Uuid, service: &str) -> Pieces {
    let parts = part::Entity::find()
        .filter(part::Column::ExportId.eq(export))
        .filter(part::Column::Service.eq(service));
    let parts = pages(store, parts, (part::Column::Number, |part| part.number), 1);
    let mut joined = Joined::default();
    let parts = parts
        .map_ok(Some)
        .chain(stream::once(ready(Ok(None))))
        .map_ok(move |parts| match parts {
            Some(parts) => parts.iter().map(|part| joined.add(&part.data)).collect(),
            None => joined.end(),
        });
    text("{").chain(parts).chain(text("}")).boxed()
}

/// The members of an object to which parts are added. A list goes on where the part before ended with it: there
/// [`contracts::privacy::ExportPart::several`] cuts.
#[derive(Default)]
struct Joined {
    /// The kind whose list goes on, when it does.
    open: Option<String>,
    /// What stands before the next kind.
    separator: &'static str,
}

impl Joined {
    fn add(&mut self, part: &str) -> String {
        let mut part: Map<String, Value> = serde_json::from_str(part).unwrap_or_default();
        let mut text = String::new();
        let more = self.open.as_ref().and_then(|kind| part.remove(kind));
        if let Some(Value::Array(more)) = more {
            text.extend(more.iter().map(|item| format!(",{item}")));
        }
        for (kind, value) in part {
            text.push_str(&self.end());
            text.push_str(&format!("{}{}:", self.separator, json!(kind)));
            self.separator = ",";
            let whole = value.to_string();
            match value.as_array().is_some_and(|list| !list.is_empty()) {
                true => {
                    text.push_str(whole.strip_suffix(']').unwrap_or_default());
                    self.open = Some(kind);
                }
                false => text.push_str(&whole),
            }
        }
        text
    }

    /// Ends the list that is open.
    fn end(&mut self) -> String {
        self.open.take().map_or_else(String::new, |_| "]".to_owned())
    }
}
