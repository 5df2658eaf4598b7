//! Who may write financial data where others depend on it: the real processes of a small production.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use platform_http::{Client, ClientSettings, Method};
use serde_json::{Value, json};
use system_tests::{binary, hansa};

struct Production {
    child: Child,
    client: Client,
    auth: String,
    data: String,
}

impl Drop for Production {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Production {
    async fn start(home: &std::path::Path) -> Self {
        let seeded = hansa(&["seed", "--system", "economic", "--data", &home.display().to_string()]);
        assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
        let [data, auth, security] = [(); 3].map(|()| platform_testing::free_port());
        let mut command = Command::new(binary());
        command.args([
            "run",
            "--no-gateway",
            "--only",
            "financial-data,auth,security",
            "--log",
            "off",
        ]);
        command.args(["--port", &data.to_string(), "--set", &format!("auth.port={auth}")]);
        command
            .args(["--set", &format!("security.port={security}"), "--data"])
            .arg(home);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let production = Self {
            child,
            client: Client::new(&ClientSettings::default()).unwrap(),
            auth: format!("http://127.0.0.1:{auth}"),
            data: format!("http://127.0.0.1:{data}"),
        };
        let started = Instant::now();
        while production
            .send(Method::GET, &format!("{}/readyz", production.data), None, "")
            .await
            .0
            != 200
        {
            assert!(started.elapsed() < Duration::from_secs(60), "the process is not ready");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        production
    }

    async fn send(&self, method: Method, url: &str, token: Option<&str>, body: &str) -> (u16, Value) {
        let mut request = self
            .client
            .request(method, url)
            .header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        match request.body(body.to_owned()).send().await {
            Err(_) => (0, Value::Null),
            Ok(answer) => (answer.status().as_u16(), answer.json().await.unwrap_or_default()),
        }
    }

    async fn sign_in(&self, name: &str, password: &str) -> String {
        let body = json!({ "email": format!("{name}@economic.example"), "password": password, "mode": "bearer" });
        let url = format!("{}/auth/sign-in", self.auth);
        let (_, answer) = self.send(Method::POST, &url, None, &body.to_string()).await;
        answer["accessToken"]
            .as_str()
            .unwrap_or_else(|| panic!("not signed in: {answer}"))
            .to_owned()
    }

    async fn write(&self, token: Option<&str>) -> u16 {
        let rows = r#"[{ "series_id": "rate", "date": "2026-01-01", "value": "2.25" }]"#;
        let url = format!("{}/api/v1/financial-data/bulk?source=mine", self.data);
        self.send(Method::POST, &url, token, rows).await.0
    }

    async fn delete(&self, token: Option<&str>) -> Value {
        let query = json!({ "query": "mutation { deleteFinancialSeries(id: \"mine:rate\") }" }).to_string();
        self.send(Method::POST, &format!("{}/graphql", self.data), token, &query)
            .await
            .1
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_production_everybody_reads_and_only_those_who_may_write() {
    let home = tempfile::tempdir().unwrap();
    let production = Production::start(home.path()).await;
    let admin = production.sign_in("admin", "correct-horse-economic-1").await;
    let viewer = production.sign_in("viewer", "correct-horse-economic-3").await;

    assert_eq!(production.write(None).await, 401);
    assert_eq!(production.write(Some("made.up.token")).await, 401);
    assert_eq!(production.write(Some(&viewer)).await, 403);
    assert_eq!(production.write(Some(&admin)).await, 200);
    for (token, code) in [(None, "UNAUTHENTICATED"), (Some(viewer.as_str()), "FORBIDDEN")] {
        let refused = production.delete(token).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], code, "{refused}");
    }
    let latest = format!("{}/api/v1/financial-data/series/mine:rate/latest", production.data);
    let (status, value) = production.send(Method::GET, &latest, None, "").await;
    assert_eq!((status, &value["value"]), (200, &json!("2.25")));
    assert_eq!(
        production.delete(Some(&admin)).await["data"]["deleteFinancialSeries"],
        true
    );
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
