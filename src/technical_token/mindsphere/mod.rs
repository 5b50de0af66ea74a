//! Credentials of the MindSphere / Insights Hub platform.

mod asked;
mod tenant;

pub use tenant::{MindsphereTenant, MindsphereTenantParts};
