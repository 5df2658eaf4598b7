//! Files on a local disk: new names only, synced together with the directories that name them.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::task::JoinSet;

use super::Found;
use crate::error::{LakeError, Result};

/// The directory of a warehouse.
#[derive(Debug)]
pub(super) struct LocalStorage {
    root: PathBuf,
    /// Directories whose own entry in their parent this process has synced. It also covers directories that
    /// another process made a moment ago and may not have synced yet.
    durable: Mutex<HashSet<PathBuf>>,
}

impl LocalStorage {
    /// Creates the directory where it is missing and returns it with its address.
    pub(super) fn open(warehouse: &str) -> Result<(Self, String)> {
        let path = match warehouse.starts_with("file:") {
            true => PathBuf::from(
                normal(warehouse)
                    .map_err(|error| LakeError::Setting(error.to_string()))?
                    .trim_start_matches("file://"),
            ),
            false => PathBuf::from(warehouse),
        };
        plain(&path)?;
        let failed = |error| LakeError::io("opening", warehouse, error);
        create_synced(&path).map_err(failed)?;
        let root = absolute(&path).map_err(failed)?;
        let location = format!("file://{}", plain(&root)?);
        Ok((
            Self {
                root,
                durable: Mutex::default(),
            },
            location,
        ))
    }

    /// The path of a name relative to the warehouse.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Creates a new file and the directories above it.
    pub(super) fn create(&self, path: &Path) -> Result<fs::File> {
        let failed = |e| LakeError::io("creating", path.display().to_string(), e);
        fs::create_dir_all(parent(path)).map_err(failed)?;
        fs::File::create_new(path).map_err(failed)
    }

    /// The directories that have to be synced for the names of `files` to survive a power cut.
    pub(super) fn directories<'a>(&self, files: impl Iterator<Item = &'a Path>) -> HashSet<PathBuf> {
        let durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = HashSet::new();
        for file in files {
            let mut directory = parent(file);
            found.insert(directory.to_owned());
            while directory != self.root && !durable.contains(directory) {
                directory = parent(directory);
                found.insert(directory.to_owned());
            }
        }
        found
    }

    /// Remembers that these directories and those above them were synced.
    pub(super) fn synced(&self, directories: HashSet<PathBuf>) {
        self.durable
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(directories);
    }

    /// Creates and writes the files without syncing them, all or none.
    fn stage(&self, files: Vec<(PathBuf, Bytes)>) -> Result<Vec<(PathBuf, fs::File)>> {
        let mut staged = Vec::with_capacity(files.len());
        for (path, content) in files {
            let written = self.create(&path).and_then(|file| {
                staged.push((path.clone(), file));
                let (_, file) = staged.last_mut().expect("it was pushed in the line before");
                file.write_all(&content)
                    .map_err(|e| LakeError::io("writing", path.display().to_string(), e))
            });
            if let Err(error) = written {
                remove(staged.iter().map(|(path, _)| path));
                return Err(error);
            }
        }
        Ok(staged)
    }
}

/// Writes and syncs the files: the data go to the page cache first and are then synced all at once, so that the
/// file system can put them into one journal transaction.
pub(super) async fn write_all(local: Arc<LocalStorage>, files: Vec<(String, Bytes)>) -> Result<()> {
    let files = files
        .into_iter()
        .map(|(name, content)| (local.path(&name), content))
        .collect();
    let stage = Arc::clone(&local);
    let staged = blocking(move || stage.stage(files)).await?;
    let paths: Vec<PathBuf> = staged.iter().map(|(path, _)| path.clone()).collect();
    let result = sync(local, staged).await;
    if result.is_err() {
        remove(paths.iter());
    }
    result
}

/// Syncs files and the directories that name them, in parallel.
pub(super) async fn sync(local: Arc<LocalStorage>, files: Vec<(PathBuf, fs::File)>) -> Result<()> {
    let directories = local.directories(files.iter().map(|(path, _)| path.as_path()));
    let mut syncs = JoinSet::new();
    for directory in directories.clone() {
        syncs.spawn_blocking(move || {
            let synced = fs::File::open(&directory).and_then(|open| open.sync_all());
            synced.map_err(|e| LakeError::io("syncing", directory.display().to_string(), e))
        });
    }
    for (path, file) in files {
        syncs.spawn_blocking(move || {
            file.sync_data()
                .map_err(|e| LakeError::io("syncing", path.display().to_string(), e))
        });
    }
    while let Some(done) = syncs.join_next().await {
        done??;
    }
    local.synced(directories);
    Ok(())
}

/// Reads a whole file.
pub(super) async fn read(local: Arc<LocalStorage>, name: String) -> Result<Bytes> {
    let path = local.path(&name);
    let read = move || fs::read(&path).map_err(|e| LakeError::io("reading", path.display().to_string(), e));
    blocking(read).await.map(Bytes::from)
}

/// Every file below a directory.
pub(super) async fn list(local: Arc<LocalStorage>, prefix: String) -> Result<Vec<Found>> {
    blocking(move || {
        let mut found = Vec::new();
        let mut directories = vec![local.path(&prefix)];
        while let Some(directory) = directories.pop() {
            let listed = list_one(&local.root, &directory, &mut directories, &mut found);
            listed.map_err(|e| LakeError::io("listing", directory.display().to_string(), e))?;
        }
        Ok(found)
    })
    .await
}

fn list_one(root: &Path, directory: &Path, below: &mut Vec<PathBuf>, found: &mut Vec<Found>) -> io::Result<()> {
    let Some(entries) = present(fs::read_dir(directory))? else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        // Files may be deleted while we look.
        let Some(about) = present(entry.metadata())? else {
            continue;
        };
        if about.is_dir() {
            below.push(entry.path());
        } else if let Some(name) = entry.path().strip_prefix(root).ok().and_then(Path::to_str) {
            found.push((name.to_owned(), about.len(), about.modified()?.into()));
        }
    }
    Ok(())
}

/// Deletes files; one that is absent counts as deleted.
pub(super) async fn delete(local: Arc<LocalStorage>, names: Vec<String>) -> Result<()> {
    blocking(move || {
        for name in names {
            let path = local.path(&name);
            present(fs::remove_file(&path)).map_err(|e| LakeError::io("deleting", path.display().to_string(), e))?;
        }
        Ok(())
    })
    .await
}

/// The spelling `file:///path` of a local address.
pub(super) fn normal(uri: &str) -> Result<String> {
    let path = match uri.strip_prefix("file:") {
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None => uri,
    };
    if !path.starts_with('/') {
        return Err(LakeError::Invalid(format!(
            "{uri} is not a local address, expected file:///path"
        )));
    }
    Ok(format!("file://{path}"))
}

/// Runs file system work on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}

/// Removes files after a failure, whose error matters more than one of this.
pub(super) fn remove<'a>(paths: impl Iterator<Item = &'a PathBuf>) {
    for path in paths {
        if let Err(error) = fs::remove_file(path) {
            tracing::warn!(path = %path.display(), %error, "a file of a failed write stays until it is swept");
        }
    }
}

/// `None` when it does not exist.
fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// Creates a directory and those above it, each synced into its parent.
pub(crate) fn create_synced(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = path
        .ancestors()
        .take_while(|p| !p.as_os_str().is_empty() && !p.exists())
        .collect();
    fs::create_dir_all(path)?;
    for created in missing {
        let above = created
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        fs::File::open(above)?.sync_all()?;
    }
    Ok(())
}

/// Links on the way stay as they are, so that a warehouse may be moved behind one.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    let goes_up = path.components().any(|part| part == Component::ParentDir);
    let absolute = if goes_up {
        fs::canonicalize(path)?
    } else {
        std::path::absolute(path)?
    };
    Ok(absolute.components().collect())
}

/// Addresses are used as they are by engines that decode percent signs and by those that do not.
fn plain(path: &Path) -> Result<&str> {
    let text = path
        .to_str()
        .filter(|text| !text.contains(|c: char| matches!(c, '%' | '?' | '#') || c.is_control()));
    let refused = || {
        LakeError::Setting(format!(
            "a warehouse may not be at {}: use a path without %, ? and #",
            path.display()
        ))
    };
    text.ok_or_else(refused)
}
