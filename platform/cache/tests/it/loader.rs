//! The layer of one request.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_graphql::dataloader::Loader;
use futures::future::join_all;
use platform_cache::{CacheLoader, data_loader};
use platform_error::Error;
use platform_testing::{TestRedis, eventually};
use tokio::time::sleep;

use crate::support::{Process, Source};

/// A loader of a number by any key.
fn loader(process: &Process, source: &Source) -> CacheLoader<u64> {
    let source = source.clone();
    process.cache.loader(move |keys: Vec<String>| {
        let source = source.clone();
        async move {
            let number = source.load().await?;
            Ok::<_, Error>(keys.into_iter().filter_map(|key| Some((key, number?))).collect())
        }
    })
}

#[tokio::test]
async fn keys_asked_for_one_by_one_are_loaded_together_and_only_those_that_are_missing() {
    let Some(redis) = TestRedis::start().await else { return };
    for process in [Process::alone(), Process::on(&redis.url())] {
        process.read("1", &Source::of(1)).await;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = asked.clone();
        let load = move |mut keys: Vec<String>| {
            keys.sort();
            noted.lock().unwrap().push(keys.join(" "));
            async move {
                let numbers = keys.into_iter().filter(|key| key != "4");
                Ok::<_, Error>(
                    numbers
                        .map(|key| (key.clone(), key.parse().unwrap()))
                        .collect::<HashMap<_, u64>>(),
                )
            }
        };
        let loader = data_loader(process.cache.loader(load));

        let ask = async || {
            let keys = ["1", "2", "3", "4"].map(str::to_owned);
            join_all(keys.into_iter().map(|key| loader.load_one(key))).await
        };
        let values: Vec<_> = ask().await.into_iter().map(Result::unwrap).collect();
        let again: Vec<_> = ask().await.into_iter().map(Result::unwrap).collect();

        assert_eq!(values, [Some(1), Some(2), Some(3), None]);
        assert_eq!(again, values);
        assert_eq!(*asked.lock().unwrap(), ["2 3 4"]);
    }
}

#[tokio::test]
async fn a_key_is_loaded_once_however_many_ask_while_it_is_loaded_here_and_elsewhere() {
    let Some(redis) = TestRedis::start().await else { return };
    let (processes, source) = (
        [Process::on(&redis.url()), Process::on(&redis.url())],
        Source::slow(7, 100),
    );
    let loaders = processes
        .each_ref()
        .map(|process| data_loader(loader(process, &source)));

    let readers = (0..50).map(|at| {
        let loader = &loaders[at % 2];
        async move {
            sleep(Duration::from_millis(5) * u32::try_from(at).unwrap()).await;
            loader.load_one("a".to_owned()).await.unwrap()
        }
    });
    let answers = join_all(readers).await;

    assert!(answers.iter().all(|answer| *answer == Some(7)));
    assert_eq!(source.loads(), 1);
}

#[tokio::test]
async fn a_load_is_kept_though_another_key_is_forgotten_meanwhile() {
    let (process, source) = (Process::alone(), Source::slow(7, 100));
    let (loader, keys) = (loader(&process, &source), ["a".to_owned()]);
    let forget = async {
        sleep(Duration::from_millis(30)).await;
        process.cache.invalidate("b").await;
    };

    let (early, ()) = tokio::join!(loader.load(&keys), forget);
    let late = loader.load(&keys).await;

    assert_eq!(early.unwrap(), late.unwrap());
    assert_eq!(source.loads(), 1);
}

#[tokio::test]
async fn a_dear_value_is_refreshed_before_it_expires() {
    let (process, source) = (Process::alone(), Source::slow(1, 300));
    let (loader, keys) = (loader(&process, &source), ["a".to_owned()]);
    let read = async || loader.load(&keys).await.unwrap()["a"];
    read().await;
    source.set(2);

    // In steps that are short beside the load, so that one of the last of its life brings the refresh.
    let mut served = None;
    while source.loads() == 1 {
        process.context.clock().advance(chrono::TimeDelta::milliseconds(10));
        served = Some(read().await);
        tokio::task::yield_now().await;
    }

    assert_eq!(served, Some(1));
    eventually("the refresh arrives", async || read().await == 2).await;
    assert_eq!(source.loads(), 2);
}
