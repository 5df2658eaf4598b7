//! What is somebody's stays theirs: every field of the schema that takes an id, every type, every field of a person.

#[path = "isolation/fields.rs"]
mod fields;

use platform_testing::{Isolation, addresses};
use serde_json::{Value, json};

use crate::support::{Person, Users};
use fields::{OWN, REACHED};

const EXPORT: &str = "/api/v1/users/me/exports/{id}";
/// What others see of a person: the rest of their fields only they themselves.
const CARD: [&str; 4] = ["avatarUrl", "id", "name", "organization"];
/// What only the service itself says of a row.
const SET: [&str; 10] = [
    "authorId",
    "createdAt",
    "depth",
    "email",
    "emailVerified",
    "id",
    "invitedBy",
    "ownerId",
    "updatedAt",
    "userId",
];

/// Things of each kind that are Ada's and that Bob may see something of, and nobody else.
async fn things(users: &Users, ada: &Person, bob: &Person) -> Value {
    let none = || json!({});
    let made = async |query: &str, variables: Value| users.data(ada, query, variables).await;
    let workspace = crate::workspaces::with(users, ada, &[(bob, "MEMBER")]).await;
    let invite = "mutation ($in: ID!, $to: String!) {
        inviteToWorkspace(workspaceId: $in, email: $to, role: VIEWER) { secret invitation { id } } }";
    let waiting = made(invite, json!({ "in": workspace, "to": "carol@example.com" })).await;
    let own = made(invite, json!({ "in": workspace, "to": "ada@example.com" })).await;
    let annotate = "mutation { createAnnotation(input: { series: \"FRED:GDP\", firstDate: \"2020-01-01\", title: \"t\",
        body: \"b\" }) { id } }";
    let annotation = made(annotate, none()).await["createAnnotation"]["id"].clone();
    let say = "mutation ($on: ID!) { addComment(annotationId: $on, body: \"b\") { id } }";
    let comment = made(say, json!({ "on": annotation })).await["addComment"]["id"].clone();
    let draw = "mutation { createChart(input: { title: \"t\", spec: {} }) { id } }";
    let chart = made(draw, none()).await["createChart"]["id"].clone();
    let share = "mutation ($chart: ID!, $bob: ID!) { shareChart(chartId: $chart, userId: $bob, level: VIEW) { id } }";
    made(share, json!({ "chart": chart, "bob": bob.id })).await;
    let list =
        made("mutation { createWatchlist(name: \"rates\") { id } }", none()).await["createWatchlist"]["id"].clone();
    let watch = "mutation ($list: ID!) { addToWatchlist(watchlistId: $list, series: \"FRED:DGS10\") { id } }";
    made(watch, json!({ "list": list })).await;
    made("mutation { saveSeries(series: \"FRED:GDP\") { note } }", none()).await;
    let export = made("mutation { requestDataExport { id } }", none()).await["requestDataExport"]["id"].clone();
    json!({
        "ada": ada.id, "bob": bob.id, "workspace": workspace, "annotation": annotation, "comment": comment,
        "chart": chart, "watchlist": list, "export": export,
        "invitation": waiting["inviteToWorkspace"]["invitation"]["id"], "secret": own["inviteToWorkspace"]["secret"],
    })
}

/// Ids of the same names, of nothing.
fn of_nothing(users: &Users, things: &Value) -> Value {
    let made_up = |(name, _): (&String, &Value)| {
        let id = match name.as_str() {
            "secret" => "hi_made-up".to_owned(),
            _ => users.service.context().ids().v7().to_string(),
        };
        (name.clone(), Value::from(id))
    };
    things.as_object().unwrap().iter().map(made_up).collect()
}

#[tokio::test]
async fn nothing_of_somebody_is_reached_by_its_id() {
    for users in Users::everywhere().await {
        let (ada, bob, eve) = users.three().await;
        let things = things(&users, &ada, &bob).await;
        let nothing = of_nothing(&users, &things);

        let client = |person: &Person| users.service.bearer(&person.token);
        let path = |ids: &Value| EXPORT.replace("{id}", ids["export"].as_str().unwrap());
        let theirs = client(&eve).get(&path(&things)).await;
        let none = client(&eve).get(&path(&nothing)).await;

        assert_eq!(addresses(include_str!("../../src/rest.rs")), [EXPORT].into());
        assert_eq!((theirs.status.as_u16(), none.status.as_u16()), (404, 404));
        assert_eq!(theirs.json()["detail"], none.json()["detail"]);
        let isolation = Isolation {
            reached: REACHED,
            own: OWN,
            open: &[("user", "query ($ada: ID!) { user(id: $ada) { __typename name } }")],
            others: &[],
        };
        isolation.check(&client(&ada), &client(&eve), (&things, &nothing)).await;
    }
}

#[tokio::test]
async fn every_field_of_a_person_that_is_not_on_their_card_is_theirs_alone() {
    for users in Users::everywhere().await {
        let (ada, eve) = (users.person("ada").await, users.person("eve").await);
        let all = "mutation { updateProfile(input: { firstName: \"A\", lastName: \"L\", organization: \"O\",
            avatarUrl: \"https://example.com/a.png\", locale: \"en\", timeZone: \"Europe/London\" }) { name } }";
        let fields = "{ __type(name: \"User\") { fields { name type { ...Kind } } } }
            fragment Kind on __Type { kind ofType { kind ofType { kind ofType { kind } } } }";
        let fields = users.data(&ada, fields, json!({})).await["__type"]["fields"].clone();

        // What is not set is nobody else's business either.
        only_hers(&users, &fields, [&ada, &eve]).await;
        users.data(&ada, all, json!({})).await;
        only_hers(&users, &fields, [&ada, &eve]).await;
    }
}

async fn only_hers(users: &Users, fields: &Value, [ada, eve]: [&Person; 2]) {
    for field in fields.as_array().unwrap() {
        let name = field["name"].as_str().unwrap();
        let shown = match field["type"].to_string().contains("OBJECT") {
            true => format!("{name} {{ __typename }}"),
            false => name.to_owned(),
        };
        for query in [
            format!("query ($id: ID!) {{ user(id: $id) {{ {shown} }} }}"),
            format!(
                "query ($id: ID!) {{ _entities(representations: [{{ __typename: \"User\", id: $id }}]) {{
                    ... on User {{ {shown} }} }} }}"
            ),
        ] {
            let given = users.ask_with(eve, &query, json!({ "id": ada.id })).await;
            let own = users.ask_with(ada, &query, json!({ "id": ada.id })).await;
            match CARD.contains(&name) {
                true => assert_eq!(given, own, "{name}"),
                false => assert_eq!(given["errors"][0]["extensions"]["code"], "FORBIDDEN", "{name}: {given}"),
            }
            assert!(own["errors"].is_null(), "{name}: {own}");
        }
    }
}

#[tokio::test]
async fn no_input_says_whose_a_row_is_or_when_it_was_made() {
    let users = Users::everywhere().await.remove(0);
    let ada = users.person("ada").await;
    let inputs = "{ __schema { types { name inputFields { name } } } }";
    let types = users.data(&ada, inputs, json!({})).await["__schema"]["types"].clone();

    let inputs = types
        .as_array()
        .unwrap()
        .iter()
        .filter(|input| input["inputFields"].is_array());
    let fields: Vec<_> = inputs
        .flat_map(|input| input["inputFields"].as_array().unwrap())
        .map(|field| field["name"].as_str().unwrap())
        .collect();

    assert!(fields.len() > 20, "{fields:?}");
    let set = fields.iter().find(|field| SET.contains(field));
    assert_eq!(set, None);
    for (input, more) in [("title: \"t\", spec: {}", "ownerId"), ("title: \"t\", spec: {}", "id")] {
        let make = format!("mutation ($id: ID!) {{ createChart(input: {{ {input}, {more}: $id }}) {{ id }} }}");
        assert_eq!(users.refusal(&ada, &make, json!({ "id": ada.id })).await, "INVALID");
    }
}
