//! Another supergraph while requests run: made and warmed beside the old one, then put in its place.

use std::{collections::HashSet, sync::Arc};

use platform_error::Result;

use crate::gateway::{Gateway, Serving};

impl Gateway {
    /// Serves another supergraph from now on, and says how many of the operations that are known were planned for it
    /// before. Requests that have begun end on the old one; if anything is wrong with the new one the old one stays.
    pub async fn reload(&self, sdl: &str) -> Result<usize> {
        let inner = &self.0;
        let old = inner.serving.load_full();
        if old.as_ref().is_some_and(|old| *old.supergraph.sdl == *sdl) {
            return Ok(0);
        }
        let (text, gateway) = (sdl.to_owned(), self.clone());
        let made = tokio::task::spawn_blocking(move || {
            let inner = &gateway.0;
            Serving::new(&text, &inner.settings, &inner.peers, &inner.planners)
        });
        let new = made.await.map_err(platform_error::Error::internal)??;
        let reported = inner.usage.report().operations.into_iter();
        let used = reported.filter_map(|operation| Some((Arc::from(operation.document?), operation.name)));
        let listed = inner.persisted.known();
        let persisted = listed.texts().map(|text| (text.clone(), None));
        let known = used
            .chain(persisted)
            .chain(old.iter().flat_map(|old| old.operations.known()));
        let mut met = HashSet::new();
        let known: Vec<_> = known.filter(|operation| met.insert(operation.clone())).collect();
        let warmed = new.operations.warm(known, inner.settings.planning.warm).await;
        inner.serving.store(Some(Arc::new(new)));
        match old {
            Some(_) => tracing::info!(operations.warmed = warmed, "a new supergraph is served"),
            // Who logs warnings alone has read that it was not complete.
            None => tracing::warn!("the supergraph is complete and served"),
        }
        self.tell_misfits().await;
        Ok(warmed)
    }
}
