//! Named steps at which tests stop a process dead, to prove that a crash there loses nothing.

/// Every step that can be named in a fault, in the order of a write, a compaction and a delete.
pub const POINTS: &[&str] = &[
    "commit.before_files",
    "commit.before_metadata",
    "commit.after_files",
    "commit.before_swap",
    "commit.after_swap",
    "stage.after_file",
    "compact.before_read",
    "compact.after_file",
    "compact.before_commit",
    "compact.after_commit",
    "delete.before_rewrite",
    "delete.after_rewrite",
    "delete.after_commit",
    "sweep.before_delete",
];

#[cfg(feature = "faults")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static ARMED: OnceLock<(String, AtomicU64)> = OnceLock::new();

    /// Arms one fault, written `NAME` or `NAME:N` for its N-th passing. Says whether this build can: the first call wins.
    pub fn arm(fault: &str) -> bool {
        let (name, count) = fault.split_once(':').unwrap_or((fault, "1"));
        ARMED
            .set((name.to_string(), AtomicU64::new(count.parse().unwrap_or(1))))
            .is_ok()
    }

    /// Says that the step was reached and waits for ever, when it is the armed one.
    pub fn point(name: &'static str) {
        let Some((armed, left)) = ARMED.get() else { return };
        if armed != name || left.fetch_sub(1, Ordering::SeqCst) != 1 {
            return;
        }
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "fault reached: {name}");
        loop {
            std::thread::park();
        }
    }
}

#[cfg(feature = "faults")]
pub use armed::{arm, point};

/// Does nothing: faults are compiled into test builds only.
#[cfg(not(feature = "faults"))]
pub fn point(_name: &'static str) {}

/// Says no: faults are compiled into test builds only.
#[cfg(not(feature = "faults"))]
pub fn arm(_fault: &str) -> bool {
    false
}
