//! PostgreSQL alone: the statement that the service sends, without the service.

use anyhow::Result;
use sqlx::{
    PgPool, Row,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

/// As many connections as a service takes unless told otherwise.
pub(crate) const CONNECTIONS: u32 = 20;
/// What the service `users` asks for a profile.
const SELECT: &str = r#"SELECT "profile"."id", "profile"."email", "profile"."name", "profile"."first_name",
    "profile"."last_name", "profile"."organization", "profile"."avatar_url", "profile"."locale", "profile"."time_zone",
    "profile"."created_at", "profile"."updated_at" FROM "profile" WHERE "profile"."id" = $1 LIMIT $2"#;

/// A pool on the schema of the service `users`, its connections open.
pub(crate) async fn pool(url: &str) -> Result<PgPool> {
    let options = url.parse::<PgConnectOptions>()?.options([("search_path", "users")]);
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .min_connections(CONNECTIONS);
    Ok(pool.connect_with(options).await?)
}

/// Asks for a profile.
pub(crate) async fn select(pool: &PgPool, id: Uuid) -> Result<String> {
    let row = sqlx::query(SELECT).bind(id).bind(1_i64).fetch_one(pool).await?;
    Ok(row.try_get("name")?)
}
