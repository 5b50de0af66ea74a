//! Machine tokens of Alibaba Cloud IDaaS (EIAM).

mod client_config;
mod scope;

pub use client_config::{
    AccessKey, AccessKeySource, Authn, ClientConfig, RotatingFile, SigningKey,
};
pub use scope::{Scope, ScopeError};
