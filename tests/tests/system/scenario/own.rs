//! What people keep for themselves: a profile, preferences, a watchlist, and saved series joined to what is known of them.

use platform_http::Method;
use serde_json::{Value, json};

use super::{people::People, script::Script};

const SERIES: &str = "/api/v1/financial-data/bulk?source=TEST";
const JOINED: &str = "{ me { name preferences { theme defaultChart } savedSeries { note series { id name } }
    financialSeries { id name latest { date value revisionDate } }
    watchlists { name items { note series { id latest { value } } } } } }";

pub(crate) async fn keep(script: &mut Script<'_>, people: &People) {
    let (ada, bob, eve) = (&people.ada, &people.bob, &people.eve);
    let rows = json!([
        { "series_id": "GDP", "date": "2020-01-01", "value": "21537.94", "revision_date": "2020-04-29" },
        { "series_id": "GDP", "date": "2020-04-01", "value": "19408.759", "revision_date": "2020-07-30" },
        { "series_id": "RATE", "date": "2020-04-01", "value": "0.05", "revision_date": "2020-04-02" },
    ]);
    for (who, status) in [(&people.nobody, 401), (ada, 403), (&people.admin, 200)] {
        let call = ("financial-data", Method::POST, SERIES, rows.clone());
        script.rest(who, call, status).await;
    }

    let profile =
        "mutation ($input: ProfileInput!) { updateProfile(input: $input) { name organization timeZone locale } }";
    let input = json!({ "organization": "Analytical Engines", "timeZone": "Europe/London", "locale": "en-GB" });
    script.data(ada, profile, json!({ "input": input })).await;
    let wrong = json!({ "input": { "timeZone": "Mars/Olympus" } });
    script.refused(ada, (profile, wrong), "INVALID").await;
    let like = "mutation { updatePreferences(input: { theme: DARK, defaultChart: BAR }) { theme notifications } }";
    script.data(ada, like, json!({})).await;

    let save = "mutation ($series: String!) { saveSeries(series: $series, note: \"output\") { note } }";
    script.data(ada, save, json!({ "series": "TEST:GDP" })).await;
    script.data(ada, save, json!({ "series": "TEST:NONE" })).await;
    script
        .refused(ada, (save, json!({ "series": "TEST:GDP" })), "CONFLICT")
        .await;
    let list = script
        .data(
            ada,
            "mutation { createWatchlist(name: \"rates\") { id name } }",
            json!({}),
        )
        .await;
    let on = json!({ "id": list["createWatchlist"]["id"] });
    let add = "mutation ($id: ID!) { addToWatchlist(watchlistId: $id, series: \"TEST:RATE\", note: \"low\") { name } }";
    script.data(ada, add, on.clone()).await;
    script.refused(bob, (add, on.clone()), "NOT_FOUND").await;
    let rename = "mutation ($id: ID!) { renameWatchlist(id: $id, name: \"mine now\") { name } }";
    script.refused(bob, (rename, on), "NOT_FOUND").await;
    // What is not there is null, and takes nothing else away.
    let is_joined = |data: &Value| data["me"]["financialSeries"][0]["latest"]["value"] == "19408.759";
    let joined = script.until(ada, (JOINED, json!({})), is_joined).await;
    assert_eq!(
        joined["me"]["savedSeries"][1],
        json!({ "note": "output", "series": null })
    );

    let card = "query ($id: ID!) { user(id: $id) { name organization avatarUrl } }";
    script.data(bob, card, json!({ "id": ada.id })).await;
    for private in [
        "email",
        "preferences { theme }",
        "financialSeries { id }",
        "watchlists { name }",
    ] {
        let query = format!("query ($id: ID!) {{ user(id: $id) {{ {private} }} }}");
        script
            .refused(eve, (&query, json!({ "id": ada.id })), "FORBIDDEN")
            .await;
    }
}
