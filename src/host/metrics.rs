//! Metrics of the host, defined when they first move.

use super::abi;
use crate::table::Table;
use crate::telemetry::Metric;

/// The host's numbers of our metrics, `None` for those that it refused. Their names are a fixed
/// set, so this is bounded.
#[derive(Default)]
pub(super) struct Metrics(Table<Metric, Option<u32>>);

impl Metrics {
    /// Moves a metric. A host without metrics is no reason to fail.
    pub(super) fn step(&mut self, metric: Metric, step: i64) {
        let define = || abi::define_metric(metric.kind(), &metric.name()).ok();
        if let Some(Some(id)) = self.0.get_or_insert_with(metric, define) {
            let _lost = abi::move_metric(*id, step);
        }
    }
}
