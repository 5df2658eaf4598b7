//! The layer of one request.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use futures::future::join_all;
use platform_cache::data_loader;
use platform_error::Error;
use platform_testing::TestRedis;

use crate::support::{Process, Source};

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
