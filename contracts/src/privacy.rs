//! Events by which a person gets all that is known of them. Erasure is `users.deleted`.

use platform_events::Event;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// The aggregates whose events say what is known of a person, under the person's id: who hears `users.deleted` has the
/// events forgotten that came before it.
pub const PERSONAL: [&str; 2] = ["users", "privacy"];

/// The most bytes of what one part says: an event carries twice as many.
const LARGEST: usize = 128 * 1024;

/// Somebody wants to know what is known of them: every service answers with an [`ExportPart`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRequested {
    /// The export, which parts name.
    pub export: Uuid,
    /// Who.
    pub user: Uuid,
}

/// What one service knows of a person, or as much of it as one event carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportPart {
    /// The export.
    pub export: Uuid,
    /// Who.
    pub user: Uuid,
    /// The service that answers.
    pub service: String,
    /// Which of its parts, from 0. Lists that go on in another are joined.
    #[serde(default)]
    pub number: i32,
    /// What it knows, by kind. Never a secret, and nothing of others.
    pub data: Value,
}

impl ExportPart {
    /// What a service knows by kind, an object, in as many parts as it takes.
    pub fn several(asked: &ExportRequested, service: &str, known: Value) -> Vec<Self> {
        let Value::Object(known) = known else {
            return Vec::new();
        };
        let (mut parts, mut size) = (vec![Map::new()], 0);
        for (kind, value) in known {
            let (is_list, pieces) = match value {
                Value::Array(items) if !items.is_empty() => (true, items),
                value => (false, vec![value]),
            };
            for piece in pieces {
                let bytes = piece.to_string().len();
                if size > 0 && size + bytes > LARGEST {
                    parts.push(Map::new());
                    size = 0;
                }
                size += bytes;
                let Some(part) = parts.last_mut() else { continue };
                match (is_list, part.get_mut(&kind)) {
                    (true, Some(Value::Array(list))) => list.push(piece),
                    (true, _) => drop(part.insert(kind.clone(), Value::Array(vec![piece]))),
                    (false, _) => drop(part.insert(kind.clone(), piece)),
                }
            }
        }
        let part = |(number, data)| Self {
            export: asked.export,
            user: asked.user,
            service: service.to_owned(),
            number,
            data: Value::Object(data),
        };
        (0..).zip(parts).map(part).collect()
    }
}

impl Event for ExportRequested {
    const TYPE: &'static str = "privacy.export_requested";
    const AGGREGATE: &'static str = "privacy";

    fn key(&self) -> String {
        self.user.to_string()
    }
}

impl Event for ExportPart {
    const TYPE: &'static str = "privacy.export_part";
    const AGGREGATE: &'static str = "privacy";

    fn key(&self) -> String {
        self.user.to_string()
    }
}
