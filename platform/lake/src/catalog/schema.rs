//! The SQL of the catalog: the JDBC catalog tables as Java's and Python's catalogs of Iceberg create them, and our receipts.

use chrono::{DateTime, SecondsFormat, Utc};

/// Safe to run at every start, also by several processes at once.
pub(super) const TABLES: [&str; 3] = [
    "create table if not exists iceberg_tables (
        catalog_name varchar(255) not null,
        table_namespace varchar(255) not null,
        table_name varchar(255) not null,
        metadata_location varchar(1000),
        previous_metadata_location varchar(1000),
        iceberg_type varchar(5),
        primary key (catalog_name, table_namespace, table_name)
    )",
    "create table if not exists iceberg_namespace_properties (
        catalog_name varchar(255) not null,
        namespace varchar(255) not null,
        property_key varchar(255) not null,
        property_value varchar(1000) not null,
        primary key (catalog_name, namespace, property_key)
    )",
    "create table if not exists hansa_receipts (
        catalog_name varchar(255) not null,
        table_namespace varchar(255) not null,
        table_name varchar(255) not null,
        receipt_key varchar(255) not null,
        fingerprint varchar(255) not null,
        body text not null,
        acknowledged_at varchar(32) not null,
        primary key (catalog_name, table_namespace, table_name, receipt_key)
    )",
];

/// Fails where a table is missing, or a column in a catalog made before Iceberg knew views.
pub(super) const PROBE: &str = "select t.iceberg_type, n.property_key, r.body
    from iceberg_tables t, iceberg_namespace_properties n, hansa_receipts r limit 0";

pub(super) const ADD_TYPE: &str = "alter table iceberg_tables add column iceberg_type varchar(5)";

/// PostgreSQL lets two sessions fail that create one table at the same time. The number is arbitrary.
pub(super) const ONE_AT_A_TIME: &str = "select pg_advisory_xact_lock(7203114)::text";

pub(super) const ADD_NAMESPACE: &str = "insert into iceberg_namespace_properties
    (catalog_name, namespace, property_key, property_value) values ($1, $2, 'exists', 'true') on conflict do nothing";

pub(super) const ADD_TABLE: &str = "insert into iceberg_tables
    (catalog_name, table_namespace, table_name, metadata_location, iceberg_type)
    values ($1, $2, $3, $4, 'TABLE') on conflict do nothing";

pub(super) const POINTER: &str = "select metadata_location from iceberg_tables
    where catalog_name = $1 and table_namespace = $2 and table_name = $3
    and (iceberg_type = 'TABLE' or iceberg_type is null)";

/// Waits for the transaction that may be moving the pointer at this moment. SQLite has no such clause and needs
/// none: there the whole transaction waits for the other.
pub(super) const POINTER_SETTLED: &str = "select metadata_location from iceberg_tables
    where catalog_name = $1 and table_namespace = $2 and table_name = $3
    and (iceberg_type = 'TABLE' or iceberg_type is null) for update";

pub(super) const SWAP: &str = "update iceberg_tables set metadata_location = $5, previous_metadata_location = $4
    where catalog_name = $1 and table_namespace = $2 and table_name = $3 and metadata_location = $4
    and (iceberg_type = 'TABLE' or iceberg_type is null)";

pub(super) const ADD_RECEIPT: &str = "insert into hansa_receipts
    (catalog_name, table_namespace, table_name, receipt_key, fingerprint, body, acknowledged_at)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing";

pub(super) const RECEIPT: &str = "select fingerprint, body, acknowledged_at from hansa_receipts
    where catalog_name = $1 and table_namespace = $2 and table_name = $3 and receipt_key = $4";

pub(super) const FORGET_RECEIPTS: &str = "delete from hansa_receipts where catalog_name = $1 and acknowledged_at < $2";

pub(super) const LIST: &str = "select table_namespace, table_name from iceberg_tables
    where catalog_name = $1 and (iceberg_type = 'TABLE' or iceberg_type is null)
    order by table_namespace, table_name";

pub(super) const DROP: &str = "delete from iceberg_tables
    where catalog_name = $1 and table_namespace = $2 and table_name = $3
    and (iceberg_type = 'TABLE' or iceberg_type is null)";

pub(super) const DROP_RECEIPTS: &str = "delete from hansa_receipts
    where catalog_name = $1 and table_namespace = $2 and table_name = $3";

/// A time as text of fixed width, so that the order of the texts is the order of the times.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
