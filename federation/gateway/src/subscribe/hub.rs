//! One stream of answers for all clients that asked the same thing.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream::BoxStream};
use platform_error::Code;
use platform_service::Context;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{cache::Key, fault::Fault, telemetry};

/// How a subscription ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    /// The subgraph has no more to say.
    Complete,
    /// It cannot go on, and why.
    Failed(Vec<Fault>),
    /// The client was too far behind.
    TooSlow,
    /// The client's token, or its session, has come to its end.
    Expired,
    /// The gateway stops.
    Stopped,
}

/// An answer, or the end.
pub(crate) type Item = Result<Bytes, Ending>;

/// All running subscriptions. Cheap to clone; clones share them.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    context: Context,
    backlog: usize,
    shared: Mutex<HashMap<Key, Arc<Shared>>>,
}

/// One stream and those who listen to it.
struct Shared {
    outlets: Mutex<Vec<Outlet>>,
    /// Set under the lock of `outlets`: afterwards nobody may join.
    is_over: AtomicBool,
    /// Nobody listens any more.
    is_left: CancellationToken,
}

struct Outlet {
    sender: mpsc::Sender<Bytes>,
    ending: Arc<OnceLock<Ending>>,
}

/// One client's view of a stream. The stream ends when the last of them is dropped.
pub(crate) struct Subscription {
    receiver: mpsc::Receiver<Bytes>,
    ending: Arc<OnceLock<Ending>>,
    shared: Arc<Shared>,
}

impl Hub {
    pub(crate) fn new(context: &Context, backlog: usize) -> Self {
        Self(Arc::new(Inner {
            context: context.clone(),
            backlog: backlog.max(1),
            shared: Mutex::default(),
        }))
    }

    /// Listens to the stream of `key`, started if nobody listens to it yet. Without a key the stream is one's own.
    pub(crate) fn join(&self, key: Option<Key>, start: impl FnOnce() -> BoxStream<'static, Item>) -> Subscription {
        let Some(key) = key else {
            let (shared, subscription) = self.fresh();
            self.pump(None, shared, start());
            return subscription;
        };
        let mut all = lock(&self.0.shared);
        if let Some(subscription) = all.get(&key).and_then(|shared| self.enter(shared)) {
            return subscription;
        }
        let (shared, subscription) = self.fresh();
        all.insert(key, shared.clone());
        drop(all);
        self.pump(Some(key), shared, start());
        subscription
    }

    fn fresh(&self) -> (Arc<Shared>, Subscription) {
        let shared = Arc::new(Shared {
            outlets: Mutex::default(),
            is_over: AtomicBool::new(false),
            is_left: CancellationToken::new(),
        });
        let subscription = self.listen(&shared, &mut lock(&shared.outlets));
        (shared, subscription)
    }

    fn enter(&self, shared: &Arc<Shared>) -> Option<Subscription> {
        let mut outlets = lock(&shared.outlets);
        match shared.is_over.load(SeqCst) {
            true => None,
            false => Some(self.listen(shared, &mut outlets)),
        }
    }

    fn listen(&self, shared: &Arc<Shared>, outlets: &mut Vec<Outlet>) -> Subscription {
        let (sender, receiver) = mpsc::channel(self.0.backlog);
        let ending = Arc::new(OnceLock::new());
        outlets.push(Outlet {
            sender,
            ending: ending.clone(),
        });
        Subscription {
            receiver,
            ending,
            shared: shared.clone(),
        }
    }

    fn pump(&self, key: Option<Key>, shared: Arc<Shared>, mut stream: BoxStream<'static, Item>) {
        let stopped = self.0.context.stopping();
        telemetry::record_subscriptions("subgraph", 1.0);
        let hub = self.clone();
        let pump = Pump { hub, key, shared };
        self.0.context.spawn("gateway-subscription", async move {
            let shared = &pump.shared;
            let ending = loop {
                let item = tokio::select! {
                    item = stream.next() => item,
                    () = shared.is_left.cancelled() => break Ending::Complete,
                    () = stopped.cancelled() => break Ending::Stopped,
                };
                match item {
                    Some(Ok(answer)) => shared.send(&answer),
                    Some(Err(ending)) => break ending,
                    None => break Ending::Complete,
                }
            };
            shared.end(&ending);
        });
    }
}

/// A stream that runs. However its task ends, nobody waits for it any longer, and nobody joins it.
struct Pump {
    hub: Hub,
    key: Option<Key>,
    shared: Arc<Shared>,
}

impl Drop for Pump {
    fn drop(&mut self) {
        let message = "the subscription broke off; subscribe again";
        // Nobody hears this where an end was told.
        self.shared
            .end(&Ending::Failed(vec![Fault::new(Code::Internal, message)]));
        telemetry::record_subscriptions("subgraph", -1.0);
        let Some(key) = self.key else { return };
        let mut all = lock(&self.hub.0.shared);
        if all.get(&key).is_some_and(|known| Arc::ptr_eq(known, &self.shared)) {
            all.remove(&key);
        }
    }
}

impl Shared {
    /// Nobody waits for anybody: a client whose queue is full is let go, and told when it has caught up.
    fn send(&self, answer: &Bytes) {
        let mut outlets = lock(&self.outlets);
        outlets.retain(|outlet| match outlet.sender.try_send(answer.clone()) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(_)) => {
                telemetry::record_events("too-slow", 1);
                let _ = outlet.ending.set(Ending::TooSlow);
                false
            }
        });
        telemetry::record_events("sent", outlets.len() as u64);
        self.leave_when_empty(&outlets);
    }

    fn end(&self, ending: &Ending) {
        let mut outlets = lock(&self.outlets);
        self.is_over.store(true, SeqCst);
        for outlet in outlets.drain(..) {
            let _ = outlet.ending.set(ending.clone());
        }
    }

    fn leave_when_empty(&self, outlets: &[Outlet]) {
        if outlets.is_empty() {
            self.is_over.store(true, SeqCst);
            self.is_left.cancel();
        }
    }
}

impl Subscription {
    /// Why there is nothing more to come.
    fn ending(&self) -> Ending {
        self.ending.get().cloned().unwrap_or(Ending::Stopped)
    }
}

impl Stream for Subscription {
    type Item = Item;

    /// Never ends by itself: after the end comes the end again.
    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Item>> {
        self.receiver
            .poll_recv(context)
            .map(|answer| Some(answer.ok_or_else(|| self.ending())))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.receiver.close();
        let mut outlets = lock(&self.shared.outlets);
        outlets.retain(|outlet| !outlet.sender.is_closed());
        self.shared.leave_when_empty(&outlets);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
