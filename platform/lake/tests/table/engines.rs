//! What other engines leave in a table, tags, files of deletes and dropped columns, and what they are told of it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Decimal128Array, RecordBatch, StringArray};
use bytes::Bytes;
use chrono::{DateTime, Duration};
use iceberg::TableUpdate;
use iceberg::io::FileIO;
use iceberg::spec::{
    DataContentType, DataFile, DataFileBuilder, DataFileFormat, FormatVersion, MAIN_BRANCH, Manifest, ManifestFile,
    ManifestList, ManifestListWriter, ManifestWriterBuilder, Operation, PrimitiveLiteral, Schema, Snapshot,
    SnapshotReference, SnapshotRetention, Summary, TableMetadata,
};
use platform_error::{Code, Error};
use platform_lake::catalog::{Catalog, Change, Loaded, Outcome, SqlCatalog, TableName};
use platform_lake::storage::Storage;
use platform_lake::{Column, Env, Kind, Lake, LakeConfig, Moment, Retention, S3Options, SchemaChange, TableDef};

use crate::support::{POINTS, lake, read, rows, table};

fn points() -> TableName {
    TableName::new("test", "points")
}

/// The catalog as another engine has it, and the table there.
async fn opened(home: &Path) -> (SqlCatalog, Loaded) {
    let config = LakeConfig::local(home);
    let storage = Storage::open(&config.warehouse, &S3Options::default()).unwrap();
    let catalog = SqlCatalog::open(&config.catalog, storage, "hansa").await.unwrap();
    let loaded = catalog.load(&points(), None).await.unwrap().unwrap();
    (catalog, loaded)
}

/// Commits as another engine.
pub(crate) async fn commit(
    home: &Path,
    make: impl AsyncFn(&TableMetadata) -> (Vec<TableUpdate>, Vec<(String, Bytes)>),
) {
    let (catalog, base) = opened(home).await;
    let (updates, files) = make(&base.metadata).await;
    let change = Change {
        base: &base,
        updates,
        files,
        receipts: Vec::new(),
        now: DateTime::from_timestamp_millis(base.metadata.last_updated_ms() + 1).unwrap(),
    };
    let outcome = catalog.commit(&points(), change).await.unwrap();
    assert!(matches!(outcome, Outcome::Committed(_)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_a_tag_names_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let newest = Retention {
        last: 1,
        hourly: Duration::zero(),
        daily: Duration::zero(),
    };
    let config = LakeConfig {
        history: newest.clone(),
        ..LakeConfig::local(home.path())
    };
    let lake = Lake::open(&config, Env::system()).await.unwrap();
    let table = lake.table(POINTS).await.unwrap();
    table.append(rows(&[("a", 1, 1)]), None).await.unwrap();
    let tagged = table.snapshot().id().unwrap();
    let reference = SnapshotReference::new(tagged, SnapshotRetention::Tag { max_ref_age_ms: None });
    let tag = TableUpdate::SetSnapshotRef {
        ref_name: "audited".into(),
        reference,
    };
    commit(home.path(), async |_| (vec![tag.clone()], Vec::new())).await;

    for value in 0..40 {
        table.append(rows(&[("a", 1, value)]), None).await.unwrap();
    }
    let after_commits = table.snapshots().await.unwrap().len();
    table.expire(&newest).await.unwrap();
    table.sweep(Duration::zero()).await.unwrap();

    assert!(after_commits < 30, "{after_commits} snapshots");
    assert_eq!(table.snapshots().await.unwrap().len(), 2);
    let (_, loaded) = opened(home.path()).await;
    let named = loaded
        .metadata
        .snapshot_for_ref("audited")
        .map(|named| named.snapshot_id());
    assert_eq!(named, Some(tagged));
    let past = table.snapshot_at(Moment::Snapshot(tagged)).await.unwrap();
    assert_eq!(read(&past, "a").await, [(1, 1)]);
}

/// A new snapshot of a table that has nothing but a file of deletes.
async fn of_deletes(metadata: &TableMetadata) -> (Vec<TableUpdate>, Vec<(String, Bytes)>) {
    let deletes = DataFileBuilder::default()
        .content(DataContentType::PositionDeletes)
        .file_path(format!("{}/data/deletes.parquet", metadata.location()))
        .file_format(DataFileFormat::Parquet)
        .record_count(1)
        .file_size_in_bytes(1)
        .build()
        .unwrap();
    of_file(metadata, deletes).await
}

/// A new snapshot of a table that has nothing but one file.
pub(crate) async fn of_file(metadata: &TableMetadata, file: DataFile) -> (Vec<TableUpdate>, Vec<(String, Bytes)>) {
    let (location, id, sequence) = (metadata.location(), 7, metadata.next_sequence_number());
    let address = |name: &str| format!("{location}/metadata/{name}.avro");
    let io = FileIO::new_with_memory();
    let (schema, spec) = (metadata.current_schema().clone(), metadata.default_partition_spec());
    let output = io.new_output("memory:/deletes.avro").unwrap();
    let writer = ManifestWriterBuilder::new(output, Some(id), schema, (**spec).clone());
    let mut writer = match file.content_type() {
        DataContentType::Data => writer.build_v2_data(),
        _ => writer.build_v2_deletes(),
    };
    writer.add_file(file, -1).unwrap();
    let written = writer.write_manifest_file().await.unwrap();
    let manifest = ManifestFile {
        manifest_path: address("deletes"),
        sequence_number: sequence,
        min_sequence_number: sequence,
        ..written
    };
    let output = io.new_output("memory:/list.avro").unwrap().writer().await.unwrap();
    let mut list = ManifestListWriter::v2(output, id, metadata.current_snapshot_id(), sequence);
    list.add_manifests([manifest].into_iter()).unwrap();
    list.close().await.unwrap();
    let snapshot = Snapshot::builder()
        .with_snapshot_id(id)
        .with_parent_snapshot_id(metadata.current_snapshot_id())
        .with_sequence_number(sequence)
        .with_timestamp_ms(metadata.last_updated_ms() + 1)
        .with_manifest_list(address("list"))
        .with_schema_id(metadata.current_schema_id())
        .with_summary(Summary {
            operation: Operation::Delete,
            additional_properties: HashMap::new(),
        })
        .build();
    let mut files = Vec::new();
    for name in ["deletes", "list"] {
        let input = io.new_input(format!("memory:/{name}.avro")).unwrap();
        files.push((address(name), input.read().await.unwrap()));
    }
    let reference = SnapshotReference::new(id, SnapshotRetention::branch(None, None, None));
    let ref_name = MAIN_BRANCH.to_string();
    let updates = vec![
        TableUpdate::AddSnapshot { snapshot },
        TableUpdate::SetSnapshotRef { ref_name, reference },
    ];
    (updates, files)
}

#[tokio::test(flavor = "multi_thread")]
async fn deletes_of_another_engine_are_no_fault_of_a_client() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    table.append(rows(&[("a", 1, 1)]), None).await.unwrap();
    commit(home.path(), of_deletes).await;

    let refused = table.append(rows(&[("a", 1, 2)]), None).await.unwrap_err();

    let logged = refused.to_string();
    assert!(
        logged.contains("delete files") && logged.contains("deletes.parquet"),
        "{logged}"
    );
    let told = Error::from(refused);
    assert_eq!((told.code(), told.http_status()), (Code::Internal, 500));
    assert!(!told.message().contains("file:"), "{}", told.message());
}

fn added(name: &str) -> Vec<SchemaChange> {
    let (name, doc) = (name.to_owned(), String::new());
    let kind = Kind::Text;
    vec![SchemaChange::Add { name, kind, doc }]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_column_has_nothing_of_one_that_another_engine_dropped() {
    let home = tempfile::tempdir().unwrap();
    let table = table(home.path()).await;
    table.evolve(added("note")).await.unwrap();
    let plain = rows(&[("a", 1, 1)]);
    let notes: ArrayRef = Arc::new(StringArray::from(vec!["dropped"]));
    let named = plain.schema_ref().fields().iter().map(|field| field.name().clone());
    let columns = named.zip(plain.columns().to_vec()).chain([("note".to_owned(), notes)]);
    let noted = RecordBatch::try_from_iter(columns).unwrap();
    table.append(noted, None).await.unwrap();
    let without = |metadata: &TableMetadata| {
        let schema = metadata.current_schema();
        let fields = schema.as_struct().fields().iter().filter(|field| field.name != "note");
        let schema = Schema::builder()
            .with_identifier_field_ids(schema.identifier_field_ids())
            .with_fields(fields.cloned());
        schema.build().unwrap()
    };
    let dropped = async |metadata: &TableMetadata| {
        let schema = without(metadata);
        let current = TableUpdate::SetCurrentSchema { schema_id: -1 };
        (vec![TableUpdate::AddSchema { schema }, current], Vec::new())
    };
    commit(home.path(), dropped).await;

    table.evolve(added("remark")).await.unwrap();

    let batch = table.snapshot().read("a", &["remark"]).await.unwrap();
    assert!(batch.column(0).is_null(0), "{:?}", batch.column(0));
}

const PRICES: TableDef = TableDef {
    namespace: "test",
    name: "prices",
    columns: &[
        Column {
            name: "product",
            kind: Kind::Text,
            required: true,
            doc: "lead",
        },
        decimal("of_32_bits", 9),
        decimal("of_64_bits", 18),
        decimal("of_96_bits", 28),
    ],
    key: &["product"],
    stamps: &[],
};

const fn decimal(name: &'static str, precision: u8) -> Column {
    Column {
        name,
        kind: Kind::Decimal(precision, 2),
        required: false,
        doc: "price",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_engines_are_told_the_bounds_of_decimals_of_every_width() {
    let home = tempfile::tempdir().unwrap();
    let table = lake(home.path()).await.table(PRICES).await.unwrap();
    let products: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let decimals = |precision| {
        let decimals = Decimal128Array::from(vec![-150, 30_025, 7]);
        Arc::new(decimals.with_precision_and_scale(precision, 2).unwrap()) as ArrayRef
    };
    let columns = [
        ("product", products),
        ("of_32_bits", decimals(9)),
        ("of_64_bits", decimals(18)),
        ("of_96_bits", decimals(28)),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();

    table.append(batch, None).await.unwrap();

    let content = |uri: &str| std::fs::read(uri.trim_start_matches("file://")).unwrap();
    let metadata: TableMetadata = serde_json::from_slice(&content(&table.metadata_location())).unwrap();
    let list = content(metadata.current_snapshot().unwrap().manifest_list());
    let list = ManifestList::parse_with_version(&list, FormatVersion::V2).unwrap();
    let manifest = Manifest::parse_avro(&content(&list.entries()[0].manifest_path)).unwrap();
    let file = manifest.entries()[0].data_file();
    for id in 2..=4 {
        let bounds = [file.lower_bounds(), file.upper_bounds()].map(|bounds| bounds[&id].literal().clone());
        let expected = [-150, 30_025].map(PrimitiveLiteral::Int128);
        assert_eq!(bounds, expected, "column {id}");
    }
}
