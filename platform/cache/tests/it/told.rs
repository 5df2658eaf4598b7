//! What an operator hears of a Redis that is away.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
};

use platform_testing::{TestRedis, eventually};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Process, Source};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn count(&self, words: &str) -> usize {
        let bytes = self.0.lock().unwrap();
        String::from_utf8_lossy(&bytes).matches(words).count()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_redis_that_goes_away_and_comes_back_is_told_of_once_each() {
    let Some(mut redis) = TestRedis::start().await else {
        return;
    };
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    // A line that another test reached first while this log was being set up may have been taken for unwanted.
    tracing::callsite::rebuild_interest_cache();
    let (process, source) = (Process::on(&redis.url()), Source::of(1));
    process.read("there", &source).await;
    assert_eq!(log.count("Redis"), 0);

    redis.stop();
    for key in 0..20 {
        process.read(&format!("away {key}"), &source).await;
    }
    assert_eq!((log.count("WARN"), log.count("Redis does not answer")), (1, 1));

    redis.resume().await;
    let key = AtomicU32::new(0);
    eventually("Redis answers again", async || {
        process
            .read(&format!("back {}", key.fetch_add(1, SeqCst)), &source)
            .await;
        log.count("Redis answers again") == 1
    })
    .await;
    assert_eq!(log.count("WARN"), 1);
}
