//! The key ring on the command line: each step of a rotation, with what is to be done before the next.

use std::{collections::BTreeMap, path::PathBuf};

use platform_config::Secret;
use platform_crypto::{KeyRing, KeySettings, KeyState, RingFile};
use platform_error::Error;
use serde_json::{Value, json};

use crate::{
    desk::Desk,
    failure::{Failure, Result},
    out,
    table::{Side, Table, count},
};

const BRING: &str =
    "now bring the file to every machine and give the processes there a minute (keys.reload) to read it";

/// Where the ring is.
pub(super) struct Place {
    /// The file that was named, or the one in the data directory.
    file: RingFile,
    /// Whether the settings give a ring and no file was named: then it can be read, and changed only where it comes
    /// from.
    is_given: bool,
}

impl Place {
    pub(super) fn new(desk: &Desk, named: Option<PathBuf>) -> Self {
        let settings = desk.config().section::<KeySettings>("keys").unwrap_or_default();
        Self {
            is_given: named.is_none() && settings.is_given(),
            file: named.map_or_else(|| RingFile::in_folder(desk.data()), RingFile::at),
        }
    }

    fn file(&self) -> Result<&RingFile> {
        match self.is_given {
            false => Ok(&self.file),
            true => Err(
                Failure::new("the key ring comes from the settings (keys.ring or keys.ring-file)")
                    .with_hint("name its file: --ring FILE; then bring it to where processes read it"),
            ),
        }
    }

    /// The ring as processes would read it.
    fn ring(&self, desk: &Desk) -> Result<KeyRing> {
        let file = self.file.path();
        if self.is_given || file == RingFile::in_folder(desk.data()).path() {
            return desk.ring();
        }
        let text = std::fs::read_to_string(file).map_err(|error| Failure::file("read", file, &error))?;
        let settings = KeySettings {
            ring: Secret::new(text),
            ..KeySettings::default()
        };
        let opened = KeyRing::open(&settings, desk.data(), desk.context("hansa").random());
        Ok(opened.map_err(Error::from)?)
    }

    fn said(&self, what: &str) -> Result<()> {
        out::write(format!("{what} in {}\n", self.file.path().display()))
    }
}

pub(super) fn make(desk: &Desk, place: &Place) -> Result<()> {
    let file = place.file()?;
    file.make(desk.context("hansa").random()).map_err(Error::from)?;
    place.said("a key ring with the key k1 is")?;
    out::note(
        "keep a copy elsewhere, apart from the backups of the databases: what it sealed cannot be read without it",
    );
    Ok(())
}

pub(super) fn add(desk: &Desk, place: &Place, name: Option<&str>) -> Result<()> {
    let added = place.file()?.add(name, desk.context("hansa").random());
    place.said(&format!("{} is the next key", added.map_err(Error::from)?))?;
    out::note(format!("{BRING}; then `hansa keys promote`"));
    Ok(())
}

pub(super) fn promote(place: &Place) -> Result<()> {
    let (active, before) = place.file()?.promote().map_err(Error::from)?;
    place.said(&format!(
        "{active} seals instead of {before}, which opens what it sealed,"
    ))?;
    out::note(format!("{BRING}; then `hansa keys reseal`"));
    Ok(())
}

pub(super) async fn list(desk: &Desk, place: &Place, json: bool) -> Result<()> {
    let keys = place.ring(desk)?.keys();
    // A ring is made before there are databases.
    let mut sealed = match sealed(desk, place).await {
        Ok(sealed) => Some(sealed),
        Err(Failure::Told { what, .. }) => {
            out::note(format!("how much each key has sealed is not known: {what}"));
            None
        }
        Err(unread) => return Err(unread),
    };
    let mut rows: Vec<(String, &str, Option<u64>)> = Vec::new();
    for key in keys {
        let values = sealed
            .as_mut()
            .map(|sealed| sealed.remove(&key.name).unwrap_or_default());
        rows.push((key.name, name(key.state), values));
    }
    let missing = sealed.into_iter().flatten();
    rows.extend(missing.map(|(name, values)| (name, "missing", Some(values))));
    if json {
        let all: Value = rows
            .into_iter()
            .map(|(name, state, sealed)| json!({ "name": name, "state": state, "sealed": sealed }))
            .collect();
        return out::write(format!("{all:#}\n"));
    }
    let mut table = Table::new([("key", Side::Left), ("state", Side::Left), ("sealed", Side::Right)]);
    for (name, state, sealed) in rows {
        table.row([name, state.to_owned(), sealed.map(count).unwrap_or_default()]);
    }
    out::write(table.render())
}

fn name(state: KeyState) -> &'static str {
    match state {
        KeyState::Active => "active",
        KeyState::Next => "next",
        KeyState::Old => "old",
        KeyState::Retired => "retired",
    }
}

/// How much in the databases needs each key.
async fn sealed(desk: &Desk, place: &Place) -> Result<BTreeMap<String, u64>> {
    let ring = place.ring(desk)?;
    let database = desk.database("auth", auth::store::ALL).await?;
    Ok(auth::sealed::by_key(&database, &ring).await.map_err(Error::from)?)
}

pub(super) async fn reseal(desk: &Desk, place: &Place) -> Result<()> {
    let ring = place.ring(desk)?;
    let database = desk.database("auth", auth::store::ALL).await?;
    let anew = auth::sealed::anew(&database, &ring).await.map_err(Error::from)?;
    let active = ring.active();
    out::write(format!("{} values are sealed anew, by {active}\n", count(anew.sealed)))?;
    if anew.unopened > 0 {
        out::note(format!(
            "{} secrets of authenticators are opened by no key of this ring and stay as they are: with a recovery code, or \
             after `hansa accounts recover`, their owners set them up again",
            count(anew.unopened)
        ));
    }
    for key in ring.keys().into_iter().filter(|key| key.state == KeyState::Old) {
        out::note(format!("nothing is left under {0}: `hansa keys retire {0}`", key.name));
    }
    Ok(())
}

/// Refuses to go on while a key is needed.
async fn is_unused(desk: &Desk, place: &Place, name: &str) -> Result<()> {
    match sealed(desk, place).await?.get(name).copied().unwrap_or_default() {
        0 => Ok(()),
        values => Err(Failure::new(format!(
            "{name} has sealed {} values that are still there",
            count(values)
        ))
        .with_hint("`hansa keys reseal` seals them anew, once every process has read the ring again after `promote`")),
    }
}

pub(super) async fn retire(desk: &Desk, place: &Place, name: &str) -> Result<()> {
    let file = place.file()?;
    let is_old = file
        .keys()
        .map_err(Error::from)?
        .iter()
        .any(|key| key.name == name && key.state == KeyState::Old);
    if is_old {
        is_unused(desk, place, name).await?;
    }
    file.retire(name).map_err(Error::from)?;
    place.said(&format!("{name} is retired"))?;
    out::note(format!(
        "{BRING}; it stays in the ring for backups and for the seals of the audit log"
    ));
    Ok(())
}

pub(super) async fn remove(desk: &Desk, place: &Place, (name, yes): (&str, bool)) -> Result<()> {
    let file = place.file()?;
    is_unused(desk, place, name).await?;
    if !yes
        && !out::confirmed(&format!(
            "Take {name} out of {} for good? Backups from when it was active can then be read with a copy of the ring \
             only, and the audit log from then verified with an anchor only: run `hansa audit verify` first. [y/N] ",
            file.path().display()
        ))?
    {
        return Err(Failure::new("nothing was removed"));
    }
    file.remove(name).map_err(Error::from)?;
    place.said(&format!("{name} is no longer"))?;
    out::note(BRING);
    Ok(())
}
