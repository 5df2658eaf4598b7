//! Relational data on SQLite and PostgreSQL: one door for writes, migrations, exact values, pages, text and places.
//!
//! A service writes its queries once, with SeaORM ([`orm`]), and says in its migrations how its tables look:
//!
//! ```ignore
//! let db = Database::open(&context, &[platform_jobs::MIGRATIONS, MIGRATIONS]).await?;
//! let user = user::Entity::find_by_id(id).one(db.read()).await?;
//! let tx = db.begin().await?;
//! user.insert(&tx).await.on_unique(|| Error::EmailTaken(email))?;
//! tx.commit().await?;
//! ```

mod connect;
mod database;
mod entity;
mod error;
mod exact;
pub mod geo;
mod kept;
mod lookup;
mod migrate;
mod page;
mod settings;
pub mod sql;
mod statements;
pub mod text;
mod tx;
mod whole;

pub use sea_orm as orm;

pub use crate::{
    database::{Database, Kind},
    error::{DatabaseError, OnConflict},
    exact::Exact,
    lookup::Lookup,
    migrate::{Migration, Migrations},
    page::{Connection, Key, PageArgs, page},
    settings::{Migrate, Settings},
    statements::Statements,
    tx::Tx,
};
