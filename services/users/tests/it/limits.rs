//! As many as there may be of something, and no more when several are written at the same moment.

use futures::future::join_all;
use platform_database::{orm, sql};
use serde_json::{Value, json};
use users::store::Store;
use uuid::Uuid;

use crate::{
    support::{Person, Users},
    workspaces::{ACCEPT, INVITE, with},
};

const NOTE: &str = "mutation { createAnnotation(input: { series: \"FRED:GDP\", firstDate: \"2020-01-01\", title: \"t\",
    body: \"b\", visibility: PUBLIC }) { id } }";
const SAY: &str = "mutation ($on: ID!) { addComment(annotationId: $on, body: \"b\") { id } }";
const SHARE: &str =
    "mutation ($chart: ID!, $with: ID!) { shareChart(chartId: $chart, userId: $with, level: VIEW) { id } }";
const DRAW: &str = "mutation { createChart(input: { title: \"t\", spec: {} }) { id } }";

const SLOW: &str = "create or replace function slow() returns trigger language plpgsql as
    'begin perform pg_sleep(0.3); return new; end'";

/// How many try at the same moment.
const CROWD: usize = 5;

/// What one person has at most: rows that leave one place, and what takes a place.
const OF_ONE: [(&str, &str); 8] = [
    (
        "insert into data_export select gen_random_uuid(), ME, NOW, LATER from generate_series(1, 2)",
        "mutation { requestDataExport { id } }",
    ),
    (
        "insert into watchlist select gen_random_uuid(), ME, 'list ' || n, NOW, NOW from generate_series(1, 99) n",
        "mutation ($n: String!) { createWatchlist(name: $n) { id } }",
    ),
    (
        "insert into watchlist_item select gen_random_uuid(), LIST, 'TEST:S' || n, null, NOW from generate_series(1, 499) n",
        "mutation ($n: String!, $list: ID!) { addToWatchlist(watchlistId: $list, series: $n) { id } }",
    ),
    (
        "insert into saved_series select gen_random_uuid(), ME, 'TEST:S' || n, null, NOW from generate_series(1, 999) n",
        "mutation ($n: String!) { saveSeries(series: $n) { note } }",
    ),
    (
        "insert into annotation select gen_random_uuid(), ME, null, 'private', 'TEST:S', '2020-01-01', null, 't', 'b', NOW,
            NOW from generate_series(1, 9998)",
        NOTE,
    ),
    (
        "insert into comment select gen_random_uuid(), ON, null, null, ME, 'b', 0, NOW, NOW from generate_series(1, 999)",
        SAY,
    ),
    (
        "insert into chart select gen_random_uuid(), ME, 't', null, '{}', NOW, NOW from generate_series(1, 999)",
        DRAW,
    ),
    (
        "with made as (insert into workspace select gen_random_uuid(), 'w', NOW, NOW from generate_series(1, 49)
            returning id) insert into member select gen_random_uuid(), id, ME, 'owner', NOW from made",
        "mutation { createWorkspace(name: \"w\") { id } }",
    ),
];

/// Writes rows by hand, with the names of things in capital letters.
async fn fill(users: &Users, rows: &str, things: &[(&str, &Value)]) {
    let times = [
        ("NOW", json!("2026-01-15T12:00:00Z")),
        ("LATER", json!("2026-01-20T12:00:00Z")),
    ];
    let mut rows = rows.to_owned();
    for (name, thing) in times
        .iter()
        .map(|(name, time)| (*name, time))
        .chain(things.iter().copied())
    {
        let kind = if name == "NOW" || name == "LATER" {
            "timestamptz"
        } else {
            "uuid"
        };
        rows = rows.replace(name, &format!("'{}'::{kind}", thing.as_str().unwrap()));
    }
    let store: Store = users.service.store();
    sql::execute(store.db.read(), &rows, []).await.unwrap();
}

/// Gives orders at the same moment and says how many were followed; the others would have been more than there may be.
/// Each row takes a while to be written into the table, so that all orders have begun before the first is done.
async fn followed(users: &Users, table: &str, orders: Vec<(&Person, &str, Value)>) -> usize {
    let slow = format!("create trigger slow before insert on {table} for each row execute function slow()");
    let fast = format!("drop trigger slow on {table}");
    let store: Store = users.service.store();
    let db = store.db.read();
    sql::execute(db, SLOW, []).await.unwrap();
    sql::execute(db, &slow, []).await.unwrap();
    let orders = orders
        .into_iter()
        .map(|(by, order, with)| users.ask_with(by, order, with));
    let answers = join_all(orders).await;
    sql::execute(db, &fast, []).await.unwrap();
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer["errors"].is_null());
    for answer in refused {
        assert_eq!(answer["errors"][0]["extensions"]["code"], "CONFLICT", "{answer}");
    }
    done.len()
}

async fn crowd(users: &Users) -> Vec<Person> {
    let mut crowd = Vec::new();
    for at in 0..CROWD {
        crowd.push(users.person(&format!("person{at}")).await);
    }
    crowd
}

#[tokio::test]
async fn nobody_has_more_than_there_may_be_by_asking_many_times_at_once() {
    let Some(users) = Users::on_postgres().await else {
        return;
    };
    let mut all = Vec::new();
    for (at, (rows, order)) in OF_ONE.into_iter().enumerate() {
        let me = users.person(&format!("ada{at}")).await;
        let on = users.data(&me, NOTE, json!({})).await["createAnnotation"]["id"].clone();
        let make = "mutation { createWatchlist(name: \"mine\") { id } }";
        // Only where it is to be filled: it is one of those that are counted itself.
        let list = match rows.contains("LIST") {
            true => users.data(&me, make, json!({})).await["createWatchlist"]["id"].clone(),
            false => Value::Null,
        };
        let of_me = json!(me.id);
        let mut things = vec![("ME", &of_me), ("ON", &on)];
        things.extend((!list.is_null()).then_some(("LIST", &list)));
        fill(&users, rows, &things).await;
        let orders = (0..CROWD).map(|n| (&me, order, json!({ "n": format!("TEST:{n}"), "on": on, "list": list })));

        let table = rows
            .rsplit("insert into ")
            .next()
            .and_then(|rest| rest.split(' ').next())
            .unwrap();
        all.push(followed(&users, table, orders.collect()).await);
    }

    assert_eq!(all, [1; OF_ONE.len()]);
}

#[tokio::test]
async fn nothing_has_more_than_there_may_be_when_many_come_at_once() {
    let Some(users) = Users::on_postgres().await else {
        return;
    };
    let (ada, crowd) = (users.person("ada").await, crowd(&users).await);
    let on = users.data(&ada, NOTE, json!({})).await["createAnnotation"]["id"].clone();
    let spoken = "insert into comment select gen_random_uuid(), ON, null, null, null, null, 0, NOW, NOW
        from generate_series(1, 9999)";
    fill(&users, spoken, &[("ON", &on)]).await;
    let say = crowd.iter().map(|by| (by, SAY, json!({ "on": on })));
    let comments = followed(&users, "comment", say.collect()).await;

    let chart = users.data(&ada, DRAW, json!({})).await["createChart"]["id"].clone();
    let shared = "with made as (insert into profile (id, email, name, created_at, updated_at)
        select gen_random_uuid(), 'x', 'x', NOW, NOW from generate_series(1, 199) returning id)
        insert into chart_share select gen_random_uuid(), CHART, id, 'view', NOW from made";
    fill(&users, shared, &[("CHART", &chart)]).await;
    let share = crowd
        .iter()
        .map(|with| (&ada, SHARE, json!({ "chart": chart, "with": with.id })));
    let shares = followed(&users, "chart_share", share.collect()).await;

    let desk = with(&users, &ada, &[]).await;
    let invited = "insert into invitation select gen_random_uuid(), DESK, n || '@example.com', 'viewer', n::text,
        gen_random_uuid(), LATER, NOW from generate_series(1, 199) n";
    fill(&users, invited, &[("DESK", &desk)]).await;
    let invite = (0..CROWD).map(|n| {
        (
            &ada,
            INVITE,
            json!({ "w": desk, "email": format!("one{n}@example.com"), "role": "VIEWER" }),
        )
    });
    let invitations = followed(&users, "invitation", invite.collect()).await;

    assert_eq!((comments, shares, invitations), (1, 1, 1));
}

#[tokio::test]
async fn the_last_place_in_a_workspace_is_taken_once() {
    let Some(users) = Users::on_postgres().await else {
        return;
    };
    let (ada, crowd) = (users.person("ada").await, crowd(&users).await);
    let desk = with(&users, &ada, &[]).await;
    let mut accept = Vec::new();
    for (at, by) in crowd.iter().enumerate() {
        let to = json!({ "w": desk, "email": format!("person{at}@example.com"), "role": "VIEWER" });
        let secret = users.data(&ada, INVITE, to).await["inviteToWorkspace"]["secret"].clone();
        accept.push((by, ACCEPT, json!({ "secret": secret })));
    }
    let full = "with made as (insert into profile (id, email, name, created_at, updated_at)
        select gen_random_uuid(), 'x', 'x', NOW, NOW from generate_series(1, 998) returning id)
        insert into member select gen_random_uuid(), DESK, id, 'viewer', NOW from made";
    fill(&users, full, &[("DESK", &desk)]).await;

    let followed = followed(&users, "member", accept).await;

    assert_eq!(followed, 1);
}

#[tokio::test]
async fn nobody_comments_without_an_end() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let store: Store = users.service.store();
        let rows = sql::rows(909, 6);
        let insert =
            format!("insert into comment (id, annotation_id, author_id, depth, created_at, updated_at) values {rows}");
        for _ in 0..11 {
            let on = users.data(&ada, NOTE, json!({})).await["createAnnotation"]["id"].clone();
            let on: Uuid = on.as_str().unwrap().parse().unwrap();
            let (context, now) = (users.service.context(), users.service.clock().now());
            let row = |_| -> [orm::Value; 6] {
                let id = context.ids().v7();
                [id.into(), on.into(), bob.id.into(), 0.into(), now.into(), now.into()]
            };
            let tx = store.db.begin().await.unwrap();
            sql::execute(&tx, &insert, (0..909).flat_map(row)).await.unwrap();
            tx.commit().await.unwrap();
        }
        let on = users.data(&ada, NOTE, json!({})).await["createAnnotation"]["id"].clone();
        users.data(&bob, SAY, json!({ "on": on })).await;

        let more = users.refusal(&bob, SAY, json!({ "on": on })).await;

        assert_eq!(more, "CONFLICT");
        users.data(&ada, SAY, json!({ "on": on })).await;
    }
}

#[tokio::test]
async fn nobody_is_flooded_with_the_charts_of_one_other() {
    for users in Users::everywhere().await {
        let (ada, bob, eve) = users.three().await;
        let draw = async |by: &Person| users.data(by, DRAW, json!({})).await["createChart"]["id"].clone();
        let with_bob = |chart: &Value| json!({ "chart": chart, "with": bob.id });
        let first = draw(&ada).await;
        users.data(&ada, SHARE, with_bob(&first)).await;
        for _ in 0..49 {
            users.data(&ada, SHARE, with_bob(&draw(&ada).await)).await;
        }
        let one_more = draw(&ada).await;

        assert_eq!(users.refusal(&ada, SHARE, with_bob(&one_more)).await, "CONFLICT");

        // What is shared already may change, others may share too, and who lets go makes room.
        users.data(&ada, SHARE, with_bob(&first)).await;
        users
            .data(&ada, SHARE, json!({ "chart": one_more, "with": eve.id }))
            .await;
        users.data(&eve, SHARE, with_bob(&draw(&eve).await)).await;
        let let_go = "mutation ($chart: ID!, $with: ID!) { shareChart(chartId: $chart, userId: $with) { id } }";
        users.data(&bob, let_go, with_bob(&first)).await;
        users.data(&ada, SHARE, with_bob(&one_more)).await;
    }
}

#[tokio::test]
async fn nobody_is_flooded_by_charts_that_are_shared_at_once() {
    let Some(users) = Users::on_postgres().await else {
        return;
    };
    let (ada, bob) = (users.person("ada").await, users.person("bob").await);
    let (of_ada, of_bob) = (json!(ada.id), json!(bob.id));
    let shared = "with made as (insert into chart select gen_random_uuid(), ADA, 't', null, '{}', NOW, NOW
        from generate_series(1, 49) returning id)
        insert into chart_share select gen_random_uuid(), id, BOB, 'view', NOW from made";
    fill(&users, shared, &[("ADA", &of_ada), ("BOB", &of_bob)]).await;
    let mut share = Vec::new();
    for _ in 0..CROWD {
        let chart = users.data(&ada, DRAW, json!({})).await["createChart"]["id"].clone();
        share.push((&ada, SHARE, json!({ "chart": chart, "with": bob.id })));
    }

    let followed = followed(&users, "chart_share", share).await;

    assert_eq!(followed, 1);
}
