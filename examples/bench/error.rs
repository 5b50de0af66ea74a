//! Why the benchmark cannot go on.

use std::fmt;
use std::io;

use crate::development::envoy::EnvoyError;
use crate::development::identity_provider::StartError;

/// A reason to stop, with what to do about it where that is known.
#[derive(Debug)]
pub enum BenchError {
    Envoy(EnvoyError),
    Files(io::Error),
    Http(io::Error),
    IdentityProvider(StartError),
    KeyStore(io::Error),
    KeysNotLoaded { listener: &'static str },
    Listen(io::Error),
    LoadStopped,
    ModuleHasNoCallback,
    ModuleMissing { path: String },
    NotAsNamed { row: &'static str, got: String },
    PageHasNoPlace,
    Print(io::Error),
    ProcessGone(io::Error),
    RowUnknown { name: String },
    SigningKey,
    Status { expected: u16, got: u16 },
    Usage,
}

impl fmt::Display for BenchError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Envoy(error) => error.fmt(formatter),
            Self::Files(error) => {
                write!(formatter, "the files of the benchmark cannot be written: {error}")
            }
            Self::Http(error) => write!(formatter, "a request was not answered: {error}"),
            Self::IdentityProvider(error) => error.fmt(formatter),
            Self::KeyStore(error) => {
                write!(
                    formatter,
                    "`tenantgate key serve` cannot be run: {error}; `TENANTGATE` names its binary"
                )
            }
            Self::KeysNotLoaded { listener } => {
                write!(formatter, "`{listener}` takes no application key after a minute")
            }
            Self::Listen(error) => write!(formatter, "the upstream cannot listen: {error}"),
            Self::LoadStopped => formatter.write_str("a connection's thread panicked"),
            Self::ModuleHasNoCallback => {
                formatter.write_str("the module has no callback for the answers of upstreams")
            }
            Self::ModuleMissing { path } => {
                write!(formatter, "there is no module at `{path}`; `make bench` builds it")
            }
            Self::NotAsNamed { row, got } => {
                write!(formatter, "the row `{row}` does not do what it stands for: {got}")
            }
            Self::PageHasNoPlace => formatter
                .write_str("`docs/performance.md` lacks the marks between which figures stand"),
            Self::Print(error) => write!(formatter, "standard output is closed: {error}"),
            Self::ProcessGone(error) => {
                write!(formatter, "the CPU time of envoy cannot be read: {error}")
            }
            Self::RowUnknown { name } => {
                write!(formatter, "no row is called `{name}`; `docs/performance.md` lists them")
            }
            Self::SigningKey => formatter.write_str("the system made no signing key"),
            Self::Status { expected, got } => {
                write!(formatter, "a request was answered with `{got}` instead of `{expected}`")
            }
            Self::Usage => formatter
                .write_str("usage: bench [--rounds NUMBER] [--docs | --rows NAME[,NAME...]]"),
        }
    }
}

impl From<EnvoyError> for BenchError {
    fn from(error: EnvoyError) -> Self {
        Self::Envoy(error)
    }
}
