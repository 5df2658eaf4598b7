//! Caches of several processes over one Redis.

use std::{future::pending, time::Duration};

use futures::future::join_all;
use platform_testing::{TestRedis, eventually};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::support::{Process, Source};

/// Two processes that hear each other.
async fn two(redis: &TestRedis) -> [Process; 2] {
    let processes = [Process::on(&redis.url()), Process::on(&redis.url())];
    // What is said before a process listens is bounded by its local time to live alone.
    tokio::time::sleep(Duration::from_millis(150)).await;
    processes
}

#[tokio::test]
async fn what_one_process_loads_another_need_not() {
    let Some(redis) = TestRedis::start().await else { return };
    let ([one, other], source) = (two(&redis).await, Source::of(7));

    one.read("a", &source).await;

    assert_eq!(other.read("a", &source).await, Some(7));
    assert_eq!(source.loads(), 1);
}

#[tokio::test]
async fn a_thousand_that_wait_in_several_processes_are_one_load() {
    let Some(redis) = TestRedis::start().await else { return };
    let (processes, source) = (two(&redis).await, Source::slow(7, 100));

    let readers = (0..1_000).map(|at| processes[at % 2].read("a", &source));
    let answers = join_all(readers).await;

    assert!(answers.iter().all(|answer| *answer == Some(7)));
    assert_eq!(source.loads(), 1);
}

#[tokio::test]
async fn an_invalidation_reaches_every_process() {
    let Some(redis) = TestRedis::start().await else { return };
    let ([one, other], source) = (two(&redis).await, Source::of(1));
    one.read("a", &source).await;
    other.read("a", &source).await;

    source.set(2);
    one.cache.invalidate("a").await;

    assert_eq!(one.read("a", &source).await, Some(2));
    eventually("the other process hears of it", async || {
        other.read("a", &source).await == Some(2)
    })
    .await;
}

/// A way to Redis on which nothing comes through any more once it is told so, while connections stay open.
async fn way_to(redis: &TestRedis) -> (String, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = format!("redis://{}", listener.local_addr().unwrap());
    let there = redis.url().replace("redis://", "");
    let (silence, is_silent) = watch::channel(false);
    #[expect(clippy::disallowed_methods, reason = "the way ends with the test")]
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(carry(client, there.clone(), is_silent.clone()));
        }
    });
    (way, silence)
}

async fn carry(mut client: TcpStream, there: String, mut is_silent: watch::Receiver<bool>) {
    let mut server = TcpStream::connect(there).await.unwrap();
    let silenced = async { is_silent.wait_for(|silent| *silent).await.is_ok() };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = silenced => pending::<()>().await,
    }
}

#[tokio::test]
async fn nothing_old_is_kept_for_long_where_the_way_to_redis_falls_silent() {
    let Some(redis) = TestRedis::start().await else { return };
    let (way, silence) = way_to(&redis).await;
    let ([one, other], source) = ([Process::on(&way), Process::on(&redis.url())], Source::of(1));
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(one.read("a", &source).await, Some(1));

    silence.send_replace(true);
    source.set(2);
    other.cache.invalidate("a").await;

    eventually("the old value is not believed any more", async || {
        one.read("a", &source).await == Some(2)
    })
    .await;
}

#[tokio::test]
async fn an_old_value_that_was_being_loaded_elsewhere_is_not_shared_after_an_invalidation() {
    let Some(redis) = TestRedis::start().await else { return };
    let ([one, other], source) = (two(&redis).await, Source::slow(1, 80));
    let early = one.read("a", &source);
    let change = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        source.set(2);
        other.cache.invalidate("a").await;
        other.read("a", &source).await
    };

    let (_, late) = tokio::join!(early, change);

    assert_eq!(late, Some(2));
    eventually("the first process has the new value", async || {
        one.read("a", &source).await == Some(2)
    })
    .await;
}

#[tokio::test]
async fn what_one_process_refreshes_another_need_not() {
    let Some(redis) = TestRedis::start().await else { return };
    let (processes, source) = (two(&redis).await, Source::slow(1, 300));
    for process in &processes {
        process.read("a", &source).await;
    }
    source.set(2);

    // In steps that are short beside the load, so that both find it due in the last moments of its life.
    while source.loads() == 1 {
        for process in &processes {
            process.context.clock().advance(chrono::TimeDelta::milliseconds(10));
            process.read("a", &source).await;
        }
        tokio::task::yield_now().await;
    }

    eventually("both have the new value", async || {
        let mut read = Vec::new();
        for process in &processes {
            process.context.clock().advance(chrono::TimeDelta::milliseconds(10));
            read.push(process.read("a", &source).await);
        }
        read == [Some(2), Some(2)]
    })
    .await;
    assert_eq!(source.loads(), 2);
}

#[tokio::test]
async fn a_load_that_was_given_up_keeps_no_other_process_waiting() {
    let Some(redis) = TestRedis::start().await else { return };
    let ([one, other], never) = (two(&redis).await, Source::slow(1, 3_600_000));

    let given_up = tokio::time::timeout(Duration::from_millis(100), one.read("a", &never)).await;
    let next = tokio::time::timeout(Duration::from_secs(5), other.read("a", &Source::of(7))).await;

    assert!(given_up.is_err());
    assert_eq!(never.loads(), 1, "the load had begun");
    assert_eq!(next.expect("the lock of 10s is not waited out"), Some(7));
}

#[tokio::test]
async fn nothing_old_is_found_in_redis_while_an_invalidation_is_on_its_way() {
    let Some(redis) = TestRedis::start().await else { return };
    let client = redis::Client::open(redis.url()).unwrap();
    let mut link = client.get_multiplexed_async_connection().await.unwrap();
    let (process, source) = (Process::on(&redis.url()), Source::of(1));
    for round in 0..20 {
        let key = format!("a{round}");
        source.set(1);
        process.read(&key, &source).await;
        source.set(2);
        // It has to be told the script anew first, and the value is asked for meanwhile.
        let forget: redis::RedisResult<()> = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut link).await;
        forget.unwrap();

        let ((), early) = tokio::join!(process.cache.invalidate(&key), process.read(&key, &source));
        let late = process.read(&key, &source).await;

        assert!(matches!(early, Some(1 | 2)));
        assert_eq!(late, Some(2), "in round {round}");
    }
}

#[tokio::test]
async fn no_read_is_older_than_the_last_invalidation_under_constant_change() {
    let Some(redis) = TestRedis::start().await else { return };
    let ([one, other], source) = (two(&redis).await, Source::slow(1, 1));
    let write = async {
        for value in 2..60 {
            source.set(value);
            one.cache.invalidate("a").await;
            let read = one.read("a", &source).await.unwrap();
            assert!(read >= value, "read {read} after {value} was written");
        }
    };
    let read = async {
        let mut newest = 0;
        for _ in 0..200 {
            newest = newest.max(other.read("a", &source).await.unwrap());
            tokio::task::yield_now().await;
        }
    };

    tokio::join!(write, read);

    eventually("both agree", async || other.read("a", &source).await == Some(59)).await;
}

#[tokio::test]
async fn without_redis_reads_are_slower_and_not_wrong() {
    let Some(mut redis) = TestRedis::start().await else {
        return;
    };
    let ([one, other], source) = (two(&redis).await, Source::of(1));
    one.read("a", &source).await;
    other.read("a", &source).await;

    redis.stop();
    source.set(2);
    one.cache.invalidate("a").await;
    assert_eq!(one.read("a", &source).await, Some(2));
    // The other cannot hear of it; it trusts itself no longer than its local time to live.
    other.advance(3);
    assert_eq!(other.read("a", &source).await, Some(2));

    redis.resume().await;
    source.set(3);
    eventually("Redis is used again and told", async || {
        one.cache.invalidate("a").await;
        one.read("a", &source).await;
        other.advance(3);
        other.read("a", &source).await == Some(3)
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_was_never_there_stops_nobody() {
    let (process, source) = (Process::on("redis://127.0.0.1:1"), Source::of(7));

    assert_eq!(process.read("a", &source).await, Some(7));
    assert_eq!(process.read("a", &source).await, Some(7));
    assert_eq!(source.loads(), 1);
}
