//! What is counted of every cache, layer by layer.

use platform_cache::data_loader;
use platform_error::Error;
use platform_testing::TestRedis;

use crate::support::{Process, Source};

/// How often a cache's layer had this outcome, as Prometheus is told.
fn count(metrics: &str, layer: &str, outcome: &str) -> u64 {
    let labels = format!("cache_requests_total{{cache=\"numbers\",layer=\"{layer}\",outcome=\"{outcome}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&labels));
    line.map_or(0, |count| count.parse().unwrap())
}

#[test]
fn every_cache_has_its_hit_rate() {
    let here = std::env::current_exe().unwrap();
    let arguments = ["counted::a_cache_is_asked", "--exact", "--ignored", "--nocapture"];

    let output = std::process::Command::new(here).args(arguments).output().unwrap();

    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("1 passed"), "{told}");
}

#[tokio::test]
#[ignore = "runs in a process of its own, started by the test before, because all caches of a process count together"]
async fn a_cache_is_asked() {
    let telemetry = platform_telemetry::init(&platform_telemetry::Settings::default()).unwrap();
    let Some(redis) = TestRedis::start().await else { return };
    let (alone, on_redis) = (Process::alone(), || Process::on(&redis.url()));
    let source = Source::of(7);
    let several = async |process: &Process| {
        let load = |_| async { Ok::<_, Error>([("b".to_owned(), 1)].into()) };
        let loader = data_loader(process.cache.loader(load));
        loader.load_many(["a".to_owned(), "b".to_owned()]).await.unwrap();
    };

    // A miss and two hits; then a hit and a miss at once.
    for _ in 0..3 {
        alone.read("a", &source).await;
    }
    several(&alone).await;
    // Processes that keep nothing yet: a miss and a hit in Redis; then a hit and a miss at once.
    on_redis().read("a", &source).await;
    on_redis().read("a", &source).await;
    several(&on_redis()).await;

    let metrics = telemetry.render();
    let counts = ["process", "redis"].map(|layer| ["hit", "miss"].map(|outcome| count(&metrics, layer, outcome)));
    assert_eq!(counts, [[3, 6], [2, 2]], "{metrics}");
    let loads = "cache_load_seconds_count{cache=\"numbers\"} 4";
    assert!(metrics.contains(loads), "{metrics}");
}
