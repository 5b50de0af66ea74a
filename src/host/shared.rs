//! Shared data: the host's, or this worker's own where the host's may not be trusted.

use super::abi;
use crate::shared::{Cas, SharedData, WriteError};
use crate::table::Table;

/// Where shared entries lie.
pub(super) enum HostShared {
    /// In the host's shared data, which all workers with our `vm_id` see.
    Process,
    /// In this worker alone: without a `vm_id` of our own, any other filter could read our tokens
    /// and write ours.
    Worker(Table<String, (Vec<u8>, u32)>),
}

impl SharedData for HostShared {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, Cas)> {
        let (value, cas) = match self {
            Self::Process => abi::shared_data(key).ok()?,
            Self::Worker(values) => values.get(key)?.clone(),
        };
        Some((value, Cas::from_host(cas)))
    }

    fn write(&mut self, key: &str, value: &[u8], expected: Cas) -> Result<(), WriteError> {
        match self {
            Self::Process => {
                abi::set_shared_data(key, value, expected.to_host()).map_err(|error| match error {
                    abi::CAS_MISMATCH => WriteError::CasMismatch,
                    abi::HostError(_) => WriteError::Refused,
                })
            }
            Self::Worker(values) => {
                let next = match values.get(key) {
                    Some((_, cas)) if *cas != expected.to_host() => {
                        return Err(WriteError::CasMismatch);
                    }
                    Some((_, cas)) => cas.wrapping_add(1).max(1),
                    None => 1,
                };
                values.insert(key.to_owned(), (value.to_vec(), next));
                Ok(())
            }
        }
    }
}
