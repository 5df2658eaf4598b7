//! When the operating system asks the process to stop.

use tokio::signal;

/// Listens from now on, and waits when awaited, for an interrupt (Ctrl+C) or, on Unix, a request to terminate.
#[cfg(unix)]
pub fn interrupted() -> impl Future<Output = ()> {
    use signal::unix::{SignalKind, signal};
    let listeners = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    async move {
        let [interrupt, terminate] = listeners.map(|listener| async move {
            match listener {
                Ok(mut listener) => drop(listener.recv().await),
                Err(_) => std::future::pending().await,
            }
        });
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
        }
    }
}

/// Waits for an interrupt (Ctrl+C).
#[cfg(not(unix))]
pub fn interrupted() -> impl Future<Output = ()> {
    async { drop(signal::ctrl_c().await) }
}
