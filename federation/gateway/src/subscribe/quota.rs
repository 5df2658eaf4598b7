//! How many connections and subscriptions there may be, in all and for one client.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use platform_error::{Code, Coded};

use super::SubscriptionSettings;
use crate::{request::Caller, telemetry};

/// Too many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooMany {
    #[error("this client has {0} subscriptions already; end one of them first")]
    ForClient(usize),
    #[error("this connection has {0} subscriptions already; end one of them or open another connection")]
    ForConnection(usize),
    #[error("{0} connections are open already; try again later")]
    Connections(usize),
    #[error("subscriptions are switched off here")]
    Off,
}

impl Coded for TooMany {
    fn code(&self) -> Code {
        match self {
            Self::Off => Code::Forbidden,
            Self::Connections(_) => Code::Unavailable,
            _ => Code::RateLimited,
        }
    }
}

/// The counts. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Quotas(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    connections: usize,
    clients: HashMap<String, usize>,
}

/// A place that is taken until this is dropped.
pub(crate) struct Slot {
    quotas: Quotas,
    /// Nothing for a connection.
    client: Option<String>,
}

impl Quotas {
    /// Takes a place for a connection.
    pub(crate) fn connect(&self, settings: &SubscriptionSettings) -> Result<Slot, TooMany> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.connections >= settings.connections {
            return Err(TooMany::Connections(settings.connections));
        }
        counts.connections += 1;
        metrics::gauge!("gateway_connections").increment(1.0);
        Ok(Slot {
            quotas: self.clone(),
            client: None,
        })
    }

    /// Takes a place for a subscription of a client.
    pub(crate) fn subscribe(&self, caller: &Caller, settings: &SubscriptionSettings) -> Result<Slot, TooMany> {
        if !settings.enabled {
            return Err(TooMany::Off);
        }
        let client = caller.client();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.clients.get(&client).copied().unwrap_or_default() >= settings.per_client {
            return Err(TooMany::ForClient(settings.per_client));
        }
        *counts.clients.entry(client.clone()).or_default() += 1;
        telemetry::record_subscriptions("client", 1.0);
        Ok(Slot {
            quotas: self.clone(),
            client: Some(client),
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.quotas.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(client) = &self.client else {
            counts.connections -= 1;
            metrics::gauge!("gateway_connections").decrement(1.0);
            return;
        };
        telemetry::record_subscriptions("client", -1.0);
        if let Some(count) = counts.clients.get_mut(client) {
            *count -= 1;
            if *count == 0 {
                counts.clients.remove(client);
            }
        }
    }
}
