//! The stand-ins are real and apart from one another.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use platform_http::{Client, ClientSettings, Method};
use platform_testing::{TestPostgres, TestS3};
use sqlx::{Connection, Executor, PgConnection};

#[tokio::test]
async fn two_tests_have_two_databases() {
    let (Some(one), Some(other)) = (TestPostgres::start().await, TestPostgres::start().await) else {
        return;
    };
    let mut one = PgConnection::connect(one.url()).await.unwrap();
    let mut other = PgConnection::connect(other.url()).await.unwrap();

    one.execute("create table t (id int)").await.unwrap();

    assert!(other.execute("select * from t").await.is_err());
}

/// The stand-in wants to see a signature and does not check it.
const SIGNED: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260115/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

#[tokio::test]
async fn a_bucket_keeps_what_is_put_into_it() {
    let Some(s3) = TestS3::start().await else { return };
    let client = Client::new(&ClientSettings::default()).unwrap();
    let url = format!("{}/{}/key", s3.endpoint(), s3.bucket());

    client
        .send(
            client
                .request(Method::PUT, &url)
                .header("authorization", SIGNED)
                .body("kept"),
        )
        .await
        .unwrap();

    let read = client.get(&url).header("authorization", SIGNED);
    assert_eq!(client.send(read).await.unwrap().text().await.unwrap(), "kept");
}
