//! A request and its answer.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::secret::Secret;

/// A request as received, within the bounds of the server.
pub struct Request {
    /// Its method, as it is written.
    pub method: String,
    /// Its target, with the query.
    pub target: String,
    /// Its fields in their order; a name may stand twice.
    pub fields: Vec<(String, Secret<Vec<u8>>)>,
    /// Its body.
    pub body: Vec<u8>,
    /// Who sent it.
    pub from: SocketAddr,
}

/// What is answered. `content-length` is added.
pub struct Response {
    /// The status.
    pub status: u16,
    /// The fields.
    pub fields: Vec<(&'static str, String)>,
    /// The body; not sent to `HEAD`, which is told its length.
    pub body: Body,
}

/// A body that goes out.
pub enum Body {
    /// It holds a key.
    Secret(Secret<String>),
    /// It may be seen by whoever may see a key file.
    Shared(Arc<[u8]>),
}

impl Request {
    /// The path, as it is written.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&*self.target, |(path, _)| path)
    }

    /// The values of a field.
    pub fn values<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r [u8]> {
        let fields = self.fields.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name));
        fields.map(|(_, value)| value.expose().trim_ascii())
    }

    /// The value of a field that stands there once.
    pub fn value<'r>(&'r self, name: &'r str) -> Option<&'r [u8]> {
        let mut values = self.values(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// The elements of a field that is a list.
    pub fn elements<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r [u8]> {
        self.values(name).flat_map(|value| value.split(|b| *b == b',')).map(<[u8]>::trim_ascii)
    }
}

impl Response {
    /// A response without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, fields: Vec::new(), body: Body::Shared(Arc::from([])) }
    }

    /// With a field more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, media_type: &'static str, body: Body) -> Self {
        self.body = body;
        self.with("content-type", media_type)
    }
}

impl Body {
    /// Its bytes, for the one place that sends them.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Secret(text) => text.expose().as_bytes(),
            Self::Shared(bytes) => bytes,
        }
    }
}
