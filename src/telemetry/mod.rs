//! Log records and metrics as values. They hold names from the configuration and fixed words (and
//! the `kid` of keys that cannot be used, and the code and id that a server refuses with), never a
//! header, a body or a token.

mod metric;
mod notice;

pub use metric::{Cause, Fetch, Metric, MetricKind, SignedBy};
pub use notice::{Level, Notice, What};
