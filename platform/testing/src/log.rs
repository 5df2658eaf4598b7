//! What is logged while a test listens.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{Dispatch, Level, subscriber::DefaultGuard};
use tracing_subscriber::fmt;

/// What this thread logs until this is dropped.
pub struct Log {
    lines: Lines,
    _listening: DefaultGuard,
    _another: Dispatch,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Listens to lines of this level and of those above it.
    pub fn listen(level: Level) -> Self {
        let lines = Lines::default();
        // Of one listener alone a line that a thread without any reaches first is taken for one that nobody wants.
        let another = Dispatch::new(fmt().with_max_level(level).with_writer(io::sink).finish());
        let writer = lines.clone();
        let subscriber = fmt().with_max_level(level).with_ansi(false);
        let subscriber = subscriber.with_writer(move || writer.clone()).finish();
        let listening = tracing::subscriber::set_default(subscriber);
        tracing::callsite::rebuild_interest_cache();
        Self {
            lines,
            _listening: listening,
            _another: another,
        }
    }

    /// All lines so far.
    pub fn text(&self) -> String {
        let bytes = self.lines.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// How often something stands in them.
    pub fn count(&self, words: &str) -> usize {
        self.text().matches(words).count()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
