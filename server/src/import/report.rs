//! What became of the rows of a file, for people.

use std::path::Path;

use serde_json::Value;

use crate::table::{Side, Table, count};

/// Refused rows that are shown.
const SHOWN: usize = 20;

/// The report as text: a sentence, then the first refused rows.
pub(super) fn render(file: &Path, report: &Value) -> String {
    let number = |name: &str| report["summary"][name].as_u64().unwrap_or_default();
    let mut parts = vec![format!("{} rows read", count(number("totalProcessed")))];
    match report["refused"].as_str() {
        Some(reason) => parts.push(reason.to_owned()),
        None => {
            parts.push(format!("{} stored", count(number("successful") - number("unchanged"))));
            let others = [
                ("unchanged", "said nothing new"),
                ("withdrawn", "withdrawn dates"),
                ("notWithdrawn", "missing dates kept for refused rows"),
                ("failed", "refused"),
                ("newSeries", "series created"),
            ];
            let others = others.into_iter().filter(|(name, _)| number(name) > 0);
            parts.extend(others.map(|(name, words)| format!("{} {words}", count(number(name)))));
        }
    }
    if report["repeated"] == true {
        parts.push("this batch was stored before: nothing was stored again".to_owned());
    }
    format!(
        "{}: {}\n{}",
        file.display(),
        parts.join(", "),
        refusals(report, number("failed"))
    )
}

fn refusals(report: &Value, failed: u64) -> String {
    let errors = report["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    if errors.is_empty() {
        return String::new();
    }
    let names = ["field", "value", "what is wrong", "what to write"];
    let columns = [("row", Side::Right)]
        .into_iter()
        .chain(names.map(|name| (name, Side::Left)));
    let mut table = Table::new(columns);
    for error in errors.iter().take(SHOWN) {
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let row = count(error["row"].as_u64().unwrap_or_default());
        table.row([row, text("field"), text("value"), text("message"), text("suggestedFix")]);
    }
    let more = failed.saturating_sub(errors.len().min(SHOWN) as u64);
    match more {
        0 => table.render(),
        more => format!("{}and {} more\n", table.render(), count(more)),
    }
}
