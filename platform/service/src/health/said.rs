//! An answer that is given again for a moment, so that a crowd that asks makes it be worked out once.

use std::time::Duration;

use tokio::{sync::Mutex, time::Instant};

/// For so long: whoever reaches the port may ask, as often as they like.
const FRESH: Duration = Duration::from_millis(250);

/// What was said last, and when.
pub(super) struct Said<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Said<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Said<T> {
    /// What was said last while it is fresh; else what `answer` comes to.
    pub(super) async fn or(&self, answer: impl Future<Output = T>) -> T {
        // Who comes while it is worked out waits for the same.
        let mut said = self.0.lock().await;
        match &*said {
            Some((when, last)) if when.elapsed() < FRESH => last.clone(),
            _ => {
                let answer = answer.await;
                *said = Some((Instant::now(), answer.clone()));
                answer
            }
        }
    }
}
