//! Days as months.

use chrono::{Datelike, NaiveDate};

/// The month a day lies in, counted from January of year 0.
pub(super) fn month(day: i32) -> i32 {
    let edge = if day < 0 { NaiveDate::MIN } else { NaiveDate::MAX };
    let date = NaiveDate::from_epoch_days(day).unwrap_or(edge);
    date.year() * 12 + date.month0() as i32
}

/// The first day of a month that [`month`] counted.
pub(super) fn first_day(month: i32) -> i32 {
    let date = NaiveDate::from_ymd_opt(month.div_euclid(12), month.rem_euclid(12) as u32 + 1, 1);
    date.expect("the first of the month of a day is a day").to_epoch_days()
}
