//! What every storage promises.

use std::future::ready;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use parquet::arrow::AsyncArrowWriter;
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use platform_error::{Code, Coded};
use platform_lake::Trouble;
use platform_lake::storage::Upload;

use super::Place;

pub(super) async fn what_is_written_is_read(place: Place) {
    place
        .write(&[("t/data/a", "alpha"), ("t/metadata/b", ""), ("c", "gamma")])
        .await
        .unwrap();

    for (name, content) in [("t/data/a", "alpha"), ("t/metadata/b", ""), ("c", "gamma")] {
        assert_eq!(place.storage.read(&place.uri(name)).await.unwrap(), content);
    }
}

pub(super) async fn a_file_is_never_overwritten(place: Place) {
    place.write(&[("t/taken", "first")]).await.unwrap();

    let error = place
        .write(&[("t/free", "second"), ("t/taken", "second")])
        .await
        .unwrap_err();

    assert_eq!(error.trouble(), Some(Trouble::Exists));
    assert_eq!(place.storage.read(&place.uri("t/taken")).await.unwrap(), "first");
    assert_eq!(
        place.names("t").await,
        ["t/taken"],
        "the files beside it are taken back"
    );
}

pub(super) async fn a_list_has_every_file_below_a_prefix(place: Place) {
    place
        .write(&[
            ("t/data/x/1", "1"),
            ("t/data/2", "22"),
            ("t/datum", "333"),
            ("u/data/4", "4444"),
        ])
        .await
        .unwrap();

    assert_eq!(place.names("t/data").await, ["t/data/2", "t/data/x/1"]);
    assert_eq!(place.names("").await, ["t/data/2", "t/data/x/1", "t/datum", "u/data/4"]);
    assert_eq!(place.names("absent").await, Vec::<String>::new());
    let listed = place.storage.list(&place.uri("u/")).await.unwrap();
    assert_eq!((listed.len(), listed[0].size), (1, 4));
    let age = now() - listed[0].modified;
    assert!(age.num_seconds().abs() < 60, "{age}");
}

pub(super) async fn deleting_twice_is_deleting_once(place: Place) {
    place.write(&[("t/a", "a"), ("t/b", "b")]).await.unwrap();
    let doomed = [place.uri("t/a"), place.uri("t/never")];

    place.storage.delete(&doomed).await.unwrap();
    place.storage.delete(&doomed).await.unwrap();

    assert_eq!(place.names("t").await, ["t/b"]);
    let error = place.storage.read(&place.uri("t/a")).await.unwrap_err();
    assert_eq!(error.trouble(), Some(Trouble::Missing));
}

pub(super) async fn a_large_file_is_written_in_pieces_and_read_in_ranges(place: Place) {
    let content = long_content();
    let uri = place.uri("t/data/large");

    let size = upload(place.storage.create(&uri).await.unwrap(), &content).await;

    assert_eq!(size, content.len() as u64);
    let mut file = place.storage.open_file(&uri, size).unwrap();
    let ranges: Vec<Range<u64>> = vec![0..4, size - 4..size, 9_000_001..9_100_001, 7..7, 9_000_000..9_000_010];
    let got = file.get_byte_ranges(ranges.clone()).await.unwrap();
    for (range, got) in ranges.into_iter().zip(got) {
        assert!(
            got == content.slice(range.start as usize..range.end as usize),
            "{range:?}"
        );
    }
    assert!(file.get_bytes(0..size).await.unwrap() == content);
}

pub(super) async fn parquet_is_written_and_read_with_its_page_index(place: Place) {
    let uri = place.uri("t/data/a.parquet");
    let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..100_000));
    let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
    let upload = place.storage.create(&uri).await.unwrap();
    let mut writer = AsyncArrowWriter::try_new(upload, batch.schema(), None).unwrap();
    writer.write(&batch).await.unwrap();
    writer.finish().await.unwrap();
    let size = writer.bytes_written() as u64;

    let file = place.storage.open_file(&uri, size).unwrap();
    let reader = ParquetRecordBatchStreamBuilder::new(file.clone()).await.unwrap();
    let metadata = Arc::clone(reader.metadata());
    let batches = reader.build().unwrap();
    let rows = batches
        .try_fold(0, |rows, batch| ready(Ok(rows + batch.num_rows())))
        .await
        .unwrap();

    assert_eq!(rows, 100_000);
    assert!(metadata.offset_index().is_some() && metadata.column_index().is_some());
    let known = file
        .with_metadata(Arc::clone(&metadata))
        .get_metadata(None)
        .await
        .unwrap();
    assert!(Arc::ptr_eq(&known, &metadata));
}

pub(super) async fn a_small_upload_does_not_overwrite_either(place: Place) {
    place.write(&[("t/taken", "first")]).await.unwrap();
    let uri = place.uri("t/taken");

    let second = async {
        let mut upload = place.storage.create(&uri).await?;
        upload.write(Bytes::from_static(b"second")).await?;
        upload.finish().await
    };

    assert_eq!(second.await.unwrap_err().trouble(), Some(Trouble::Exists));
    assert_eq!(place.storage.read(&uri).await.unwrap(), "first");
}

pub(super) async fn an_upload_that_is_given_up_leaves_nothing(place: Place) {
    for content in [Bytes::from_static(b"short"), long_content()] {
        let mut upload = place.storage.create(&place.uri("t/half")).await.unwrap();
        upload.write(content).await.unwrap();
        drop(upload);
    }

    assert_eq!(place.names("t").await, Vec::<String>::new());
}

pub(super) async fn an_address_elsewhere_is_refused(place: Place) {
    let outside = ["../x", "t/../../x", "t/./x", "t//x", "t/", ""].map(|name| place.uri(name));
    let elsewhere = [
        "file:///etc/passwd",
        "/etc/passwd",
        "s3://other/x",
        "https://example.org/x",
        "x",
    ];

    for uri in outside.iter().map(String::as_str).chain(elsewhere) {
        let error = place.storage.read(uri).await.unwrap_err();
        assert_eq!(error.code(), Code::Internal, "{uri} is no business of a client");
        assert!(
            place
                .storage
                .write_all(vec![(uri.to_owned(), Bytes::new())])
                .await
                .is_err(),
            "{uri}"
        );
    }
}

pub(super) async fn one_broken_name_writes_none(place: Place) {
    place.write(&[("t/a", "a"), ("../b", "b")]).await.unwrap_err();

    assert_eq!(place.names("").await, Vec::<String>::new());
}

#[expect(clippy::disallowed_methods, reason = "files are stamped by the machine's clock")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// More than one part of an upload, with a content that shows where each byte belongs.
fn long_content() -> Bytes {
    (0..5_000_000_u32).flat_map(u32::to_be_bytes).collect()
}

async fn upload(mut upload: Upload, content: &Bytes) -> u64 {
    for start in (0..content.len()).step_by(3_000_000) {
        upload
            .write(content.slice(start..content.len().min(start + 3_000_000)))
            .await
            .unwrap();
    }
    upload.finish().await.unwrap()
}
