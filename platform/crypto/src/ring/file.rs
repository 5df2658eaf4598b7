//! The ring in the data folder: made once, by one of the processes that start at once, and readable by its owner alone.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::Document;
use crate::{CryptoError, Random, base64url};

const NAME: &str = "keys.toml";

/// The ring's place in a data folder.
pub(super) fn in_folder(data_dir: &Path) -> PathBuf {
    data_dir.join(NAME)
}

/// Where a ring is read from.
pub(super) enum Place {
    /// A file of ours, made for its owner alone, and that must have stayed so.
    Ours(PathBuf),
    /// A file that the settings name.
    Named(PathBuf),
}

impl Place {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Ours(file) | Self::Named(file) => file,
        }
    }

    /// The ring, made where there is none of ours and one may be.
    pub(super) fn open(&self, create: bool, random: Random) -> Result<Document, CryptoError> {
        let text = match (self.text(), self) {
            (Err(error), Self::Ours(_)) if error.kind() == io::ErrorKind::NotFound && !create => {
                let reason = "there are none, and none are made here (keys.create); give keys.ring-file or restore the \
                              file, or for a new installation make them with `hansa keys make`";
                return Err(self.refused(reason));
            }
            (Err(error), Self::Ours(file)) if error.kind() == io::ErrorKind::NotFound => {
                make(file, random).map_err(|error| self.refused(error.to_string()))?;
                self.text()
            }
            (text, _) => text,
        };
        let text = text.map_err(|error| self.refused(error.to_string()))?;
        Document::parse(&text).map_err(|reason| self.refused(reason))
    }

    /// The ring as it is now.
    pub(super) fn read(&self) -> Result<Document, String> {
        let text = self.text().map_err(|error| error.to_string())?;
        Document::parse(&text)
    }

    fn text(&self) -> io::Result<String> {
        let text = fs::read_to_string(self.path())?;
        #[cfg(unix)]
        if let Self::Ours(file) = self {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(file)?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(io::Error::other("others may read them; run chmod 600 on the file"));
            }
        }
        Ok(text)
    }

    fn refused(&self, reason: impl Into<String>) -> CryptoError {
        CryptoError::KeyFile {
            file: self.path().to_path_buf(),
            reason: reason.into(),
        }
    }
}

/// Writes a ring under another name and links it: whoever comes second finds the file whole and uses it.
pub(super) fn make(file: &Path, random: Random) -> io::Result<()> {
    let folder = folder_of(file);
    fs::create_dir_all(folder)?;
    let mut draft = file.as_os_str().to_owned();
    draft.push(format!(".{}", base64url(&random.bytes::<12>())));
    let draft = PathBuf::from(draft);
    let written = write(&draft, &Document::new(random).to_string());
    let linked = written.and_then(|()| match fs::hard_link(&draft, file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    fs::remove_file(&draft)?;
    linked?;
    File::open(folder)?.sync_all()
}

pub(super) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Writes a file that is not there yet, readable by its owner alone, and syncs it.
pub(super) fn write(draft: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
