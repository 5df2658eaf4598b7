//! Dates, numbers and text as bytes, without an allocation per value.

use crate::value::SCALE;

const ONE: u64 = 10_u64.pow(SCALE);
const POWERS: [u64; SCALE as usize + 1] = {
    let mut powers = [1; SCALE as usize + 1];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};
/// A sign, 20 digits, a point and 10 digits.
const LONGEST: usize = 32;
/// `00` to `99`, two bytes each.
const PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut at = 0;
    while at < 100 {
        pairs[2 * at] = b'0' + (at / 10) as u8;
        pairs[2 * at + 1] = b'0' + (at % 10) as u8;
        at += 1;
    }
    pairs
};

/// Writes a day, counted from 1970-01-01, as `2020-01-31`.
pub(crate) fn push_date(out: &mut Vec<u8>, days: i32) {
    match iso(days) {
        Some(text) => out.extend_from_slice(&text),
        None => out.extend_from_slice(far(days).as_bytes()),
    }
}

/// Writes a day as `"2020-01-31"`.
pub(crate) fn push_quoted_date(out: &mut Vec<u8>, days: i32) {
    let Some(text) = iso(days) else {
        return push_json(out, &far(days));
    };
    let mut quoted = [b'"'; 12];
    quoted[1..11].copy_from_slice(&text);
    out.extend_from_slice(&quoted);
}

/// Writes a day as `20200131`.
pub(super) fn push_compact_date(out: &mut Vec<u8>, days: i32) {
    match iso(days) {
        Some(text) => out.extend(text.iter().filter(|byte| **byte != b'-')),
        None => out.extend_from_slice(far(days).as_bytes()),
    }
}

/// A day of the years 0 to 9999.
fn iso(days: i32) -> Option<[u8; 10]> {
    let (year, month, day) = civil(days);
    let year = usize::try_from(year).ok().filter(|year| *year <= 9999)?;
    let ([a, b], [c, d], [e, f], [g, h]) = (pair(year / 100), pair(year % 100), pair(month), pair(day));
    Some([a, b, c, d, b'-', e, f, b'-', g, h])
}

/// Any other day, with the sign that ISO 8601 asks for.
fn far(days: i32) -> String {
    let (year, month, day) = civil(days);
    format!("{year:+05}-{month:02}-{day:02}")
}

/// Year, month and day of a date: Howard Hinnant, "chrono-compatible low-level date algorithms".
fn civil(days: i32) -> (i64, usize, usize) {
    let days = i64::from(days) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097) as u32);
    let of_year_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * of_year_era + of_year_era / 4 - of_year_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = i64::from(of_year_era) + era * 400 + i64::from(month <= 2);
    (year, month as usize, day as usize)
}

/// Writes a number at scale 10 with its published digits, as [`crate::value::Value`] displays itself.
pub(crate) fn push_value(out: &mut Vec<u8>, unscaled: i128, digits: u8) {
    let size = unscaled.unsigned_abs();
    // Division of 128 bits is several times slower, and numbers this large are seldom.
    let (whole, fraction) = match u64::try_from(size) {
        Ok(size) => (size / ONE, size % ONE),
        Err(_) => ((size / u128::from(ONE)) as u64, (size % u128::from(ONE)) as u64),
    };
    let (mut text, mut at) = ([b'0'; LONGEST], LONGEST);
    if digits > 0 {
        let digits = usize::from(digits).min(SCALE as usize);
        at = put(&mut text, at, fraction / POWERS[SCALE as usize - digits], digits) - 1;
        text[at] = b'.';
    }
    at = put(&mut text, at, whole, 1);
    if unscaled < 0 {
        at -= 1;
        text[at] = b'-';
    }
    out.extend_from_slice(&text[at..]);
}

/// Writes an integer.
pub(crate) fn push_integer(out: &mut Vec<u8>, number: u64) {
    let mut text = [b'0'; LONGEST];
    let at = put(&mut text, LONGEST, number, 1);
    out.extend_from_slice(&text[at..]);
}

/// Puts a number with at least `digits` digits in front of `end`, where only zeros stand; returns where it begins.
fn put(text: &mut [u8; LONGEST], end: usize, number: u64, digits: usize) -> usize {
    let (mut rest, mut at) = (number, end);
    while rest >= 10 {
        at -= 2;
        text[at..at + 2].copy_from_slice(&pair((rest % 100) as usize));
        rest /= 100;
    }
    if rest > 0 {
        at -= 1;
        text[at] = b'0' + rest as u8;
    }
    at.min(end - digits)
}

/// Writes a JSON string.
pub(super) fn push_json(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            0..0x20 | 0x7f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Writes a CSV cell of text, quoted where needed and never a formula.
pub(super) fn push_cell(out: &mut Vec<u8>, text: &str) {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !text.contains([',', '"', '\n', '\r']) {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    if formula {
        out.push(b'\'');
    }
    for &byte in text.as_bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn pair(number: usize) -> [u8; 2] {
    [PAIRS[2 * number], PAIRS[2 * number + 1]]
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::value::Value;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_day_of_six_centuries_is_written_as_the_calendar_has_it() {
        let first = NaiveDate::from_ymd_opt(1600, 1, 1).unwrap();
        for date in first
            .iter_days()
            .take_while(|date| *date <= NaiveDate::from_ymd_opt(2200, 12, 31).unwrap())
        {
            let days = date.to_epoch_days();
            assert_eq!(written(|out| push_date(out, days)), date.to_string());
        }
        assert_eq!(written(|out| push_compact_date(out, 18_262)), "20200101");
        assert_eq!(written(|out| push_quoted_date(out, 18_262)), "\"2020-01-01\"");
    }

    #[test]
    fn a_number_is_written_as_it_displays_itself() {
        for text in [
            "0",
            "0.0",
            "-0.5",
            "7616",
            "7731.70",
            "29962.047",
            "0.0000000001",
            "-1844674407.3709551616",
            "1844674407.3709551615",
            "999999999999999999.9999999999",
            "-999999999999999999",
            "100",
            "1000000.00001",
        ] {
            let value = Value::parse(text).unwrap();
            assert_eq!(written(|out| push_value(out, value.unscaled(), value.digits())), text);
        }
    }

    #[test]
    fn json_text_is_read_back_as_it_was() {
        for text in [
            "plain",
            "a \"quoted\" \\ one",
            "line\nbreak\ttab \u{1} \u{7f}",
            "Zürich 東京 🦀",
        ] {
            let json = written(|out| push_json(out, text));
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn a_text_cell_is_never_a_formula() {
        for (text, cell) in [
            ("Gross Domestic Product", "Gross Domestic Product"),
            ("a, \"b\"", r#""a, ""b""""#),
            ("=1+1", r#""'=1+1""#),
            ("+1 or 0", r#""'+1 or 0""#),
            ("@SUM(A1)", r#""'@SUM(A1)""#),
            ("1-2", "1-2"),
        ] {
            assert_eq!(written(|out| push_cell(out, text)), cell);
        }
    }
}
