//! How long an answer is waited for, and the body of its request.

use std::{
    future::poll_fn,
    net::IpAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Poll, ready},
    time::Duration as Time,
};

use platform_config::Duration;
use platform_error::{Code, Error};
use tokio::time::sleep_until;

use crate::{
    Limits,
    allowance::Allowance,
    clients::{Clients, Place},
    problem::retry_after,
};

/// For so long a body may be on its way before it counts: most are here at once, and cost nothing.
const ON_ITS_WAY: Time = Time::from_millis(100);
/// Nothing may come of a body for this part of the time that its answer has.
const PAUSE: u32 = 3;
/// One client's bodies may be waited for in this part of the slots.
const SHARE: usize = 4;

/// Waits for answers. A client that lets its bodies be waited for holds slots of others meanwhile: so few, and not for
/// long.
pub(crate) struct Waits {
    clients: Arc<Clients>,
    /// How long nothing may come of a body, where its route has no more time than usual.
    pause: Time,
}

impl Waits {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            clients: Clients::new((limits.concurrency / SHARE).max(1), Arc::default()),
            pause: (*limits.timeout / PAUSE).max(ON_ITS_WAY),
        }
    }

    /// The answer, unless it takes longer than allowed, which a route says after the clock has started, or the client
    /// does not send what it is made of.
    pub(crate) async fn within<T>(
        &self,
        allowance: &Allowance,
        client: Option<IpAddr>,
        mut answer: Pin<&mut impl Future<Output = T>>,
    ) -> Result<T, Error> {
        let (mut place, mut looked) = (None, allowance.began());
        let mut timer = pin!(sleep_until(looked + self.pause));
        poll_fn(|context| {
            if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                return Poll::Ready(Ok(answer));
            }
            loop {
                let (limit, since) = (allowance.timeout(), allowance.awaited());
                let pause = self.pause.max(limit / PAUSE);
                let due = match (since, &place) {
                    (Some(since), None) => since + ON_ITS_WAY,
                    (Some(since), Some(_)) => since + pause,
                    // Nobody is woken where another task reads the body.
                    (None, _) => looked + self.pause,
                };
                let end = allowance.began() + limit;
                let due = due.min(end);
                if due < timer.deadline() {
                    timer.as_mut().reset(due);
                }
                ready!(timer.as_mut().poll(context));
                if timer.deadline() < due {
                    // It was set before something came, and is not set anew whenever something does.
                    timer.as_mut().reset(due);
                    continue;
                }
                match since {
                    _ if due == end => return Poll::Ready(Err(late(limit))),
                    None => (place, looked) = (None, due),
                    Some(_) if place.is_some() => return Poll::Ready(Err(silent(pause))),
                    Some(_) => match self.place(client) {
                        Some(free) => place = Some(free),
                        None => return Poll::Ready(Err(crowding())),
                    },
                }
            }
        })
        .await
    }

    fn place(&self, client: Option<IpAddr>) -> Option<Place> {
        match client {
            Some(client) => self.clients.admit(client),
            None => Some(Place::default()),
        }
    }
}

fn late(limit: Time) -> Error {
    let text = format!("the answer took longer than {}", Duration(limit));
    Error::new(Code::Timeout, text)
}

fn silent(pause: Time) -> Error {
    let text = format!("nothing came of the body for {}", Duration(pause));
    Error::new(Code::Timeout, text)
        .with_status(408)
        .with_hint("send the whole of it without such pauses")
}

fn crowding() -> Error {
    let text = "too many of your requests are waited for to send their bodies; try again in 1s";
    Error::new(Code::RateLimited, text).with_details(retry_after(1))
}
