//! The ring in the data folder: made once, by one of the processes that start at once, and readable by its owner alone.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use super::KeyRing;
use crate::{CryptoError, Random, base64url};

const NAME: &str = "keys.toml";
const NOTE: &str = "\
# The keys of this installation. Keep a copy elsewhere: what they sealed cannot be read without them.
# To rotate: add a key (32 random bytes in base64url), name it as active, restart. Old keys open what they sealed.
";

pub(super) fn open(data_dir: &Path, create: bool, random: Random) -> Result<KeyRing, CryptoError> {
    let file = data_dir.join(NAME);
    let refuse = |reason: String| CryptoError::KeyFile {
        file: file.clone(),
        reason,
    };
    let text = match read(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !create => {
            let reason = "there are none and keys.create is off; give keys.ring-file, or restore the file";
            return Err(refuse(reason.into()));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(data_dir, &file, random).map_err(|error| refuse(error.to_string()))?;
            read(&file)
        }
        read => read,
    };
    let text = text.map_err(|error| refuse(error.to_string()))?;
    KeyRing::parse(&text, random).map_err(refuse)
}

fn read(file: &Path) -> io::Result<String> {
    let text = fs::read_to_string(file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(file)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(io::Error::other("others may read them; run chmod 600 on the file"));
        }
    }
    Ok(text)
}

/// Writes a ring under another name and links it: whoever comes second finds the file whole and uses it.
fn make(data_dir: &Path, file: &Path, random: Random) -> io::Result<()> {
    fs::create_dir_all(data_dir)?;
    let draft = data_dir.join(format!("{NAME}.{}", base64url(&random.bytes::<12>())));
    let written = write(&draft, &format!("{NOTE}{}", KeyRing::generate(random).expose()));
    let linked = written.and_then(|()| match fs::hard_link(&draft, file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    fs::remove_file(&draft)?;
    linked?;
    File::open(data_dir)?.sync_all()
}

fn write(draft: &Path, text: &str) -> io::Result<()> {
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
