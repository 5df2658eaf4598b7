//! The same call again and again, by one or by many, and how long each took.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};

/// Turns of [`per_call`], and the calls of each.
const TURNS: usize = 25;
const SIZE: usize = 400;
/// How many calls [`per_call`] makes.
pub(crate) const CALLS: usize = TURNS * SIZE;

/// Sorted times of single calls.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that `percent` of a hundred calls do not exceed.
    pub(crate) fn at(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }
}

/// The time of one call that is too short to be measured alone: the median of some turns of many calls.
pub(crate) async fn per_call(mut call: impl AsyncFnMut(usize) -> Result<()>) -> Result<Duration> {
    let mut times = Vec::with_capacity(TURNS);
    for turn in 0..TURNS {
        let start = Instant::now();
        for at in turn * SIZE..(turn + 1) * SIZE {
            call(at).await?;
        }
        times.push(start.elapsed() / SIZE as u32);
    }
    Ok(Times::new(times).at(50))
}

/// The time that all of `count` calls take while so many at once are under way.
pub(crate) async fn many(count: usize, at_once: usize, call: impl AsyncFn(usize) -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    let mut calls = stream::iter(0..count).map(|at| call(at)).buffer_unordered(at_once);
    while calls.try_next().await?.is_some() {}
    Ok(start.elapsed())
}

/// Clients that each ask, wait for the answer, pause, and ask again.
pub(crate) async fn load<A: AsyncFnMut() -> Result<()>>(
    clients: Vec<A>,
    pause: Duration,
    lasting: Duration,
) -> Result<Times> {
    let (start, count) = (Instant::now(), clients.len() as u32);
    let asking = clients.into_iter().zip(0..).map(|(mut ask, number)| async move {
        // Pauses begin at different times, as people do.
        tokio::time::sleep(pause * number / count).await;
        let mut times = Vec::new();
        while start.elapsed() < lasting {
            let sent = Instant::now();
            ask().await?;
            times.push(sent.elapsed());
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        Ok::<_, anyhow::Error>(times)
    });
    let times = try_join_all(asking).await?;
    Ok(Times::new(times.into_iter().flatten().collect()))
}
