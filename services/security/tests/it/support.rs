//! The service on a database of each kind, and people who ask it.

use platform_events::{Cause, Event, Events};
pub(crate) use platform_testing::eventually as until;
use platform_testing::{TestClient, TestIssuer, TestPostgres, TestService};
use security::{
    store::{Others, Store, administrator},
    subject::Subject,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// The service under test.
pub(crate) struct Security {
    pub(crate) service: TestService,
    pub(crate) issuer: TestIssuer,
    pub(crate) store: Store,
    _postgres: Option<TestPostgres>,
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: Uuid,
    pub(crate) client: TestClient,
}

impl Security {
    async fn start(postgres: Option<TestPostgres>, other: &[(&str, &str)]) -> Self {
        let issuer = TestIssuer::default();
        let url = postgres.as_ref().map(|postgres| ("database.url", postgres.url()));
        let usual = [
            ("database.min-connections", "0"),
            ("database.max-connections", "2"),
            ("events.poll", "20ms"),
            ("security.refresh", "20ms"),
            // A machine may stand still for longer than anybody would wait.
            ("http.timeout", "10m"),
            ("database.acquire-timeout", "10m"),
            ("database.statement-timeout", "10m"),
        ];
        let other = other.iter().copied();
        let settings: Vec<_> = usual.into_iter().chain(url).chain(other).collect();
        let service = TestService::believing(&issuer, security::service(), &settings).await;
        Self {
            store: service.store(),
            service,
            issuer,
            _postgres: postgres,
        }
    }

    /// The service on every database that this machine has.
    pub(crate) async fn everywhere() -> Vec<Self> {
        Self::everywhere_with(&[]).await
    }

    /// The same with other settings.
    pub(crate) async fn everywhere_with(settings: &[(&str, &str)]) -> Vec<Self> {
        let mut all = vec![Self::start(None, settings).await];
        if let Some(postgres) = TestPostgres::start().await {
            all.push(Self::start(Some(postgres), settings).await);
        }
        all
    }

    /// The service on a file of its own.
    pub(crate) async fn one() -> Self {
        Self::start(None, &[]).await
    }

    /// Stops the service. Its connections would otherwise stay open for as long as the test process lives.
    pub(crate) async fn stop(self) {
        self.service.stop().await;
    }

    /// A new person without roles.
    pub(crate) fn person(&self) -> Person {
        let id = self.service.context().ids().v7();
        let client = self.service.bearer(&self.issuer.user(id));
        Person { id, client }
    }

    /// The administrator of everything.
    pub(crate) async fn root(&self) -> Person {
        let root = self.person();
        let subject = Subject::User(root.id);
        let appointed = self.store.appoint_to(subject, administrator(), Others::Allow);
        appointed.await.unwrap();
        root
    }

    /// Somebody to whom `by` granted a role in a workspace.
    pub(crate) async fn with(&self, by: &Person, role: &str, workspace: Uuid) -> Person {
        let person = self.person();
        by.grant(&person, role, json!({ "workspace": workspace })).await;
        person
    }

    /// A client of a service of ours.
    pub(crate) fn service_client(&self, name: &str) -> TestClient {
        self.service.bearer(&self.issuer.service(name, "security"))
    }

    /// A client with an API key of a person's, limited to these scopes.
    pub(crate) fn key_of(&self, person: &Person, scope: &str) -> TestClient {
        let mut claims = self.issuer.claims(person.id);
        claims.kind = platform_auth::Kind::Key;
        claims.scope = scope.to_owned();
        self.service.bearer(&self.issuer.sign(&claims))
    }

    /// Tells the service something, as another would.
    pub(crate) async fn tell<E: Event>(&self, event: &E, cause: &Cause) {
        let events: &Events = self.store.as_ref();
        let tx = self.store.db().begin().await.unwrap();
        events.publish(&tx, event, cause).await.unwrap();
        tx.commit().await.unwrap();
    }
}

impl Person {
    pub(crate) fn subject(&self) -> String {
        format!("user:{}", self.id)
    }

    /// Grants a role and gives back the grant.
    pub(crate) async fn grant(&self, to: &Person, role: &str, place: Value) -> Value {
        let answer = self.try_grant(to, role, place).await;
        data(&answer)["grantRole"].clone()
    }

    pub(crate) async fn try_grant(&self, to: &Person, role: &str, place: Value) -> Value {
        let mut input = json!({ "subject": to.subject(), "role": role });
        input
            .as_object_mut()
            .unwrap()
            .extend(place.as_object().unwrap().clone());
        let grant =
            "mutation($input: GrantRoleInput!) { grantRole(input: $input) { id subject role place expiresAt } }";
        self.client.graphql_with(grant, json!({ "input": input })).await
    }

    pub(crate) async fn revoke(&self, grant: &Value) -> Value {
        let revoke = "mutation($id: UUID!) { revokeGrant(id: $id) }";
        self.client.graphql_with(revoke, json!({ "id": grant["id"] })).await
    }

    /// Makes a role in a workspace, or everywhere.
    pub(crate) async fn make(&self, workspace: Option<Uuid>, name: &str, permissions: &[&str]) -> Value {
        let make = "mutation($input: CreateAccessRoleInput!) { createAccessRole(input: $input) { key name permissions holds } }";
        let input = json!({ "workspace": workspace, "name": name, "permissions": permissions });
        self.client.graphql_with(make, json!({ "input": input })).await
    }

    pub(crate) async fn change(&self, key: &Value, input: Value) -> Value {
        let change = "mutation($key: String!, $input: UpdateAccessRoleInput!) {
            updateAccessRole(key: $key, input: $input) { key name permissions } }";
        self.client
            .graphql_with(change, json!({ "key": key, "input": input }))
            .await
    }

    pub(crate) async fn delete(&self, key: &Value) -> Value {
        let delete = "mutation($key: String!) { deleteAccessRole(key: $key) }";
        self.client.graphql_with(delete, json!({ "key": key })).await
    }

    /// Whether this person may do something in a workspace, or in general.
    pub(crate) async fn may(&self, permission: &str, workspace: Option<Uuid>) -> bool {
        let check = "query($permission: String!, $resource: AccessResourceInput) {
            checkPermission(permission: $permission, resource: $resource) { allowed } }";
        let variables = json!({ "permission": permission, "resource": { "workspace": workspace } });
        let answer = self.client.graphql_with(check, variables).await;
        let allowed = data(&answer)["checkPermission"]["allowed"].as_bool();
        allowed.unwrap_or_else(|| panic!("{answer:#}"))
    }
}

/// What an answer says. It says all of it where anything was refused.
pub(crate) fn data(answer: &Value) -> &Value {
    assert!(answer["errors"].is_null() && answer["data"].is_object(), "{answer:#}");
    &answer["data"]
}

/// The code of the only error.
pub(crate) fn code(answer: &Value) -> String {
    let code = &answer["errors"][0]["extensions"]["code"];
    code.as_str()
        .unwrap_or_else(|| panic!("not refused: {answer:#}"))
        .to_owned()
}

pub(crate) const HERE: Uuid = Uuid::from_u128(0x1);
pub(crate) const THERE: Uuid = Uuid::from_u128(0x2);
