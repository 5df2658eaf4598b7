//! A line of values over time, drawn in a terminal. The one place where a value becomes a float: it only has to be
//! as exact as a dot of braille.

use chrono::{Days, NaiveDate};
use textplots::{Chart, LabelBuilder, LabelFormat, Plot, Shape};

use crate::rows::Row;

/// Dots of the drawing; a letter is two wide and four high.
const SIZE: (u32, u32) = (160, 64);

/// Draws the rows; dates without a value are gaps. Empty when there is nothing to draw.
pub(crate) fn draw(rows: &[Row]) -> String {
    let Some(origin) = rows.first().map(|row| row.date) else {
        return String::new();
    };
    let dot = |row: &Row| Some((row.date.signed_duration_since(origin).num_days() as f32, number(row)?));
    let runs: Vec<Vec<(f32, f32)>> = rows
        .chunk_by(|a, b| a.value.is_some() == b.value.is_some())
        .map(|run| run.iter().filter_map(dot).collect())
        .filter(|run: &Vec<_>| !run.is_empty())
        .collect();
    let values = || runs.iter().flatten().map(|(_, value)| *value);
    let (low, high) = (
        values().fold(f32::INFINITY, f32::min),
        values().fold(f32::NEG_INFINITY, f32::max),
    );
    let last = runs.iter().flatten().map(|(day, _)| *day).fold(0.0, f32::max);
    if runs.is_empty() || !(low.is_finite() && high.is_finite()) {
        return String::new();
    }
    let margin = if high > low { 0.0 } else { high.abs().max(1.0) / 10.0 };
    let shapes: Vec<Shape> = runs.iter().map(|run| Shape::Lines(run)).collect();
    let (width, height) = SIZE;
    let mut chart = Chart::new_with_y_range(width, height, 0.0, last.max(1.0), low - margin, high + margin);
    let labelled = chart
        .x_label_format(LabelFormat::Custom(Box::new(move |day| date(origin, day))))
        .y_label_format(LabelFormat::Custom(Box::new(move |value| label(value, high - low))));
    let drawn = shapes.iter().fold(labelled, |chart, shape| chart.lineplot(shape));
    drawn.axis();
    drawn.figures();
    drawn.to_string()
}

fn number(row: &Row) -> Option<f32> {
    row.value?.to_string().parse().ok()
}

fn date(origin: NaiveDate, day: f32) -> String {
    origin
        .checked_add_days(Days::new(day as u64))
        .unwrap_or(origin)
        .to_string()
}

/// As many digits as it takes to tell the top of the drawing from its bottom.
fn label(value: f32, span: f32) -> String {
    let digits = match span {
        span if span >= 100.0 => 0,
        span if span >= 1.0 => 2,
        span if span > 0.0 => (2.0 - span.log10()).ceil().clamp(0.0, 9.0) as usize,
        _ => 2,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(csv: &str) -> Vec<Row> {
        crate::rows::parse(format!("date,value\n{csv}").as_bytes()).unwrap()
    }

    #[test]
    fn a_drawing_names_its_ends_on_both_axes() {
        let drawing = draw(&rows("2020-01-01,10\n2020-04-01,12.5\n2020-07-01,\n2020-10-01,11\n"));

        for label in ["12.50", "10.00", "2020-01-01", "2020-10-01"] {
            assert!(drawing.contains(label), "{label} in\n{drawing}");
        }
    }

    #[test]
    fn a_flat_line_a_single_value_and_nothing_can_be_drawn() {
        assert!(draw(&rows("2020-01-01,0\n2020-02-01,0\n")).contains("2020-02-01"));
        assert!(draw(&rows("2020-01-01,5\n")).contains("2020-01-01"));
        assert_eq!(draw(&rows("2020-01-01,\n")), "");
        assert_eq!(draw(&[]), "");
    }
}
