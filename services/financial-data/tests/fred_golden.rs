//! Recorded answers of the real FRED and ALFRED, asked again of our own history of GDP.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use financial_data::demo::Demo;
use financial_data::history::{DateRange, History, Observation, Points, Revisions};
use financial_data::value::Value;

const BEGINNING: &str = "1776-07-04";
const END: &str = "9999-12-31";

#[test]
fn all_vintages_are_byte_for_byte_what_alfred_answers() {
    let recordings = [
        (
            "2024-10-30",
            "3e704a7f3873756c3ea51996ab703c362a40d6073f80e4e75ee8b077fb063204",
        ),
        (
            "2024-12-19",
            "85fea5d12c19792c3dacd190284014dd3fc3e66dfd2a57c799c9f6509cdbbfa5",
        ),
        (
            "2025-06-26",
            "50d669be3fb95cc2a41578db6e54bd127bdd9f9ba5a3475394c16ab208e63357",
        ),
    ];
    for (recorded, digest) in recordings {
        let body = alfred_body(&gdp_until(recorded), BEGINNING, END);

        assert_eq!(sha256(&body), digest, "as recorded on {recorded}");
    }
}

#[test]
fn a_window_of_real_time_is_cut_as_alfred_cuts_it() {
    let body = alfred_body(&gdp(), BEGINNING, "2019-01-01");

    assert_eq!(body.matches("\"date\"").count(), 2902);
    assert_eq!(
        sha256(&body),
        "3077c3657d408b1070437159b108a19b29ef0e10857437ce7adbc30820c171d6"
    );
}

#[test]
fn the_vintages_of_gdp_are_those_that_alfred_lists() {
    let gdp = gdp();

    assert_eq!((gdp.len(), gdp.vintages().len()), (3207, 401));
    assert_eq!(
        (text(gdp.vintages()[0]), text(gdp.vintages()[400])),
        ("1991-12-04".into(), "2025-06-26".into())
    );
}

#[test]
fn an_as_of_read_is_what_fred_showed_on_that_day() {
    let recorded = [
        ("2019-01-01", include_str!("data/gdp-as-of-2019-01-01.csv")),
        ("2024-12-19", include_str!("data/gdp-now-2024-12-19.csv")),
        ("2025-07-01", include_str!("data/gdp-now-2025-07-01.csv")),
    ];
    for (on, expected) in recorded {
        let points = gdp().as_of(day(on), DateRange::ALL);

        assert_eq!(csv(&points), expected, "as of {on}");
    }
    assert_eq!(csv(&gdp().latest(DateRange::ALL)), recorded[2].1);
}

#[test]
fn original_releases_are_the_initial_releases_of_alfred() {
    let gdp = gdp();
    let expected = include_str!("data/gdp-initial-releases.csv");

    let spells = spells(&gdp, BEGINNING, END);
    let mut answer = String::from("date,value,realtime_start,realtime_end\n");
    for spell in spells.iter().filter(|spell| spell.said.is_original_release) {
        writeln!(
            answer,
            "{},{},{},{}",
            text(spell.said.date),
            number(spell.said.value),
            text(spell.start),
            text(spell.end)
        )
        .unwrap();
    }

    assert_eq!(answer, expected);
    assert_eq!(gdp.original_releases(DateRange::ALL).len(), 134);
    assert_eq!(
        gdp.release(0, DateRange::ALL).len(),
        317,
        "the first revision of a date is another thing"
    );
}

#[test]
fn a_crawl_adds_exactly_what_was_published_since_the_last_one() {
    let crawl: Vec<_> = include_str!("data/gdp-now-2024-12-19.csv")
        .lines()
        .skip(1)
        .map(row)
        .collect();
    let before = gdp_until("2024-10-30");

    let changes = before.known().crawl(day("2024-12-19"), crawl.iter().copied());

    let revised = gdp().window(day("2024-10-31"), day("2024-12-19"), DateRange::ALL);
    let mut dates = revised.dates().to_vec();
    dates.dedup();
    assert_eq!(
        changes.changed.iter().map(|&index| crawl[index].0).collect::<Vec<_>>(),
        dates
    );
    assert!(changes.absent.is_empty());
    assert!(
        gdp_until("2024-12-19")
            .known()
            .crawl(day("2024-12-19"), crawl)
            .changed
            .is_empty()
    );
}

fn gdp() -> History {
    gdp_until(END)
}

/// GDP as it stood in ALFRED at the end of a day.
fn gdp_until(last: &str) -> History {
    let demo = Demo::load();
    let rows = demo
        .series
        .iter()
        .find(|series| series.external_id == "GDP")
        .unwrap()
        .rows();
    let mut kept = Revisions::default();
    for at in (0..rows.len()).filter(|&at| rows.revisions[at] <= day(last)) {
        kept.dates.push(rows.dates[at]);
        kept.revisions.push(rows.revisions[at]);
        kept.values.push(rows.values[at]);
        kept.digits.push(rows.digits[at]);
        kept.declared.push(rows.originals[at]);
    }
    History::new(kept).unwrap()
}

/// The days on which one number was the known one.
struct Spell {
    said: Observation,
    start: i32,
    end: i32,
}

/// What held on any day of a window, as ALFRED answers `realtime_start` and `realtime_end`: cut to these days. A revision
/// that repeats the number before it prolongs that number's spell.
fn spells(history: &History, start: &str, end: &str) -> Vec<Spell> {
    let mut spells: Vec<Spell> = Vec::new();
    for said in history.revisions(DateRange::ALL).iter() {
        match spells.last_mut().filter(|last| last.said.date == said.date) {
            Some(last) if last.said.value == said.value => continue,
            Some(last) => last.end = said.revision_date - 1,
            None => {}
        }
        spells.push(Spell {
            said,
            start: said.revision_date,
            end: day(END),
        });
    }
    spells.retain(|spell| spell.start <= day(end) && spell.end >= day(start));
    for spell in &mut spells {
        spell.start = spell.start.max(day(start));
        spell.end = spell.end.min(day(end));
    }
    spells
}

fn alfred_body(history: &History, start: &str, end: &str) -> String {
    let spells = spells(history, start, end);
    let observation = |spell: &Spell| {
        let value = spell.said.value.map_or(".".into(), |value| value.to_string());
        format!(
            r#"{{"realtime_start":"{}","realtime_end":"{}","date":"{}","value":"{value}"}}"#,
            text(spell.start),
            text(spell.end),
            text(spell.said.date)
        )
    };
    let observations: Vec<_> = spells.iter().map(observation).collect();
    format!(
        r#"{{"realtime_start":"{start}","realtime_end":"{end}","observation_start":"1600-01-01","observation_end":"9999-12-31","units":"lin","output_type":1,"file_type":"json","order_by":"observation_date","sort_order":"asc","count":{},"offset":0,"limit":100000,"observations":[{}]}}"#,
        spells.len(),
        observations.join(",")
    )
}

fn csv(points: &Points) -> String {
    points.iter().fold("date,value\n".into(), |csv, point| {
        csv + &format!("{},{}\n", text(point.date), number(point.value))
    })
}

fn row(line: &str) -> (i32, Option<Value>) {
    let (date, value) = line.split_once(',').unwrap();
    (day(date), (!value.is_empty()).then(|| Value::parse(value).unwrap()))
}

fn number(value: Option<Value>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn day(text: &str) -> i32 {
    text.parse::<NaiveDate>().unwrap().to_epoch_days()
}

fn text(day: i32) -> String {
    NaiveDate::from_epoch_days(day).unwrap().to_string()
}

fn sha256(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
