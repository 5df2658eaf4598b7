//! Whether what is somebody's stays theirs: every root field and every type of a schema, tried by a stranger.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::TestClient;

const SCHEMA: &str = "{ __schema { queryType { name } mutationType { name } types { kind name
    fields { name args { name type { ...Named } } } inputFields { name type { ...Named } } } } }
    fragment Named on __Type { name ofType { name ofType { name ofType { name } } } }";
/// Types of values that say which one is meant, and names of arguments that do.
const IDS: [&str; 2] = ["ID", "UUID"];
const NAMES: [&str; 3] = ["key", "secret", "subject"];

/// What is tried. Together the lists name every root field of the schema, and the documents show every type. They select
/// `__typename` wherever they select an object.
#[derive(Clone, Copy, Debug)]
pub struct Isolation<'a> {
    /// Root fields that say which thing is meant, each with a document that tries it on something of the owner's.
    pub reached: &'a [(&'a str, &'a str)],
    /// Root fields that are about whoever asks, each with a document.
    pub own: &'a [(&'a str, &'a str)],
    /// Root fields that show everybody the same, each with a document.
    pub open: &'a [(&'a str, &'a str)],
    /// Root fields that change something of whoever asks and show nothing that the others do not.
    pub others: &'a [&'a str],
}

impl Isolation<'_> {
    /// A stranger who gives the ids of the owner's things is answered as with ids of nothing, then the owner has
    /// everything still. `ids` are the variables of all documents, and `nothing` the same without a meaning.
    ///
    /// # Panics
    /// When that is not so, when a root field or a type is in no document, or when one that is said to be about whoever
    /// asks takes an id.
    pub async fn check(self, owner: &TestClient, stranger: &TestClient, (ids, nothing): (&Value, &Value)) {
        let schema = Schema::of(owner).await;
        self.names_all(&schema);
        let mut refusals = Vec::new();
        for (field, document) in self.reached {
            let refusal = stranger.graphql_with(document, ids.clone()).await;
            let of_nothing = stranger.graphql_with(document, nothing.clone()).await;
            assert_eq!(
                told(&refusal, ids),
                told(&of_nothing, nothing),
                "{field}: a stranger learns that there is one"
            );
            refusals.push(refusal);
        }
        for (field, document) in self.own {
            let theirs = stranger.graphql_with(document, ids.clone()).await.to_string();
            let found = texts(ids).find(|id| theirs.contains(id));
            assert_eq!(
                found, None,
                "{field}: a stranger sees something of the owner's: {theirs}"
            );
        }
        let mut seen = BTreeSet::new();
        let unasked = std::iter::repeat_n(&Value::Null, self.own.len() + self.open.len());
        let all = self.own.iter().chain(self.open).chain(self.reached);
        for ((field, document), refusal) in all.zip(unasked.chain(&refusals)) {
            let answer = owner.graphql_with(document, ids.clone()).await;
            assert!(answer["errors"].is_null(), "{field}: the owner is refused: {answer}");
            assert_ne!(answer, *refusal, "{field}: a stranger is answered as the owner is");
            collect(&answer["data"], &mut seen);
        }
        let unseen: Vec<_> = schema.objects().difference(&seen).cloned().collect();
        assert!(unseen.is_empty(), "no document shows {unseen:?}: add one that tries it");
    }

    fn names_all(&self, schema: &Schema) {
        let by_document = self
            .reached
            .iter()
            .chain(self.own)
            .chain(self.open)
            .map(|(field, _)| *field);
        let named: BTreeSet<_> = by_document
            .chain(self.others.iter().copied())
            .map(str::to_owned)
            .collect();
        assert_eq!(
            schema.root_fields(),
            named,
            "every root field is tried: add the one that is new"
        );
        for field in self.own.iter().map(|(field, _)| field).chain(self.others) {
            let id = schema.id_of(field);
            assert_eq!(
                id, None,
                "{field} says which one is meant: try it with something of somebody else's"
            );
        }
    }
}

/// The addresses in the source of a router that say which thing is meant, such as `/auth/keys/{id}`.
pub fn addresses(source: &str) -> BTreeSet<&str> {
    let quoted = source
        .split(".route(")
        .skip(1)
        .filter_map(|route| route.split('"').nth(1));
    quoted.filter(|address| address.contains('{')).collect()
}

/// A schema as introspection tells it.
struct Schema(Value);

impl Schema {
    async fn of(client: &TestClient) -> Self {
        let answer = client.graphql(SCHEMA).await;
        assert!(answer["errors"].is_null(), "{answer}");
        Self(answer["data"]["__schema"].clone())
    }

    fn types(&self) -> impl Iterator<Item = &Value> {
        self.0["types"].as_array().into_iter().flatten()
    }

    fn fields_of(&self, name: &Value) -> impl Iterator<Item = &Value> {
        let of_name = self.types().filter(move |found| found["name"] == *name);
        of_name.flat_map(|found| found["fields"].as_array().into_iter().flatten())
    }

    fn roots(&self) -> impl Iterator<Item = &Value> {
        let names = [&self.0["queryType"]["name"], &self.0["mutationType"]["name"]];
        let fields = names.into_iter().flat_map(|name| self.fields_of(name));
        fields.filter(|field| !text(&field["name"]).starts_with('_'))
    }

    fn root_fields(&self) -> BTreeSet<String> {
        self.roots().map(|field| text(&field["name"]).to_owned()).collect()
    }

    /// The types of objects that are somebody's: not the roots, not pages of others, not what the library adds.
    fn objects(&self) -> BTreeSet<String> {
        let roots = [&self.0["queryType"]["name"], &self.0["mutationType"]["name"]];
        let objects = self
            .types()
            .filter(|found| found["kind"] == "OBJECT" && !roots.contains(&&found["name"]));
        let names = objects.map(|object| text(&object["name"]).to_owned());
        let is_page = |name: &str| name == "PageInfo" || name.ends_with("Connection") || name.ends_with("Edge");
        names.filter(|name| !name.starts_with('_') && !is_page(name)).collect()
    }

    /// The first argument of a root field, or field of an input within it, that says which one is meant.
    fn id_of(&self, field: &str) -> Option<String> {
        let field = self.roots().find(|found| found["name"] == field)?;
        let mut waiting: Vec<_> = field["args"].as_array()?.iter().collect();
        let mut known = BTreeSet::new();
        while let Some(argument) = waiting.pop() {
            let (name, of) = (text(&argument["name"]), named(&argument["type"]));
            if IDS.contains(&of) || NAMES.contains(&name) {
                return Some(name.to_owned());
            }
            if known.insert(of) {
                let inputs = self.types().filter(|found| found["name"] == of);
                waiting.extend(inputs.flat_map(|input| input["inputFields"].as_array().into_iter().flatten()));
            }
        }
        None
    }
}

/// The name below lists and what must be there.
fn named(of: &Value) -> &str {
    match &of["ofType"] {
        Value::Null => text(&of["name"]),
        inner => named(inner),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn texts(ids: &Value) -> impl Iterator<Item = &str> {
    ids.as_object().into_iter().flatten().filter_map(|(_, id)| id.as_str())
}

/// An answer without the ids that were given, and without what the library says of the operation's text.
fn told(answer: &Value, ids: &Value) -> Value {
    let whole = texts(ids).fold(answer.to_string(), |whole, id| whole.replace(id, "ID"));
    serde_json::from_str(&whole).unwrap_or_else(|_| json!(whole))
}

fn collect(data: &Value, seen: &mut BTreeSet<String>) {
    match data {
        Value::Array(items) => items.iter().for_each(|item| collect(item, seen)),
        Value::Object(fields) => {
            seen.extend(fields.get("__typename").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, seen));
        }
        _ => {}
    }
}
