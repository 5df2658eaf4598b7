//! Calendar dates as days since 1970-01-01, read from bytes.

use chrono::NaiveDate;

use super::RowErrorType;
use super::fault::{Fault, With, fault as refuse};
use super::field::Column;

/// 1600-01-01.
const FIRST: i32 = days(1600, 1, 1);
/// 2200-12-31.
const LAST: i32 = days(2200, 12, 31);

/// Reads a calendar date, exactly `YYYY-MM-DD`.
pub fn day(text: &str) -> Option<NaiveDate> {
    parse(text.as_bytes()).and_then(NaiveDate::from_epoch_days)
}

/// The same where it is one that a series can have: from 1600-01-01 to 2200-12-31.
pub fn series_day(text: &str) -> Option<NaiveDate> {
    let days = parse(text.as_bytes()).filter(|days| in_range(*days));
    days.and_then(NaiveDate::from_epoch_days)
}

/// Whether a date is one that a series can have.
pub(super) fn in_range(days: i32) -> bool {
    (FIRST..=LAST).contains(&days)
}

/// Reads exactly `YYYY-MM-DD`.
pub(super) fn parse(text: &[u8]) -> Option<i32> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2].map(|byte| byte.wrapping_sub(b'0'));
    if digits.iter().any(|digit| *digit > 9) {
        return None;
    }
    let [y1, y2, y3, y4, m1, m2, d1, d2] = digits.map(i32::from);
    let (year, month, day) = (y1 * 1000 + y2 * 100 + y3 * 10 + y4, m1 * 10 + m2, d1 * 10 + d2);
    ((1..=12).contains(&month) && day >= 1 && day <= month_length(year, month)).then(|| days(year, month, day))
}

const fn month_length(year: i32, month: i32) -> i32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar: Howard Hinnant, "chrono-compatible low-level date algorithms".
const fn days(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// A date that cannot be used, with the one that was probably meant.
pub(super) fn fault(column: Column, text: &[u8]) -> Fault {
    let (message, fix) = wrong(text);
    refuse(column, text, RowErrorType::InvalidDateFormat, message).with(fix)
}

/// What is wrong with a date that a series cannot have, and what to write instead.
pub(super) fn wrong(text: &[u8]) -> (&'static str, String) {
    let message = match parse(text) {
        Some(_) => "is outside 1600-01-01 to 2200-12-31",
        None => "is not a calendar date in YYYY-MM-DD",
    };
    let fix = meant(text).map(|date| format!("write {date}"));
    let usual = || "write the day as YYYY-MM-DD, for instance 2024-01-31".to_owned();
    (message, fix.unwrap_or_else(usual))
}

/// The date in `2024-1-5`, `2024/01/05`, `20240105`, `2024-01-05T00:00:00Z`, `5.1.2024`, `2024-01`, `2024Q1` or `2024`.
fn meant(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.split(['T', ' ']).next()?;
    let part = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse::<u32>().ok())?
    };
    let (year, month, day) = if let Some((year, quarter)) = text.split_once(['Q', 'q']) {
        let quarter = part(quarter).filter(|quarter| (1..=4).contains(quarter))?;
        (part(year.trim_end_matches('-'))?, quarter * 3 - 2, 1)
    } else {
        let parts: Vec<_> = text.split(['-', '/', '.']).collect();
        match parts[..] {
            [compact] if compact.len() == 8 && compact.is_ascii() => {
                (part(&compact[..4])?, part(&compact[4..6])?, part(&compact[6..])?)
            }
            [year] if year.len() == 4 => (part(year)?, 1, 1),
            [year, month] if year.len() == 4 => (part(year)?, part(month)?, 1),
            [year, month, day] if year.len() == 4 => (part(year)?, part(month)?, part(day)?),
            // 5/1/2024 is May or January: only the notation with points has one meaning.
            [day, month, year] if year.len() == 4 && text.contains('.') => (part(year)?, part(month)?, part(day)?),
            _ => return None,
        }
    };
    let date = format!("{year:04}-{month:02}-{day:02}");
    parse(date.as_bytes()).is_some_and(in_range).then_some(date)
}
