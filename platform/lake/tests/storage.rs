//! The storage of the lake on a local disk and on an object store: one suite for both.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "storage/suite.rs"]
mod suite;
mod support;
#[path = "storage/troubles.rs"]
mod troubles;
#[path = "storage/unfinished.rs"]
mod unfinished;

use bytes::Bytes;
use parquet::arrow::async_reader::AsyncFileReader;
use platform_error::{Code, Coded};
use platform_lake::storage::Storage;
use platform_lake::{LakeError, S3Options};
use platform_testing::TestS3;
use tempfile::TempDir;

use self::support::SmallDisk;

/// An empty warehouse.
struct Place {
    storage: Storage,
    _directory: Option<TempDir>,
}

impl Place {
    async fn local() -> Option<Self> {
        let directory = TempDir::new().unwrap();
        let storage = open(directory.path().join("lake").to_str().unwrap());
        Some(Self {
            storage,
            _directory: Some(directory),
        })
    }

    async fn object() -> Option<Self> {
        let server = TestS3::start().await?;
        let storage = Self::in_bucket(&server, server.bucket());
        Some(Self {
            storage,
            _directory: None,
        })
    }

    /// A warehouse in some bucket of a server, which need not be there.
    fn in_bucket(server: &TestS3, bucket: &str) -> Storage {
        let options = S3Options {
            endpoint: Some(server.endpoint().to_owned()),
            region: Some(TestS3::REGION.to_owned()),
            access_key: Some(TestS3::ACCESS_KEY_ID.to_owned()),
            secret: Some(TestS3::SECRET_ACCESS_KEY.to_owned()),
            allow_http: true,
            path_style: true,
        };
        Storage::open(&format!("s3://{bucket}/some/lake"), &options).unwrap()
    }

    fn on(disk: &SmallDisk) -> Self {
        Self {
            storage: open(disk.path().to_str().unwrap()),
            _directory: None,
        }
    }

    fn uri(&self, name: &str) -> String {
        format!("{}/{name}", self.storage.location())
    }

    async fn write(&self, files: &[(&str, &'static str)]) -> Result<(), LakeError> {
        let files = files
            .iter()
            .map(|(name, content)| (self.uri(name), Bytes::from_static(content.as_bytes())));
        self.storage.write_all(files.collect()).await
    }

    async fn names(&self, prefix: &str) -> Vec<String> {
        let listed = self.storage.list(&self.uri(prefix)).await.unwrap();
        let mut names: Vec<_> = listed
            .into_iter()
            .map(|file| file.uri[self.storage.location().len() + 1..].to_owned())
            .collect();
        names.sort();
        names
    }
}

fn open(warehouse: &str) -> Storage {
    Storage::open(warehouse, &S3Options::default()).unwrap()
}

macro_rules! on_every_storage {
    ($($test:ident)*) => {
        mod local {
            $(
                #[tokio::test]
                async fn $test() {
                    super::suite::$test(super::Place::local().await.unwrap()).await
                }
            )*
        }
        mod object {
            $(
                #[tokio::test]
                async fn $test() {
                    let Some(place) = super::Place::object().await else { return };
                    super::suite::$test(place).await
                }
            )*
        }
    };
}

on_every_storage! {
    what_is_written_is_read
    a_file_is_never_overwritten
    a_list_has_every_file_below_a_prefix
    deleting_twice_is_deleting_once
    a_large_file_is_written_in_pieces_and_read_in_ranges
    parquet_is_written_and_read_with_its_page_index
    a_small_upload_does_not_overwrite_either
    an_upload_that_is_given_up_leaves_nothing
    an_address_elsewhere_is_refused
    one_broken_name_writes_none
}

#[tokio::test]
async fn the_spellings_of_other_engines_name_the_same_file() {
    let place = Place::local().await.unwrap();
    place.write(&[("t/a", "alpha")]).await.unwrap();
    let path = place.uri("t/a").trim_start_matches("file://").to_owned();

    for uri in [path.clone(), format!("file:{path}"), format!("file://{path}")] {
        assert_eq!(place.storage.read(&uri).await.unwrap(), "alpha", "{uri}");
    }
}

#[tokio::test]
async fn a_file_that_is_open_stays_readable_after_it_is_deleted() {
    let place = Place::local().await.unwrap();
    place.write(&[("t/a", "alpha")]).await.unwrap();
    let mut file = place.storage.open_file(&place.uri("t/a"), 5).unwrap();

    place.storage.delete(&[place.uri("t/a")]).await.unwrap();

    assert_eq!(file.get_bytes(1..4).await.unwrap(), "lph");
}

#[tokio::test]
async fn a_range_beyond_the_end_is_an_error() {
    let place = Place::local().await.unwrap();
    place.write(&[("t/a", "alpha")]).await.unwrap();
    let mut file = place.storage.open_file(&place.uri("t/a"), 5).unwrap();
    let mut shorter_than_said = place.storage.open_file(&place.uri("t/a"), 50).unwrap();

    assert!(file.get_bytes(3..9).await.is_err());
    assert!(file.get_bytes(0..u64::MAX).await.is_err());
    assert!(shorter_than_said.get_bytes(3..9).await.is_err());
}

#[test]
fn a_warehouse_is_a_path_or_an_address() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().to_str().unwrap();

    assert_eq!(open(&format!("{path}/a/b/")).location(), format!("file://{path}/a/b"));
    assert_eq!(open(&format!("file://{path}/a")).location(), format!("file://{path}/a"));
    assert_eq!(open(&format!("{path}/a/../c")).location(), format!("file://{path}/c"));
    for refused in [
        &format!("{path}/50%"),
        &format!("{path}/what?"),
        "s3://",
        "s3://bucket//x",
    ] {
        let error = Storage::open(refused, &S3Options::default()).unwrap_err();
        assert_eq!(error.code(), Code::Invalid, "{refused}");
    }
}
