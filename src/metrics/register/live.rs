//! The live view of the admin address.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::make::add;

/// What viewers see and miss.
pub(in crate::metrics) struct Live {
    pub(in crate::metrics) articles: Counter,
    pub(in crate::metrics) dropped: Counter,
    pub(in crate::metrics) viewers: Gauge,
}

impl Live {
    pub(super) fn register(r: &mut Registry) -> Self {
        Self {
            articles: add(
                r,
                "live_articles",
                "Articles that were put before the viewers of the live view, as a sample of those published",
                Counter::default(),
            ),
            dropped: add(
                r,
                "live_dropped_articles",
                "Articles of the sample that a viewer of the live view missed because it read too slowly, or that could not be shown without waiting",
                Counter::default(),
            ),
            viewers: add(
                r,
                "live_viewers",
                "Viewers of the live view",
                Gauge::default(),
            ),
        }
    }
}
