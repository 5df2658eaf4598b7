//! Settings that make no sense are refused, and those that name nothing are told.

use platform_error::{Code, Error, Result};

use super::Settings;

impl Settings {
    /// Refuses times of nothing: a pause would be none, and no answer would come in time.
    pub(crate) fn check(&self) -> Result<()> {
        let (traffic, subscriptions) = (&self.traffic, &self.subscriptions);
        let times = [
            ("poll", *self.poll),
            ("http.timeout", *self.http.timeout),
            ("traffic.connect-timeout", *traffic.connect_timeout),
            ("traffic.timeout", *traffic.timeout),
            ("subscriptions.heartbeat", *subscriptions.heartbeat),
            ("subscriptions.init-timeout", *subscriptions.init_timeout),
            ("subscriptions.send-timeout", *subscriptions.send_timeout),
            ("subscriptions.idle", *subscriptions.idle),
            ("usage.interval", *self.usage.interval),
        ];
        let times = times.map(|(key, time)| (key.to_owned(), time));
        let own = self.subgraphs.iter().filter_map(|(name, own)| {
            let timeout = own.timeout?;
            Some((format!("subgraphs.{name}.timeout"), *timeout))
        });
        match times.into_iter().chain(own).find(|(_, time)| time.is_zero()) {
            Some((key, _)) => {
                let error = Error::new(Code::Invalid, format!("gateway.{key} must be longer than 0"));
                Err(error.with_hint("leave it out for the usual time"))
            }
            None => Ok(()),
        }
    }

    /// Says which settings are for subgraphs that are not there: a slip of the pen, or for tomorrow's supergraph.
    pub(crate) fn tell_strangers(&self, is_subgraph: impl Fn(&str) -> bool) {
        let named = [
            ("subgraphs", self.subgraphs.keys().collect::<Vec<_>>()),
            ("cost.subgraphs", self.cost.subgraphs.keys().collect()),
            ("subscriptions.subgraphs", self.subscriptions.subgraphs.keys().collect()),
        ];
        for (section, names) in named {
            for name in names.into_iter().filter(|name| !is_subgraph(name)) {
                tracing::warn!("gateway.{section}.{name} is for a subgraph that the supergraph does not have");
            }
        }
    }
}
