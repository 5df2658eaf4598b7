//! The metrics of a process as text, which the doors of all its services give out.

use axum::body::Bytes;

use super::said::Said;

/// Renders the metrics once for all who ask at about the same time: that costs more than to ask.
pub(crate) struct Metrics {
    render: Box<dyn Fn() -> String + Send + Sync>,
    said: Said<Bytes>,
}

impl Metrics {
    pub(crate) fn new(render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self {
            render: Box::new(render),
            said: Said::default(),
        }
    }

    pub(super) async fn text(&self) -> Bytes {
        self.said.or(async { (self.render)().into() }).await
    }
}
