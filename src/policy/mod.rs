//! Who may go where: routes, requirements, decisions. No HTTP status, no JSON, no token.

mod host;
mod method;
mod pattern;
mod route;
mod source;

pub use host::HostPattern;
pub use method::{MethodError, MethodSet, Methods};
pub use pattern::{PathPattern, PatternError};
pub use route::{
    Authentication, CallerToken, Route, ScopeRequirement, Subtenancy, SubtenantMode, Upstream,
};
pub use source::{Callers, Injection, Source, SourceId, When};
