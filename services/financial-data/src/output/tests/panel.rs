//! Many series in one answer, whole and in pieces.

use super::*;

#[test]
fn a_panel_names_the_series_of_every_row() {
    let panel = |media| {
        let mut encoder = Encoder::many(media, Columns::Short, None).unwrap();
        let mut whole = encoder.add("GDP", &gdp().page(0, 1)).unwrap().to_vec();
        whole.extend(encoder.add("=SUM(A1)", &gdp().page(2, 2)).unwrap());
        whole.extend(encoder.finish().unwrap());
        String::from_utf8(whole).unwrap()
    };
    assert_eq!(
        panel(Media::Csv),
        "series_id,date,value\nGDP,2020-01-01,21538.0\n\"'=SUM(A1)\",2020-07-01,\n\"'=SUM(A1)\",2020-10-01,-0.50\n"
    );
    assert_eq!(
        panel(Media::Ndjson),
        "{\"seriesId\":\"GDP\",\"date\":\"2020-01-01\",\"value\":\"21538.0\"}\n\
         {\"seriesId\":\"=SUM(A1)\",\"date\":\"2020-07-01\",\"value\":null}\n\
         {\"seriesId\":\"=SUM(A1)\",\"date\":\"2020-10-01\",\"value\":\"-0.50\"}\n"
    );
    assert_eq!(
        panel(Media::Json),
        r#"{"asOf":null,"series":[{"seriesId":"GDP","points":[{"date":"2020-01-01","value":"21538.0"}]},{"seriesId":"=SUM(A1)","points":[{"date":"2020-07-01","value":null},{"date":"2020-10-01","value":"-0.50"}]}]}"#
    );
}

#[test]
fn a_large_panel_comes_in_pieces_that_make_one_answer() {
    let points: Points = (0..2_000).map(|at| gdp().get(at % 4)).collect();
    let names: Vec<_> = (0..60).map(|series| format!("S{series}")).collect();
    for media in Media::ALL {
        let mut encoder = Encoder::many(media, Columns::Full, None).unwrap();
        let mut pieces: Vec<Bytes> = names.iter().map(|name| encoder.add(name, &points).unwrap()).collect();
        pieces.push(encoder.finish().unwrap());
        let (whole, largest) = (pieces.concat(), pieces.iter().map(Bytes::len).max().unwrap());
        // Parquet packs these repeating numbers into one piece.
        assert!(
            largest < 1 << 21 && (largest * 2 < whole.len() || media == Media::Parquet),
            "{media:?}: {largest}"
        );
        let rows = match media {
            Media::Json => {
                let whole: serde_json::Value = serde_json::from_slice(&whole).unwrap();
                whole["series"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|series| series["points"].as_array().unwrap().len())
                    .sum()
            }
            Media::Ndjson => whole.split(|byte| *byte == b'\n').count() - 1,
            Media::Csv => csv::Reader::from_reader(whole.as_slice())
                .into_records()
                .map(Result::unwrap)
                .count(),
            Media::Arrow => check_panel(&read_arrow(&whole), &names, &points),
            Media::Parquet => check_panel(&read_parquet(whole.clone().into()), &names, &points),
        };
        assert_eq!(rows, 60 * 2_000, "{media:?}");
    }
}

fn check_panel(batches: &[RecordBatch], names: &[String], points: &Points) -> usize {
    let read = observations(batches);
    let expected = names
        .iter()
        .flat_map(|name| points.iter().map(move |point| (name.clone(), point)));
    assert!(read.iter().cloned().eq(expected));
    read.len()
}
