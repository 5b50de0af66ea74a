//! Credentials of the MindSphere / Insights Hub platform.

mod tenant;

pub use tenant::{MindsphereTenant, MindsphereTenantParts};
