//! Files in an S3 bucket: new names only, which S3 itself refuses to overwrite.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, future, stream};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig};

use super::{Found, S3Options, is_plain};
use crate::error::{LakeError, Result, Trouble};

/// How long an operation is retried before its error is reported.
const RETRY_FOR: std::time::Duration = std::time::Duration::from_secs(60);

/// A bucket and the prefix of the warehouse in it.
#[derive(Debug)]
pub(super) struct ObjectStorage {
    pub(super) store: Arc<AmazonS3>,
    location: String,
    prefix: String,
}

/// `bucket/prefix`, if this is an address in S3; Hadoop's spellings are the same place.
pub(super) fn strip_scheme(uri: &str) -> Option<&str> {
    ["s3://", "s3a://", "s3n://"]
        .iter()
        .find_map(|scheme| uri.strip_prefix(scheme))
}

impl ObjectStorage {
    /// Prepares access to `bucket/prefix`; nothing is sent yet.
    pub(super) fn open(bucket_and_prefix: &str, options: &S3Options) -> Result<(Self, String)> {
        let path = bucket_and_prefix.trim_end_matches('/');
        let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
        let location = format!("s3://{path}");
        if bucket.is_empty() || Path::parse(prefix).is_err() || !(prefix.is_empty() || is_plain(prefix)) {
            return Err(LakeError::Setting(format!(
                "{location} is not a warehouse, expected s3://bucket/prefix"
            )));
        }
        let endpoint = options.endpoint.as_deref().unwrap_or_default();
        let is_open = endpoint
            .get(..7)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
        if is_open && !options.allow_http {
            return Err(LakeError::Setting(
                "lake.s3-endpoint is http://, which is not encrypted: give it as https://, or set \
                 lake.s3-allow-http = true where that will do"
                    .to_owned(),
            ));
        }
        let store = builder(options).with_bucket_name(bucket).build();
        let store = store.map_err(|e| LakeError::object("opening", &location, e))?;
        let prefix = prefix.to_owned();
        Ok((
            Self {
                store: Arc::new(store),
                location: location.clone(),
                prefix,
            },
            location,
        ))
    }

    /// The key of a name relative to the warehouse.
    pub(super) fn key(&self, name: &str) -> Path {
        Path::from_iter(
            self.prefix
                .split('/')
                .chain(name.split('/'))
                .filter(|part| !part.is_empty()),
        )
    }

    pub(super) fn failed(&self, action: &'static str, name: &str, error: object_store::Error) -> LakeError {
        LakeError::object(action, format!("{}/{name}", self.location), error)
    }

    /// Puts all files at once; if one fails the others are deleted again.
    pub(super) async fn write_all(&self, files: Vec<(String, Bytes)>) -> Result<()> {
        let puts = files.iter().map(|(name, content)| self.put(name, content.clone()));
        let results = future::join_all(puts).await;
        let mut written = Vec::new();
        let mut failure = None;
        for (result, (name, _)) in results.into_iter().zip(files) {
            match result {
                Ok(()) => written.push(name),
                Err(error) => failure = Some(error),
            }
        }
        let Some(error) = failure else { return Ok(()) };
        if let Err(error) = self.delete(written).await {
            tracing::warn!(%error, "files of a failed write stay until they are swept");
        }
        Err(error)
    }

    /// Puts one file unless its name is taken.
    pub(super) async fn put(&self, name: &str, content: Bytes) -> Result<()> {
        let key = self.key(name);
        let put = self
            .store
            .put_opts(&key, PutPayload::from(content.clone()), PutMode::Create.into());
        let Err(error) = put.await.map_err(|e| self.failed("writing", name, e)) else {
            return Ok(());
        };
        // When the answer to the first try was lost, the second try meets the file of the first.
        let ours =
            error.trouble() == Some(Trouble::Exists) && self.read(name).await.is_ok_and(|there| there == content);
        if ours { Ok(()) } else { Err(error) }
    }

    /// Reads a whole file.
    pub(super) async fn read(&self, name: &str) -> Result<Bytes> {
        let got = async { self.store.get(&self.key(name)).await?.bytes().await };
        got.await.map_err(|e| self.failed("reading", name, e))
    }

    /// Every file below a prefix.
    pub(super) async fn list(&self, prefix: &str) -> Result<Vec<Found>> {
        let below = self.key("").as_ref().len();
        let name = |key: &Path| key.as_ref()[below..].trim_start_matches('/').to_owned();
        let found = self
            .store
            .list(Some(&self.key(prefix)))
            .map_ok(|o| (name(&o.location), o.size, o.last_modified));
        found.try_collect().await.map_err(|e| self.failed("listing", prefix, e))
    }

    /// Deletes files; one that is absent counts as deleted.
    pub(super) async fn delete(&self, names: Vec<String>) -> Result<()> {
        let keys: Vec<_> = names.iter().map(|name| Ok(self.key(name))).collect();
        let mut deleted = self.store.delete_stream(stream::iter(keys).boxed());
        while let Some(result) = deleted.next().await {
            match result {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(self.failed("deleting", "", error)),
            }
        }
        Ok(())
    }
}

fn builder(options: &S3Options) -> AmazonS3Builder {
    let retry = RetryConfig {
        retry_timeout: RETRY_FOR,
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::new()
        .with_region(options.region.as_deref().unwrap_or("us-east-1"))
        .with_client_options(ClientOptions::new().with_allow_http(options.allow_http))
        .with_virtual_hosted_style_request(!options.path_style)
        .with_retry(retry);
    if let Some(endpoint) = &options.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let Some(key) = &options.access_key {
        builder = builder.with_access_key_id(key);
    }
    if let Some(secret) = &options.secret {
        builder = builder.with_secret_access_key(secret);
    }
    builder
}
