//! Credentials of the MindSphere / Insights Hub platform.

mod app;
mod asked;
mod tenant;
#[cfg(test)]
mod testing;
mod user;

pub use app::{MindsphereApp, MindsphereAppParts};
pub use tenant::{MindsphereTenant, MindsphereTenantParts};
pub use user::MindsphereUser;
