//! The three tables of the service, as every Iceberg engine sees them.

use platform_lake::{Column, Kind, TableDef};

const fn column(name: &'static str, kind: Kind, doc: &'static str) -> Column {
    Column {
        name,
        kind,
        required: true,
        doc,
    }
}

const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Column {
    Column {
        name,
        kind,
        required: false,
        doc,
    }
}

/// Every revision of every observation.
pub(crate) const POINTS: TableDef = TableDef {
    namespace: "financial_data",
    name: "data_points",
    columns: &[
        column("series_id", Kind::Text, "The series, by its id in table series"),
        column("date", Kind::Date, "The observation date: the first day of the period"),
        optional("value", Kind::Decimal(28, 10), "The value; null is a withdrawal"),
        optional(
            "digits",
            Kind::Int,
            "Digits after the point as published; null for a withdrawal",
        ),
        column("revision_date", Kind::Date, "When this value was published"),
        optional(
            "is_original_release",
            Kind::Bool,
            "As the source declares; null: by the frontier rule",
        ),
        optional("metadata", Kind::Text, "A JSON object"),
        column("created_at", Kind::Instant, "When this row was stored"),
        column(
            "updated_at",
            Kind::Instant,
            "When this row was stored; of equal keys the newest holds",
        ),
    ],
    key: &["series_id", "date", "revision_date"],
    stamps: &["created_at", "updated_at"],
};

/// What is measured.
pub(crate) const SERIES: TableDef = TableDef {
    namespace: "financial_data",
    name: "series",
    columns: &[
        column("id", Kind::Text, "UUIDv5 of source and external id"),
        column("source_id", Kind::Text, "The source, by its id in table sources"),
        column("external_id", Kind::Text, "What the source calls it"),
        column("title", Kind::Text, "What it is"),
        optional("description", Kind::Text, "What it is, at length"),
        optional("units", Kind::Text, "The unit of its values"),
        column("frequency", Kind::Text, "How often it has an observation"),
        optional("seasonal_adjustment", Kind::Text, "How it is seasonally adjusted"),
        optional(
            "start_date",
            Kind::Date,
            "First observation date as the source declares it",
        ),
        optional(
            "end_date",
            Kind::Date,
            "Last observation date as the source declares it",
        ),
        column("is_active", Kind::Bool, "Whether the source still publishes it"),
        optional("metadata", Kind::Text, "A JSON object"),
        column("created_at", Kind::Instant, "When it was first named"),
        column("updated_at", Kind::Instant, "When this description was stored"),
    ],
    key: &["id"],
    stamps: &["updated_at"],
};

/// Who publishes.
pub(crate) const SOURCES: TableDef = TableDef {
    namespace: "financial_data",
    name: "sources",
    columns: &[
        column("id", Kind::Text, "UUIDv5 of the name in lower case"),
        column("name", Kind::Text, "Unique whatever its case"),
        optional("description", Kind::Text, "What it is"),
        optional("url", Kind::Text, "Where its data can be found"),
        column("created_at", Kind::Instant, "When it was first named"),
        column("updated_at", Kind::Instant, "When this description was stored"),
    ],
    key: &["id"],
    stamps: &["updated_at"],
};
