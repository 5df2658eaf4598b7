//! Settings of the service and of the lake it keeps its data in.

use std::path::Path;

use platform_config::{ByteSize, Duration, Secret};
use platform_lake::{LEAST_GRACE, LakeConfig, Retention, S3Options};
use serde::{Deserialize, Serialize};

pub use crate::access::Access;
use crate::error::Error;

/// Why [`LEAST_GRACE`] is the least.
pub(crate) const TOO_YOUNG: &str = "expects at least 65m: an upload may go on for an hour, and a sweep would take the \
                                    files that it has written and not yet committed";

/// Section `[financial-data]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
    /// To whom the service answers: `open`, `public` or `closed`. Unless said, `public` in production and else `open`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// The most rows of one upload.
    pub upload_rows: u64,
    /// The most series that the rows of one upload may create.
    pub upload_series: usize,
    /// The most bytes of one upload, unpacked.
    pub upload_bytes: ByteSize,
    /// How many refused rows a report describes; the others are only counted.
    pub reported_errors: usize,
    /// Uploads a client may start in a minute.
    pub uploads_per_minute: u32,
    /// The most points or series that one page of GraphQL gives.
    pub page_limit: usize,
    /// How long an idempotency key is remembered.
    pub remember_batches: Duration,
    /// How often commits of other processes are looked for.
    pub refresh: Duration,
    /// Whether files are merged and orphans swept in the background.
    pub maintenance: bool,
    /// How old a file must be before a sweep may take it for an orphan, at least 65m.
    pub orphan_age: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access: None,
            upload_rows: 100_000_000,
            // More than all of FRED.
            upload_series: 1_000_000,
            upload_bytes: ByteSize::mb(8_000),
            reported_errors: 1_000,
            uploads_per_minute: 6_000,
            page_limit: 10_000,
            remember_batches: Duration::from_secs(7 * 24 * 3600),
            refresh: Duration::from_millis(500),
            maintenance: true,
            orphan_age: Duration::from_secs(2 * 3600),
        }
    }
}

impl Settings {
    /// Refuses what would lose rows.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        match self.orphan_grace() < LEAST_GRACE {
            true => Err(Error::field("financial-data.orphan-age", TOO_YOUNG)),
            false => Ok(self),
        }
    }

    /// How old a file must be before a sweep may take it.
    pub(crate) fn orphan_grace(&self) -> chrono::Duration {
        chrono::Duration::from_std(self.orphan_age.0).unwrap_or(chrono::Duration::MAX)
    }
}

/// Section `[lake]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct LakeSettings {
    /// Files: a directory or `s3://bucket/prefix`. Empty means `lake` in the data directory.
    pub warehouse: String,
    /// Pointers: a SQLite file or `postgres://…`. Empty means `catalog.db` in the data directory.
    pub catalog: Secret<String>,
    /// Memory for caches, writes and SQL together.
    pub memory_limit: ByteSize,
    /// The newest snapshots, all of which stay.
    pub keep_snapshots: usize,
    /// For so long the last snapshot of each hour stays.
    pub keep_hourly: Duration,
    /// For so long the last snapshot of each day stays.
    pub keep_daily: Duration,
    /// The address of the S3 store, when it is not AWS itself.
    pub s3_endpoint: Option<String>,
    /// The region of the bucket.
    pub s3_region: Option<String>,
    /// The access key of the bucket.
    pub s3_access_key: Option<Secret<String>>,
    /// The secret of the access key.
    pub s3_secret: Option<Secret<String>>,
    /// Whether an unencrypted endpoint is accepted.
    pub s3_allow_http: bool,
    /// Whether the bucket is part of the path instead of the host name.
    pub s3_path_style: bool,
}

impl Default for LakeSettings {
    fn default() -> Self {
        Self {
            warehouse: String::new(),
            catalog: Secret::default(),
            memory_limit: ByteSize::mb(1_000),
            keep_snapshots: 75,
            keep_hourly: Duration::from_secs(48 * 3600),
            keep_daily: Duration::from_secs(365 * 24 * 3600),
            s3_endpoint: None,
            s3_region: None,
            s3_access_key: None,
            s3_secret: None,
            s3_allow_http: false,
            s3_path_style: false,
        }
    }
}

impl LakeSettings {
    /// Where the lake is, with `data` for what is not said.
    pub fn lake(&self, data: &Path) -> LakeConfig {
        let within = |given: &str, name: &str| match given {
            "" => data.join(name).display().to_string(),
            given => given.to_string(),
        };
        let secret = |secret: &Option<Secret<String>>| secret.as_ref().map(|secret| secret.expose().clone());
        let span = |span: Duration| chrono::Duration::from_std(span.0).unwrap_or(chrono::Duration::MAX);
        LakeConfig {
            warehouse: within(&self.warehouse, "lake"),
            catalog: within(self.catalog.expose(), "catalog.db"),
            s3: S3Options {
                endpoint: self.s3_endpoint.clone(),
                region: self.s3_region.clone(),
                access_key: secret(&self.s3_access_key),
                secret: secret(&self.s3_secret),
                allow_http: self.s3_allow_http,
                path_style: self.s3_path_style,
            },
            memory_limit: self.memory_limit.as_usize(),
            history: Retention {
                last: self.keep_snapshots,
                hourly: span(self.keep_hourly),
                daily: span(self.keep_daily),
            },
        }
    }
}
