//! Why the provider did not start.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use super::authority::AuthorityError;
use super::captures::CapturesError;
use super::certificate::CertificateError;

/// The provider did not start.
#[derive(Debug)]
pub enum StartError {
    Authority(AuthorityError),
    Captures(CapturesError),
    Certificate(CertificateError),
    Listen { address: SocketAddr, error: io::Error },
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authority(error) => error.fmt(formatter),
            Self::Captures(error) => error.fmt(formatter),
            Self::Certificate(error) => {
                write!(formatter, "a recorded certificate is of no use: {error}")
            }
            Self::Listen { address, error } => {
                write!(formatter, "the provider cannot listen on {address}: {error}")
            }
        }
    }
}
