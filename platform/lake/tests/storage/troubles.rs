//! What storage says when something is wrong with it, and what it never says.

use bytes::Bytes;
use platform_error::{Code, Coded};
use platform_lake::storage::Storage;
use platform_lake::{S3Options, Trouble};

use super::Place;
use crate::support::SmallDisk;

#[test]
fn a_secret_is_never_printed() {
    let options = S3Options {
        secret: Some("hush".into()),
        access_key: Some("hush".into()),
        ..Default::default()
    };

    assert!(!format!("{options:?}").contains("hush"));
    let storage = Storage::open("s3://bucket/prefix", &options).unwrap();
    assert!(!format!("{storage:?}").contains("hush"), "{storage:?}");
}

#[tokio::test]
async fn a_full_disk_is_said_and_leaves_nothing() {
    let Some(disk) = SmallDisk::mount() else { return };
    let place = Place::on(&disk);
    let large = Bytes::from(vec![7; 1 << 20]);

    let files = vec![
        (place.uri("t/small"), Bytes::from_static(b"x")),
        (place.uri("t/large"), large.clone()),
    ];
    let error = place.storage.write_all(files).await.unwrap_err();
    let mut upload = place.storage.create(&place.uri("t/upload")).await.unwrap();
    let piecewise = upload.write(large).await.unwrap_err();

    for error in [error, piecewise] {
        assert_eq!(
            (error.trouble(), error.code()),
            (Some(Trouble::Full), Code::Unavailable)
        );
        assert!(
            error
                .to_string()
                .starts_with("no space left in the lake's storage: free space"),
            "{error}"
        );
    }
    assert!(upload.finish().await.is_err(), "a failed upload cannot be finished");
    assert_eq!(place.names("").await, Vec::<String>::new());
    place.write(&[("t/small", "x")]).await.unwrap();
}

#[tokio::test]
async fn a_read_only_disk_is_said() {
    let Some(disk) = SmallDisk::mount() else { return };
    let place = Place::on(&disk);
    place.write(&[("t/a", "alpha")]).await.unwrap();
    disk.make_read_only();

    let error = place.write(&[("t/b", "beta")]).await.unwrap_err();
    let new_warehouse = Storage::open(&place.uri("new"), &S3Options::default()).unwrap_err();

    for error in [error, new_warehouse] {
        assert_eq!(
            (error.trouble(), error.code()),
            (Some(Trouble::Denied), Code::Unavailable)
        );
        assert!(
            error.to_string().contains("give this process the permission"),
            "{error}"
        );
    }
    assert_eq!(place.storage.read(&place.uri("t/a")).await.unwrap(), "alpha");
}
