//! Secrets that are given as files.

use std::fs;

use toml::{Table, Value};

use super::Reader;
use crate::refused::Refused;

impl Reader<'_> {
    /// Replaces `NAME-file` by `NAME` with what the file says, unless the environment or a flag gives `NAME`.
    pub(super) fn secret(&self, table: &mut Table, field: &str) -> Result<(), Refused> {
        let file_key = format!("{field}-file");
        let Some(file) = table.remove(&file_key) else {
            return Ok(());
        };
        if !self.origins.contains_key(&format!("{}.{field}", self.key)) {
            let secret = read_secret(&file).map_err(|reason| self.child(&file_key, file).refuse(reason))?;
            table.insert(field.into(), Value::String(secret));
        }
        Ok(())
    }

    /// The same for all that stand in a table of names.
    pub(super) fn secrets(&mut self) -> Result<(), Refused> {
        let Value::Table(table) = &self.value else {
            return Ok(());
        };
        let mut table = table.clone();
        let given: Vec<_> = table
            .keys()
            .filter_map(|key| key.strip_suffix("-file"))
            .map(str::to_owned)
            .collect();
        for name in given {
            self.secret(&mut table, &name)?;
        }
        self.value = Value::Table(table);
        Ok(())
    }
}

fn read_secret(file: &Value) -> Result<String, String> {
    let path = file.as_str().ok_or("expected the path of a file")?;
    let text = fs::read_to_string(path).map_err(|e| format!("cannot read {path}: {e}"))?;
    match text.trim() {
        "" => Err(format!(
            "{path} is empty; write the secret into it, or take this setting away"
        )),
        secret => Ok(secret.into()),
    }
}
