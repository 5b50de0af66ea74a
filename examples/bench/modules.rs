//! The Wasm modules that are measured, as files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::development::envoy::MODULE;
use crate::error::BenchError;

/// Where they lie.
pub struct Modules {
    /// tenantgate.
    pub tenantgate: String,
    /// tenantgate without its callback for the answers of upstreams.
    pub lean: String,
    /// The filter that does nothing, or reads one header (`examples/floor`).
    pub floor: String,
}

impl Modules {
    /// Finds them, and writes the lean one into `directory`.
    ///
    /// # Errors
    /// [`BenchError::ModuleMissing`], [`BenchError::ModuleHasNoCallback`] or [`BenchError::Files`].
    pub fn find(directory: &Path) -> Result<Self, BenchError> {
        let tenantgate = found("WASM", MODULE)?;
        let lean = directory.join("lean.wasm");
        let bytes = fs::read(&tenantgate).map_err(BenchError::Files)?;
        let bytes = without_response_callback(bytes).ok_or(BenchError::ModuleHasNoCallback)?;
        fs::write(&lean, bytes).map_err(BenchError::Files)?;
        Ok(Self {
            tenantgate: text(&tenantgate),
            lean: text(&lean),
            floor: text(&found("FLOOR", FLOOR)?),
        })
    }

    /// tenantgate's size in bytes.
    ///
    /// # Errors
    /// [`BenchError::Files`].
    pub fn size(&self) -> Result<u64, BenchError> {
        Ok(fs::metadata(&self.tenantgate).map_err(BenchError::Files)?.len())
    }
}

/// The module under another name for this export, of the same length: a host looks callbacks up by their
/// names, and calls none that it does not find. None if the name is not there exactly once.
fn without_response_callback(mut module: Vec<u8>) -> Option<Vec<u8>> {
    let mut places = module
        .windows(RESPONSE_CALLBACK.len())
        .enumerate()
        .filter_map(|(place, bytes)| (bytes == RESPONSE_CALLBACK).then_some(place));
    let (place, None) = (places.next()?, places.next()) else { return None };
    module.get_mut(place..)?.get_mut(..NOBODY_CALLS.len())?.copy_from_slice(NOBODY_CALLS);
    Some(module)
}

#[allow(
    clippy::disallowed_methods,
    reason = "the rule is about the core; this is a program of its own"
)]
fn found(variable: &str, otherwise: &str) -> Result<PathBuf, BenchError> {
    let named = std::env::var(variable).ok().filter(|value| !value.is_empty());
    let path = named.unwrap_or_else(|| otherwise.to_owned());
    fs::canonicalize(&path).map_err(|_| BenchError::ModuleMissing { path })
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

const RESPONSE_CALLBACK: &[u8] = b"proxy_on_response_headers";
const NOBODY_CALLS: &[u8] = b"nobody_";
const FLOOR: &str = "target/wasm32-wasip1/release/examples/floor.wasm";
