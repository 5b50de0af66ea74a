//! What the command-line tool does, without its arguments and its output streams. Native only: the
//! filter has none of it.
//!
//! A file that people write, in YAML or JSON, becomes a [`Tree`] that knows where everything stands.
//! What the filter would be handed is written out as JSON and read by the filter's own [`config`],
//! so the tool and the filter never disagree.
//!
//! [`config`]: crate::config

mod calls;
pub mod catalogue;
mod check;
mod embedded;
mod envoy;
pub mod explain;
mod finding;
pub mod idaas;
mod json;
pub mod key;
mod made_up;
mod made_up_key;
mod named;
pub mod render;
pub mod report;
mod scalar;
mod schema;
mod source;
pub mod token;
mod tree;
mod yaml;

pub use self::check::{Check, Missing, check, configurations};
pub use self::envoy::check_envoy;
pub use self::finding::{Finding, Severity};
pub use self::schema::schema;
pub use self::source::{SIZE_LIMIT, SourceError, SourceProblem};
pub use self::tree::{Position, Tree, Value};
