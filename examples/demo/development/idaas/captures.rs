//! The recorded requests of the vendor's own client, with the made-up keys that they were made with.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

/// The file, as far as a server needs it.
#[derive(Deserialize)]
pub struct Captures {
    /// Key pairs in PEM by their names.
    pub keys: BTreeMap<String, KeyTexts>,
    /// Certificates in PEM by their names.
    pub certificates: BTreeMap<String, String>,
    /// What was recorded.
    pub captures: Vec<Value>,
}

/// A key pair in PEM.
#[derive(Clone, Deserialize)]
pub struct KeyTexts {
    pub pkcs8: String,
    pub public: String,
    /// PKCS#1 or SEC1, where the key has such a form.
    pub traditional: Option<String>,
}

impl Captures {
    /// The file among the fixtures of this package, read once.
    ///
    /// # Errors
    /// [`CapturesError`] if it is not there or has another shape.
    pub fn shared() -> Result<&'static Self, CapturesError> {
        static CAPTURES: OnceLock<Captures> = OnceLock::new();
        match CAPTURES.get() {
            Some(captures) => Ok(captures),
            None => Self::read().map(|captures| CAPTURES.get_or_init(|| captures)),
        }
    }

    fn read() -> Result<Self, CapturesError> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/idaas/captures.json");
        serde_json::from_str(&fs::read_to_string(path).map_err(CapturesError::Read)?)
            .map_err(CapturesError::Shape)
    }

    /// A certificate in PEM.
    ///
    /// # Errors
    /// [`CapturesError::Missing`].
    pub fn certificate(&self, name: &'static str) -> Result<&str, CapturesError> {
        self.certificates.get(name).map(String::as_str).ok_or(CapturesError::Missing(name))
    }

    /// A key pair.
    ///
    /// # Errors
    /// [`CapturesError::Missing`].
    pub fn key(&self, name: &'static str) -> Result<&KeyTexts, CapturesError> {
        self.keys.get(name).ok_or(CapturesError::Missing(name))
    }
}

/// The recorded requests cannot be used.
#[derive(Debug)]
pub enum CapturesError {
    Missing(&'static str),
    Read(io::Error),
    Shape(serde_json::Error),
}

impl fmt::Display for CapturesError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(formatter, "the recorded requests lack `{name}`"),
            Self::Read(error) => write!(formatter, "the recorded requests cannot be read: {error}"),
            Self::Shape(error) => {
                write!(formatter, "the recorded requests have another shape: {error}")
            }
        }
    }
}
