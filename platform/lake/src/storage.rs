//! Where the files of the lake live: a local directory or an object store, behind one type that syncs what it writes.

mod file;
mod local;
mod object;
mod parts;
mod upload;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::error::{LakeError, Result};

pub use self::file::File;
pub(crate) use self::local::create_synced;
pub use self::upload::Upload;

use self::local::LocalStorage;
use self::object::ObjectStorage;

/// How to reach an S3 bucket. What is absent is taken from the machine's own role where it has one.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct S3Options {
    /// The address of the store, for instance `http://localhost:9000`; absent means AWS itself.
    pub endpoint: Option<String>,
    /// The region; absent means `us-east-1`.
    pub region: Option<String>,
    /// The access key.
    pub access_key: Option<String>,
    /// The secret of the access key.
    pub secret: Option<String>,
    /// Whether an unencrypted endpoint is accepted.
    pub allow_http: bool,
    /// Whether the bucket is part of the path instead of the host name; most stores other than AWS need it.
    pub path_style: bool,
}

/// A file found by [`Storage::list`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its address.
    pub uri: String,
    /// Its length in bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: DateTime<Utc>,
}

/// A warehouse: the directory or bucket prefix under which all files of a lake live. Cheap to clone.
#[derive(Clone)]
pub struct Storage {
    backend: Backend,
    location: Arc<str>,
}

#[derive(Clone)]
enum Backend {
    Local(Arc<LocalStorage>),
    Object(Arc<ObjectStorage>),
}

impl Storage {
    /// Opens `/path`, `file:///path` (created when it does not exist) or `s3://bucket/prefix`.
    pub fn open(warehouse: &str, options: &S3Options) -> Result<Self> {
        if let Some(rest) = object::strip_scheme(warehouse) {
            let (backend, location) = ObjectStorage::open(rest, options)?;
            return Ok(Self {
                backend: Backend::Object(Arc::new(backend)),
                location: location.into(),
            });
        }
        let (backend, location) = LocalStorage::open(warehouse)?;
        Ok(Self {
            backend: Backend::Local(Arc::new(backend)),
            location: location.into(),
        })
    }

    /// The address of the warehouse without a trailing slash: `file:///…` or `s3://…`.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Whether the files are on a local disk.
    pub fn is_local(&self) -> bool {
        matches!(self.backend, Backend::Local(_))
    }

    /// Writes each file under a name that is not taken. When this returns, every file and every directory that
    /// names one is synced; when it fails, none of the files is left behind as far as that can be helped.
    pub async fn write_all(&self, files: Vec<(String, Bytes)>) -> Result<()> {
        let files = files
            .into_iter()
            .map(|(uri, content)| Ok((self.relative(&uri)?, content)))
            .collect::<Result<Vec<_>>>()?;
        match &self.backend {
            Backend::Local(local) => local::write_all(Arc::clone(local), files).await,
            Backend::Object(object) => object.write_all(files).await,
        }
    }

    /// Starts a file that is too large to be held in memory.
    pub async fn create(&self, uri: &str) -> Result<Upload> {
        let name = self.relative(uri)?;
        match &self.backend {
            Backend::Local(local) => Upload::local(Arc::clone(local), name).await,
            Backend::Object(object) => Ok(Upload::object(Arc::clone(object), name)),
        }
    }

    /// Reads a whole file.
    pub async fn read(&self, uri: &str) -> Result<Bytes> {
        let name = self.relative(uri)?;
        match &self.backend {
            Backend::Local(local) => local::read(Arc::clone(local), name).await,
            Backend::Object(object) => object.read(&name).await,
        }
    }

    /// Opens a file of known size for ranged reads. A local file is opened now, so that it stays readable
    /// after it is deleted.
    pub fn open_file(&self, uri: &str, size: u64) -> Result<File> {
        let name = self.relative(uri)?;
        match &self.backend {
            Backend::Local(local) => File::local(local, &name, size),
            Backend::Object(object) => Ok(File::object(object, &name, size)),
        }
    }

    /// Every file below `prefix_uri`, at any depth, in no order. A prefix that does not exist is empty.
    pub async fn list(&self, prefix_uri: &str) -> Result<Vec<Listed>> {
        let prefix_uri = prefix_uri.trim_end_matches('/');
        let prefix = if self.normal(prefix_uri)? == *self.location {
            String::new()
        } else {
            self.relative(prefix_uri)?
        };
        let found = match &self.backend {
            Backend::Local(local) => local::list(Arc::clone(local), prefix).await?,
            Backend::Object(object) => object.list(&prefix).await?,
        };
        let listed = |(name, size, modified): Found| Listed {
            uri: self.uri(&name),
            size,
            modified,
        };
        Ok(found.into_iter().map(listed).collect())
    }

    /// Deletes files; one that does not exist counts as deleted.
    pub async fn delete(&self, uris: &[String]) -> Result<()> {
        let names = uris.iter().map(|uri| self.relative(uri)).collect::<Result<Vec<_>>>()?;
        match &self.backend {
            Backend::Local(local) => local::delete(Arc::clone(local), names).await,
            Backend::Object(object) => object.delete(names).await,
        }
    }

    /// The address of a file given relative to the warehouse.
    fn uri(&self, name: &str) -> String {
        format!("{}/{name}", self.location)
    }

    /// The part of an address below the warehouse; anything that points elsewhere is refused.
    fn relative(&self, uri: &str) -> Result<String> {
        let normal = self.normal(uri)?;
        let inside = normal
            .strip_prefix(&*self.location)
            .and_then(|rest| rest.strip_prefix('/'));
        match inside.filter(|name| is_plain(name)) {
            Some(name) => Ok(name.to_owned()),
            None => Err(LakeError::Invalid(format!(
                "{uri} is not a file inside the lake's warehouse"
            ))),
        }
    }

    /// Other engines spell the same address in other ways.
    fn normal(&self, uri: &str) -> Result<String> {
        match (&self.backend, object::strip_scheme(uri)) {
            (Backend::Object(_), Some(rest)) => Ok(format!("s3://{rest}")),
            (Backend::Local(_), None) => local::normal(uri),
            _ => Err(LakeError::Invalid(format!("{uri} is not inside the lake's warehouse"))),
        }
    }
}

/// Whether a relative path leads downwards, one real name after the other.
fn is_plain(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// A name relative to the warehouse, its size and when it was last written.
type Found = (String, u64, DateTime<Utc>);

/// Without the backend, which knows credentials.
impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Storage").field(&self.location).finish()
    }
}

/// Without the credentials.
impl fmt::Debug for S3Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Options")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("allow_http", &self.allow_http)
            .field("path_style", &self.path_style)
            .finish_non_exhaustive()
    }
}
