//! Tables for people: aligned columns, nothing that could move a terminal's cursor.

/// On which side of its column a cell stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A table with a header.
pub(crate) struct Table {
    columns: Vec<(String, Side)>,
    rows: Vec<Vec<String>>,
}

/// The longest cell; more of it is cut.
const WIDEST: usize = 72;

impl Table {
    pub(crate) fn new(columns: impl IntoIterator<Item = (impl Into<String>, Side)>) -> Self {
        let columns = columns.into_iter().map(|(name, side)| (name.into(), side)).collect();
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    /// Adds a row with a cell for each column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) {
        self.rows
            .push(cells.into_iter().map(|cell| shown(cell.as_ref())).collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines of text.
    pub(crate) fn render(&self) -> String {
        let width = |at: usize, name: &str| {
            let cells = self.rows.iter().filter_map(|row| row.get(at));
            cells
                .map(|cell| cell.chars().count())
                .chain([name.chars().count()])
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, (name, _))| width(at, name))
            .collect();
        let header = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let rule = widths.iter().map(|width| "─".repeat(*width)).collect();
        let mut out = String::new();
        for row in [&header, &rule].into_iter().chain(&self.rows) {
            self.push_row(&mut out, row, &widths);
        }
        out
    }

    fn push_row(&self, out: &mut String, row: &[String], widths: &[usize]) {
        let start = out.len();
        for ((cell, width), (_, side)) in row.iter().zip(widths).zip(&self.columns) {
            let padding = " ".repeat(width - cell.chars().count());
            match side {
                Side::Left => out.extend([cell, &padding, "  "]),
                Side::Right => out.extend([&padding, cell.as_str(), "  "]),
            }
        }
        out.truncate(start + out[start..].trim_end().len());
        out.push('\n');
    }
}

/// Names and what belongs to them, a line each; what is empty is left out.
pub(crate) fn facts<'a>(lines: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let known: Vec<_> = lines.into_iter().filter(|(_, text)| !text.is_empty()).collect();
    let widest = known.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let clean = |text: &str| text.replace(char::is_control, " ");
    known
        .iter()
        .map(|(name, text)| format!("{name:widest$}  {}\n", clean(text)))
        .collect()
}

/// Text from outside, made harmless and short enough.
fn shown(text: &str) -> String {
    let mut letters = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut cell: String = letters.by_ref().take(WIDEST).collect();
    if letters.next().is_some() {
        cell.pop();
        cell.push('…');
    }
    cell
}

/// A size such as `12.3 MB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1_000_000_000_000, "TB"),
        (1_000_000_000, "GB"),
        (1_000_000, "MB"),
        (1_000, "kB"),
    ];
    match UNITS.iter().find(|(size, _)| count >= *size) {
        Some((size, unit)) => format!("{}.{} {unit}", count / size, count % size / (size / 10)),
        None => format!("{count} B"),
    }
}

/// A count such as `12,345`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_text_cannot_move_the_cursor() {
        let mut table = Table::new([("name", Side::Left), ("n", Side::Right)]);
        table.row(["GDP\u{1b}[2J", "1"]);
        table.row(["a", "12345"]);

        assert_eq!(
            table.render(),
            "name         n\n───────  ─────\nGDP [2J      1\na        12345\n"
        );
    }

    #[test]
    fn sizes_and_counts_are_read_at_a_glance() {
        assert_eq!(
            (bytes(999), bytes(1_250), bytes(3_000_000)),
            ("999 B".into(), "1.2 kB".into(), "3.0 MB".into())
        );
        assert_eq!(
            (count(7), count(1_234), count(1_234_567)),
            ("7".into(), "1,234".into(), "1,234,567".into())
        );
    }
}
