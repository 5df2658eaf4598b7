//! Other engines read the lake: PyIceberg opens the catalog, DuckDB and pyarrow read the files, all agree with the API.

use std::collections::BTreeMap;

use platform_http::Method;
use serde_json::Value;
use system_tests::{Server, python};

/// Every live row by PyIceberg, and the same rows of the files it names by DuckDB and by pyarrow.
const READ: &str = r#"
import sys, json, duckdb, pyarrow.parquet as pq, pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
home = sys.argv[1]
catalog = SqlCatalog("hansa", uri=f"sqlite:///{home}/catalog.db", warehouse=f"file://{home}/lake")
table = catalog.load_table("financial_data.data_points")
columns = ["series_id", "date", "revision_date", "value", "digits", "updated_at"]
def rows(data):
    newest = {}
    for series, date, revision, value, digits, at in zip(*[data.column(name).to_pylist() for name in columns]):
        key = (series, str(date), str(revision))
        if key not in newest or newest[key][0] < at:
            newest[key] = (at, None if value is None else f"{value:.{digits}f}")
    return sorted([*key, value] for key, (_, value) in newest.items())
files = [task.file.file_path.removeprefix("file://") for task in table.scan().plan_files()]
iceberg = rows(table.scan().to_arrow())
arrow = rows(pa.concat_tables([pq.ParquetFile(file).read(columns=columns) for file in files])) if files else []
duck = duckdb.sql(f"select {', '.join(columns)} from read_parquet({files!r})").to_arrow_table() if files else None
duck = rows(duck) if duck is not None else []
names = {str(row["id"]): row["external_id"] for row in catalog.load_table("financial_data.series").scan().to_arrow().to_pylist()}
print(json.dumps({"iceberg": iceberg, "arrow": arrow, "duck": duck, "names": names,
    "snapshots": len(table.metadata.snapshots), "sorted_by": [f.source_id for f in table.sort_order().fields],
    "format": table.metadata.format_version}))
"#;

/// Every revision of every series by the API, as the script prints them.
async fn by_the_api(server: &Server, series: &BTreeMap<String, String>) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for (id, name) in series {
        let path = format!("/api/v1/financial-data/series/{id}/points?revisions=all&columns=full&format=json");
        let (status, body) = server.get(&path).await.unwrap();
        assert_eq!(status, 200, "{name}: {body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        for point in answer["points"].as_array().unwrap() {
            rows.push(vec![
                id.clone().into(),
                point["date"].clone(),
                point["revisionDate"].clone(),
                point["value"].clone(),
            ]);
        }
    }
    rows.sort_by_key(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>());
    rows
}

/// What all engines say, after they have been found to agree with the API.
async fn agreed(server: &Server, home: &str) -> Option<Value> {
    let said = python(READ, &[home])?;
    let names = said["names"].as_object().unwrap().iter();
    let series: BTreeMap<String, String> = names
        .map(|(id, name)| (id.clone(), name.as_str().unwrap().to_string()))
        .collect();
    let api = by_the_api(server, &series).await;
    let sorted = |engine: &str| {
        let mut rows: Vec<Vec<Value>> = serde_json::from_value(said[engine].clone()).unwrap();
        rows.sort_by_key(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>());
        rows
    };
    for engine in ["iceberg", "arrow", "duck"] {
        let rows = sorted(engine);
        let other = rows.iter().zip(&api).find(|(theirs, ours)| theirs != ours);
        assert!(
            rows.len() == api.len() && other.is_none(),
            "{engine}: {} rows, the API: {}, first: {other:?}",
            rows.len(),
            api.len()
        );
    }
    Some(said)
}

#[tokio::test(flavor = "multi_thread")]
async fn other_engines_agree_with_the_api_at_every_stage() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().canonicalize().unwrap();
    let server = Server::start(&home, None).await;
    let demo: String = financial_data::demo::Demo::load()
        .series
        .iter()
        .take(3)
        .map(csv)
        .collect();
    let (status, body) = server
        .upload(&format!("source,series_id,date,value,revision_date\n{demo}"))
        .await
        .unwrap();
    assert_eq!(status, 200, "{body}");
    let rewrite = "series_id,date,value,revision_date\nX,2020-01-01,1.50,2020-02-01\nX,2020-01-01,1.25,2020-02-01\n";
    let _ = server.upload(rewrite).await.unwrap();
    for value in ["-0.0000000001", "999999999999999999.9999999999", "", "7.00"] {
        let row = format!(
            "series_id,date,value,revision_date\nX,2020-01-01,{value},2020-02-01\nX,1600-01-01,{value},2020-02-01\n"
        );
        assert_eq!(server.upload(&row).await.unwrap().0, 200);
    }
    let home = home.display().to_string();

    let Some(said) = agreed(&server, &home).await else {
        return;
    };
    assert_eq!(said["format"], 2);
    assert_eq!(said["sorted_by"].as_array().unwrap().len(), 3);
    assert!(said["iceberg"].as_array().unwrap().len() > 3_000);

    let gone = "/api/v1/financial-data/series/FRED:CPILFESL";
    assert_eq!(server.send(Method::DELETE, gone, None).await.unwrap().0, 204);
    agreed(&server, &home).await;

    let compacted = server
        .send(Method::POST, "/api/v1/lake/compact?effort=full", None)
        .await
        .unwrap();
    assert_eq!(compacted.0, 200, "{}", compacted.1);
    agreed(&server, &home).await;
}

fn csv(series: &financial_data::demo::DemoSeries) -> String {
    let rows = series.rows();
    let day = |days: i32| chrono::NaiveDate::from_epoch_days(days).unwrap();
    let line = |at: usize| {
        let value = rows.value(at).map(|value| value.to_string()).unwrap_or_default();
        format!(
            "{},{},{},{value},{}\n",
            series.source,
            series.external_id,
            day(rows.dates[at]),
            day(rows.revisions[at])
        )
    };
    (0..rows.len()).map(line).collect()
}
