//! A ring's file in an operator's hands: keys are added, made active, retired and taken out, one step at a time.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    Document, KeyStanding, KeyState,
    document::check_name,
    file::{folder_of, in_folder, make, write},
};
use crate::{CryptoError, Random};

/// A ring's file.
#[derive(Clone, Debug)]
pub struct RingFile(PathBuf);

impl RingFile {
    /// The file of this name.
    pub fn at(file: impl Into<PathBuf>) -> Self {
        Self(file.into())
    }

    /// The one in a data folder.
    pub fn in_folder(data_dir: &Path) -> Self {
        Self(in_folder(data_dir))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes a ring with one key. One that is there is never touched.
    pub fn make(&self, random: Random) -> Result<(), CryptoError> {
        if self.0.exists() {
            return Err(self.refused("there are keys already; `add` and `promote` change which one seals"));
        }
        make(&self.0, random).map_err(|error| self.refused(error.to_string()))
    }

    /// What each key is for.
    pub fn keys(&self) -> Result<Vec<KeyStanding>, CryptoError> {
        Ok(self.read()?.standings())
    }

    /// Adds a key that opens and does not seal yet, so that every process knows it before one of them seals with it.
    pub fn add(&self, name: Option<&str>, random: Random) -> Result<String, CryptoError> {
        self.change(|document| {
            if let Some(next) = &document.next {
                return Err(format!(
                    "{next} is to be the next one already; promote it, or remove it"
                ));
            }
            let free = || {
                (1..)
                    .map(|number| format!("k{number}"))
                    .find(|name| !document.keys.contains_key(name))
            };
            let name = name.map(str::to_owned).or_else(free).unwrap_or_default();
            check_name(&name)?;
            if document.keys.contains_key(&name) {
                return Err(format!("there is a key {name} already"));
            }
            document.keys.insert(name.clone(), random.bytes());
            document.next = Some(name.clone());
            Ok(name)
        })
    }

    /// Lets the next key seal; gives its name and the one that sealed before.
    pub fn promote(&self) -> Result<(String, String), CryptoError> {
        self.change(|document| {
            let next = document.next.take().ok_or("there is no next key; add one first")?;
            let before = std::mem::replace(&mut document.active, next.clone());
            Ok((next, before))
        })
    }

    /// Leaves a key only what it sealed: nothing new is believed because of it.
    pub fn retire(&self, name: &str) -> Result<(), CryptoError> {
        self.change(|document| match document.state(&known(document, name)?) {
            KeyState::Old => {
                document.retired.push(name.to_owned());
                Ok(())
            }
            KeyState::Retired => Err(format!("{name} is retired already")),
            KeyState::Active => Err(format!(
                "{name} is the active key; add another one and promote it first"
            )),
            KeyState::Next => Err(format!("{name} has never been active; remove it instead")),
        })
    }

    /// Takes a key out: what it sealed can never be read again.
    pub fn remove(&self, name: &str) -> Result<(), CryptoError> {
        self.change(|document| {
            match document.state(&known(document, name)?) {
                KeyState::Next => document.next = None,
                KeyState::Retired => document.retired.retain(|retired| retired != name),
                KeyState::Active => {
                    return Err(format!(
                        "{name} is the active key; add another one and promote it first"
                    ));
                }
                KeyState::Old => return Err(format!("{name} is in use; retire it first")),
            }
            document.keys.remove(name);
            Ok(())
        })
    }

    fn read(&self) -> Result<Document, CryptoError> {
        let text = fs::read_to_string(&self.0).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.refused("there is no such file; `make` makes a ring"),
            _ => self.refused(error.to_string()),
        })?;
        Document::parse(&text).map_err(|reason| self.refused(reason))
    }

    /// Changes the ring as a whole, one command at a time: who holds the draft may change it.
    fn change<T>(&self, change: impl FnOnce(&mut Document) -> Result<T, String>) -> Result<T, CryptoError> {
        let mut draft = self.0.as_os_str().to_owned();
        draft.push(".new");
        let draft = PathBuf::from(draft);
        write(&draft, "").map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => self.refused(format!(
                "somebody is changing them; if nobody is, remove {}",
                draft.display()
            )),
            _ => self.refused(format!(
                "they cannot be changed here ({error}); change them where they come from"
            )),
        })?;
        let changed = self.changed(&draft, change);
        if changed.is_err() {
            // What is left behind would only keep the next one out, and says so.
            let _ = fs::remove_file(&draft);
        }
        changed
    }

    fn changed<T>(
        &self,
        draft: &Path,
        change: impl FnOnce(&mut Document) -> Result<T, String>,
    ) -> Result<T, CryptoError> {
        let mut document = self.read()?;
        let changed = change(&mut document).map_err(|reason| self.refused(reason))?;
        let written = || -> io::Result<()> {
            let permissions = fs::metadata(&self.0)?.permissions();
            fs::write(draft, document.to_string())?;
            fs::set_permissions(draft, permissions)?;
            fs::File::open(draft)?.sync_all()?;
            fs::rename(draft, &self.0)?;
            fs::File::open(folder_of(&self.0))?.sync_all()
        };
        written().map_err(|error| self.refused(error.to_string()))?;
        Ok(changed)
    }

    fn refused(&self, reason: impl Into<String>) -> CryptoError {
        CryptoError::Change(format!("{}: {}", self.0.display(), reason.into()))
    }
}

fn known(document: &Document, name: &str) -> Result<String, String> {
    match document.keys.contains_key(name) {
        true => Ok(name.to_owned()),
        false => {
            let names: Vec<_> = document.keys.keys().map(String::as_str).collect();
            Err(format!("there is no key {name}; there are {}", names.join(", ")))
        }
    }
}
