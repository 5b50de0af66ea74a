//! Why the demo cannot go on.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use crate::development::envoy::EnvoyError;
use crate::development::identity_provider::StartError;

/// A reason to stop, with what to do about it where that is known.
#[derive(Debug)]
pub enum DemoError {
    Connect(io::Error),
    Envoy(EnvoyError),
    Files(io::Error),
    IdentityProvider { listen: SocketAddr, error: StartError },
    Listen { listen: SocketAddr, error: io::Error },
    ModuleMissing { path: String },
    Print(io::Error),
    Signals(io::Error),
    Tool { said: String },
    Usage,
    VariableMissing { name: &'static str },
}

impl fmt::Display for DemoError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => write!(formatter, "the gateway or the identity provider cannot be reached: {error}"),
            Self::Envoy(error) => error.fmt(formatter),
            Self::Files(error) => write!(formatter, "the files of the demo cannot be read or written: {error}; run it in the repository's root"),
            Self::IdentityProvider { listen, error } => write!(formatter, "{error}, on `{listen}`"),
            Self::Listen { listen, error } => write!(formatter, "the upstream cannot listen: {error}, on `{listen}`"),
            Self::ModuleMissing { path } => write!(formatter, "there is no module at `{path}`; run `make wasm`"),
            Self::Print(error) => write!(formatter, "standard output is closed: {error}"),
            Self::Signals(error) => write!(formatter, "signals cannot be received: {error}"),
            Self::Tool { said } => write!(formatter, "`tenantgate key` failed; `TENANTGATE` names the tool, which `cargo build --release --bin tenantgate` makes:\n{said}"),
            Self::Usage => formatter.write_str(
                "usage: demo run | tour [--gateway URL --idp URL] | idp --listen ADDRESS | upstream --listen ADDRESS",
            ),
            Self::VariableMissing { name } => write!(formatter, "the variable `{name}` is not set"),
        }
    }
}
