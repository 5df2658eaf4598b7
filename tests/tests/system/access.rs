//! Who may write financial data where others depend on it: the real processes of a small production.

use std::path::Path;

use platform_http::Method;
use serde_json::{Value, json};
use system_tests::{Process, hansa, seed, send, sign_in};

struct Production {
    auth: String,
    data: String,
    _process: Process,
}

impl Production {
    async fn start(home: &Path) -> Self {
        seed(home, &[]);
        let only = "run --no-gateway --only financial-data,auth,security";
        let ports = "--port 0 --set auth.port=0 --set security.port=0";
        let arguments: Vec<_> = only.split(' ').chain(ports.split(' ')).collect();
        let mut process = Process::start(home, &arguments);
        Self {
            auth: process.address("auth").await,
            data: process.address("financial-data").await,
            _process: process,
        }
    }

    async fn write(&self, token: &str) -> u16 {
        let rows = json!([{ "series_id": "rate", "date": "2026-01-01", "value": "2.25" }]);
        let url = format!("{}/api/v1/financial-data/bulk?source=mine", self.data);
        send(Method::POST, &url, token, &rows).await.0
    }

    async fn delete(&self, token: &str) -> Value {
        let query = json!({ "query": "mutation { deleteFinancialSeries(id: \"mine:rate\") }" });
        let url = format!("{}/graphql", self.data);
        send(Method::POST, &url, token, &query).await.1
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_production_everybody_reads_and_only_those_who_may_write() {
    let home = tempfile::tempdir().unwrap();
    let production = Production::start(home.path()).await;
    let (admin, _) = sign_in(&production.auth, "admin", "correct-horse-economic-1").await;
    let (viewer, _) = sign_in(&production.auth, "viewer", "correct-horse-economic-3").await;

    assert_eq!(production.write("").await, 401);
    assert_eq!(production.write("made.up.token").await, 401);
    assert_eq!(production.write(&viewer).await, 403);
    assert_eq!(production.write(&admin).await, 200);
    for (token, code) in [("", "UNAUTHENTICATED"), (viewer.as_str(), "FORBIDDEN")] {
        let refused = production.delete(token).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], code, "{refused}");
    }
    let latest = format!("{}/api/v1/financial-data/series/mine:rate/latest", production.data);
    let (status, value) = send(Method::GET, &latest, "", &Value::Null).await;
    assert_eq!((status, &value["value"]), (200, &json!("2.25")));
    assert_eq!(production.delete(&admin).await["data"]["deleteFinancialSeries"], true);
}

#[test]
fn whoever_has_the_files_of_a_system_in_production_needs_no_token() {
    let home = tempfile::tempdir().unwrap();
    let (file, data) = (
        home.path().join("rows.csv"),
        home.path().join("data").display().to_string(),
    );
    std::fs::write(&file, "series_id,date,value\nrate,2026-01-01,2.25\n").unwrap();

    let import = [
        "import",
        &file.display().to_string(),
        "--source",
        "mine",
        "--data",
        &data,
    ];
    let imported = hansa(&[&import[..], &["--set", "host.production=true"]].concat());

    assert!(
        imported.status.success(),
        "{}",
        String::from_utf8_lossy(&imported.stderr)
    );
}

#[test]
fn a_system_in_production_is_not_seeded() {
    let home = tempfile::tempdir().unwrap();

    let refused = hansa(&[
        "seed",
        "--set",
        "host.production=true",
        "--data",
        &home.path().display().to_string(),
    ]);

    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("seeds have known passwords"), "{told}");
}
