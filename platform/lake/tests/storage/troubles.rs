//! What storage says when something is wrong with it, and what it never says.

use bytes::Bytes;
use platform_error::{Code, Coded};
use platform_lake::storage::Storage;
use platform_lake::{LakeError, S3Options, Trouble};
use platform_testing::TestS3;

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

#[tokio::test]
async fn a_bucket_that_does_not_exist_is_said_in_one_line_whatever_is_done_there() {
    let Some(server) = TestS3::start().await else { return };
    let storage = Place::in_bucket(&server, "nowhere");
    let uri = format!("{}/t/a", storage.location());
    let mut upload = storage.create(&uri).await.unwrap();
    let large = Bytes::from(vec![7; 20 << 20]);

    let failures = [
        storage
            .write_all(vec![(uri.clone(), Bytes::from_static(b"alpha"))])
            .await
            .unwrap_err(),
        storage.read(&uri).await.unwrap_err(),
        storage.list(storage.location()).await.unwrap_err(),
        match upload.write(large).await {
            Ok(()) => upload.finish().await.unwrap_err(),
            Err(error) => error,
        },
    ];

    for error in failures {
        assert_eq!(
            (error.trouble(), error.code()),
            (Some(Trouble::NoBucket), Code::Unavailable),
            "{error:?}"
        );
        assert_eq!(
            error.to_string(),
            "the bucket of the lake does not exist: make it, or name another one in lake.warehouse; nothing was written"
        );
        let LakeError::Storage { fault, .. } = error else {
            panic!("{error:?}");
        };
        assert!(fault.to_string().contains("s3://nowhere/some/lake"), "{fault}");
        let cause = fault.cause.to_string();
        assert!(cause.starts_with("NoSuchBucket: "), "{cause}");
        assert!(!cause.contains(['\n', '<']), "{cause}");
    }
}

#[test]
fn an_endpoint_that_is_not_encrypted_is_refused_at_once_by_the_name_of_the_setting_that_accepts_it() {
    for endpoint in ["http://127.0.0.1:9000", "HTTP://127.0.0.1:9000"] {
        let open = |allow_http| {
            let options = S3Options {
                endpoint: Some(endpoint.to_owned()),
                allow_http,
                ..S3Options::default()
            };
            Storage::open("s3://bucket/prefix", &options)
        };

        let refused = open(false).unwrap_err();

        assert_eq!(refused.code(), Code::Invalid);
        assert!(refused.to_string().contains("lake.s3-allow-http = true"), "{refused}");
        assert!(open(true).is_ok());
    }
}
