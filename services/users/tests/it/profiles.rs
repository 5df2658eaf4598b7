//! Profiles, and who may see what of them.

use contracts::users::{EmailChanged, Registered};
use platform_auth::Kind;
use serde_json::json;

use crate::support::{Person, Users};

#[tokio::test]
async fn a_profile_comes_with_the_registration_and_only_once() {
    for users in Users::everywhere().await {
        let ada = users.person("ada").await;
        users
            .data(
                &ada,
                "mutation { updateProfile(input: { name: \"Ada L.\" }) { name } }",
                json!({}),
            )
            .await;

        users
            .tell(&Registered {
                user: ada.id,
                email: "ada@example.com".into(),
                name: None,
                locale: None,
            })
            .await;
        users
            .tell(&EmailChanged {
                user: ada.id,
                email: "Countess@example.com".into(),
            })
            .await;

        let email = async || users.data(&ada, "{ me { email } }", json!({})).await["me"]["email"].clone();
        users
            .until("the new address arrives", async || {
                email().await == "countess@example.com"
            })
            .await;
        assert_eq!(
            users.data(&ada, "{ me { name } }", json!({})).await["me"]["name"],
            "Ada L."
        );
    }
}

#[tokio::test]
async fn nobody_learns_the_address_of_who_gave_no_name() {
    for users in Users::everywhere().await {
        let (bob, id) = (users.person("bob").await, users.service.context().ids().v7());
        for name in [None, Some("  ".to_owned())] {
            users
                .tell(&Registered {
                    user: id,
                    email: "augusta.king@example.com".into(),
                    name,
                    locale: None,
                })
                .await;
        }
        let read = "query ($id: ID!) { user(id: $id) { name } }";
        let arrived = async || !users.data(&bob, read, json!({ "id": id })).await["user"].is_null();
        users.until("the profile arrives", arrived).await;

        let shown = users.data(&bob, read, json!({ "id": id })).await;

        assert_eq!(shown["user"]["name"], "Somebody");
    }
}

#[tokio::test]
async fn nobody_and_services_are_refused_everywhere() {
    for users in Users::everywhere().await {
        let nobody = users.service.graphql("{ me { name } }").await;
        let service = Person {
            id: uuid::Uuid::nil(),
            token: users.issuer.service("crawler", "hansa"),
        };

        assert_eq!(nobody["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        assert_eq!(users.refusal(&service, "{ me { name } }", json!({})).await, "FORBIDDEN");
        let entity = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { name } } }";
        let representation = json!({ "query": entity, "variables": { "r": [{ "__typename": "User", "id": "x" }] } });
        let answer = users.service.post("/graphql", &representation).await.json();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
    }
}

#[tokio::test]
async fn a_key_does_only_what_it_was_made_for() {
    for users in Users::everywhere().await {
        let ada = users.person("ada").await;
        let mut claims = users.issuer.claims(ada.id);
        (claims.kind, claims.scope) = (Kind::Key, "users:read".into());
        let key = Person {
            id: ada.id,
            token: users.issuer.sign(&claims),
        };

        assert_eq!(
            users.data(&key, "{ me { name } }", json!({})).await["me"]["name"],
            "ada"
        );
        let write = "mutation { updateProfile(input: { name: \"x\" }) { name } }";
        assert_eq!(users.refusal(&key, write, json!({})).await, "FORBIDDEN");
    }
}

#[tokio::test]
async fn others_see_a_name_and_nothing_private() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let id = json!({ "id": ada.id });

        let card = users
            .data(
                &bob,
                "query ($id: ID!) { user(id: $id) { id name organization } }",
                id.clone(),
            )
            .await;
        assert_eq!(
            card["user"],
            json!({ "id": ada.id, "name": "ada", "organization": null })
        );
        for private in [
            "email",
            "createdAt",
            "preferences { theme }",
            "financialSeries { id }",
            "savedSeries { note }",
            "watchlists { name }",
            "workspaces { name }",
            "annotations { nodes { title } }",
            "charts { nodes { title } }",
            "dataExports { id }",
        ] {
            let query = format!("query ($id: ID!) {{ user(id: $id) {{ {private} }} }}");
            assert_eq!(users.refusal(&bob, &query, id.clone()).await, "FORBIDDEN", "{private}");
        }
    }
}

#[tokio::test]
async fn what_others_are_not_told_takes_nothing_of_what_they_may_see_away() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let read = "query ($of: [_Any!]!, $id: ID!) {
            user(id: $id) { name firstName lastName locale timeZone }
            _entities(representations: $of) { ... on User { name firstName } }
        }";
        let of = |person: &Person| json!({ "__typename": "User", "id": person.id });
        let variables = json!({ "id": ada.id, "of": [of(&bob), of(&ada)] });

        let answer = users.ask_with(&bob, read, variables).await;

        let alone = json!({ "name": "ada", "firstName": null, "lastName": null, "locale": null, "timeZone": null });
        assert_eq!(answer["data"]["user"], alone, "{answer}");
        let entities = json!([{ "name": "bob", "firstName": null }, { "name": "ada", "firstName": null }]);
        assert_eq!(answer["data"]["_entities"], entities, "{answer}");
        let errors = answer["errors"].as_array().unwrap();
        assert!(
            errors.iter().all(|error| error["extensions"]["code"] == "FORBIDDEN"),
            "{answer}"
        );
        let paths: Vec<_> = errors.iter().map(|error| error["path"].to_string()).collect();
        assert_eq!(paths.len(), 5);
        assert!(
            paths.contains(&json!(["_entities", 1, "firstName"]).to_string()),
            "{paths:?}"
        );
        assert!(paths.contains(&json!(["user", "timeZone"]).to_string()), "{paths:?}");
    }
}

#[tokio::test]
async fn a_person_who_is_asked_for_too_much_of_is_null_and_no_other_is() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let read = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { name email } } }";
        let of = |id: &str| json!({ "__typename": "User", "id": id });
        let of = [
            of(&ada.id.to_string()),
            of(&bob.id.to_string()),
            of("x"),
            json!({ "__typename": "Nobody" }),
        ];

        let answer = users.ask_with(&bob, read, json!({ "of": of })).await;

        let entities = json!([null, { "name": "bob", "email": "bob@example.com" }, null, null]);
        assert_eq!(answer["data"]["_entities"], entities, "{answer}");
        let errors = answer["errors"].as_array().unwrap();
        let mut told: Vec<_> = errors
            .iter()
            .map(|error| (error["path"].to_string(), &error["extensions"]["code"]))
            .collect();
        told.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let expected = [
            (json!(["_entities", 0, "email"]).to_string(), &json!("FORBIDDEN")),
            (json!(["_entities", 3]).to_string(), &json!("INVALID")),
        ];
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn a_profile_takes_what_makes_sense_and_says_what_does_not() {
    for users in Users::everywhere().await {
        let ada = users.person("ada").await;
        let change =
            "mutation ($input: ProfileInput!) { updateProfile(input: $input) { name locale timeZone avatarUrl } }";

        let input = json!({ "locale": "de-CH", "timeZone": "Europe/Zurich", "avatarUrl": "https://example.com/a.png" });
        let changed = users.data(&ada, change, json!({ "input": input })).await;
        assert_eq!(changed["updateProfile"]["timeZone"], "Europe/Zurich");

        for wrong in [
            json!({ "name": "  " }),
            json!({ "name": "x".repeat(101) }),
            json!({ "name": "a\u{0}b" }),
            json!({ "timeZone": "Mars/Olympus" }),
            json!({ "avatarUrl": "javascript:alert(1)" }),
            json!({ "locale": "de CH" }),
        ] {
            assert_eq!(
                users.refusal(&ada, change, json!({ "input": wrong })).await,
                "INVALID",
                "{wrong}"
            );
        }
    }
}

#[tokio::test]
async fn a_new_account_whose_profile_has_not_arrived_is_told_to_wait() {
    for users in Users::everywhere().await {
        let id = users.service.context().ids().v7();
        let early = Person {
            id,
            token: users.issuer.user(id),
        };

        assert_eq!(users.refusal(&early, "{ me { name } }", json!({})).await, "UNAVAILABLE");
    }
}

#[tokio::test]
async fn preferences_are_the_usual_ones_until_they_are_changed() {
    for users in Users::everywhere().await {
        let ada = users.person("ada").await;
        let read = "{ me { preferences { theme defaultChart notifications } } }";

        let usual = users.data(&ada, read, json!({})).await;
        users
            .data(
                &ada,
                "mutation { updatePreferences(input: { theme: DARK }) { theme } }",
                json!({}),
            )
            .await;
        users
            .data(
                &ada,
                "mutation { updatePreferences(input: { notifications: false }) { theme } }",
                json!({}),
            )
            .await;

        assert_eq!(
            usual["me"]["preferences"],
            json!({ "theme": "SYSTEM", "defaultChart": "LINE", "notifications": true })
        );
        let changed = users.data(&ada, read, json!({})).await;
        assert_eq!(
            changed["me"]["preferences"],
            json!({ "theme": "DARK", "defaultChart": "LINE", "notifications": false })
        );
    }
}
