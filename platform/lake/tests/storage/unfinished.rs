//! Uploads in parts that do not come to their end, at a store that writes down what it is asked.

#![allow(clippy::disallowed_methods, reason = "the store ends with its test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use platform_lake::S3Options;
use platform_lake::storage::{Storage, Upload};
use platform_testing::eventually;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// More than one part.
const LARGE: usize = 20 << 20;
/// Long enough to begin, and too short for what never comes.
const MOMENT: Duration = Duration::from_millis(300);

/// What a store does with the requests whose beginning this is.
#[derive(Clone, Copy)]
enum Instead {
    Refuses(&'static str),
    NeverAnswers(&'static str),
    Nothing,
}

/// A store in which uploads in parts can be begun.
struct Store {
    storage: Storage,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Store {
    async fn that(instead: Instead) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = S3Options {
            endpoint: Some(format!("http://{}", listener.local_addr().unwrap())),
            access_key: Some("key".to_owned()),
            secret: Some("secret".to_owned()),
            allow_http: true,
            path_style: true,
            ..S3Options::default()
        };
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let log = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, instead, log.clone()));
            }
        });
        let storage = Storage::open("s3://bucket/lake", &options).unwrap();
        Self { storage, asked }
    }

    async fn upload(&self) -> Upload {
        let uri = format!("{}/t/large", self.storage.location());
        self.storage.create(&uri).await.unwrap()
    }

    fn was_asked(&self, beginning: &str) -> bool {
        let asked = self.asked.lock().unwrap();
        asked.iter().any(|line| line.starts_with(beginning))
    }

    async fn is_told_of_the_end(&self) {
        let aborted = async || self.was_asked("DELETE /bucket/lake/t/large?uploadId=u");
        eventually("the upload is aborted", aborted).await;
    }
}

async fn serve(mut stream: TcpStream, instead: Instead, log: Arc<Mutex<Vec<String>>>) {
    let mut read = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                let body = read.split_off(end + 4);
                break String::from_utf8(std::mem::replace(&mut read, body)).unwrap();
            }
            if stream.read_buf(&mut read).await.unwrap_or_default() == 0 {
                return;
            }
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().unwrap());
        while read.len() < length {
            if stream.read_buf(&mut read).await.unwrap_or_default() == 0 {
                return;
            }
        }
        read.drain(..length);
        log.lock().unwrap().push(head.clone());
        let (status, body) = match instead {
            Instead::NeverAnswers(to) if head.starts_with(to) => std::future::pending().await,
            Instead::Refuses(what) if head.starts_with(what) => ("400 Bad Request", "<Error><Code>No</Code></Error>"),
            _ if head.contains("?uploads") => (
                "200 OK",
                "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
            ),
            _ if head.starts_with("POST") => (
                "200 OK",
                "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>",
            ),
            _ => ("200 OK", ""),
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\netag: \"e\"\r\ncontent-length: {length}\r\n\r\n{body}");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn large() -> Bytes {
    Bytes::from(vec![7; LARGE])
}

#[tokio::test]
async fn an_upload_that_a_store_refuses_a_part_of_or_the_end_is_aborted() {
    for refused in [
        "PUT /bucket/lake/t/large?partNumber=2",
        "POST /bucket/lake/t/large?uploadId",
    ] {
        let store = Store::that(Instead::Refuses(refused)).await;
        let mut upload = store.upload().await;

        let done = async {
            upload.write(large()).await?;
            upload.finish().await
        };
        done.await.unwrap_err();

        store.is_told_of_the_end().await;
    }
}

#[tokio::test]
async fn an_upload_that_nobody_waits_for_any_more_is_aborted() {
    let store = Store::that(Instead::NeverAnswers("PUT")).await;
    let mut upload = store.upload().await;
    upload.write(large()).await.unwrap();
    assert!(timeout(MOMENT, upload.finish()).await.is_err());
    store.is_told_of_the_end().await;

    let store = Store::that(Instead::NeverAnswers("PUT")).await;
    let mut upload = store.upload().await;
    let endless = async {
        loop {
            upload.write(large()).await.unwrap();
        }
    };
    assert!(timeout(MOMENT, endless).await.is_err());
    store.is_told_of_the_end().await;
}

#[tokio::test]
async fn an_upload_that_comes_to_its_end_is_not_aborted() {
    let store = Store::that(Instead::Nothing).await;
    let mut upload = store.upload().await;

    upload.write(large()).await.unwrap();
    let size = upload.finish().await.unwrap();
    drop(upload);
    tokio::time::sleep(MOMENT).await;

    assert_eq!(size, LARGE as u64);
    assert!(store.was_asked("POST /bucket/lake/t/large?uploadId=u") && !store.was_asked("DELETE"));
}
