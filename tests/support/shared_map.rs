//! Shared data by the host's rules, as measured: a missing key ignores the counter, an existing one
//! compares it; counters are never issued twice.

use std::collections::BTreeMap;

use tenantgate::shared::{Cas, SharedData, WriteError};

/// The shared data of one process.
#[derive(Default)]
pub struct SharedMap {
    pub values: BTreeMap<String, (Vec<u8>, u32)>,
    counter: u32,
    pub reads: usize,
    /// Stores nothing any more.
    pub is_full: bool,
}

impl SharedMap {
    /// How many keys there are.
    pub fn keys(&self) -> usize {
        self.values.len()
    }

    /// How many bytes all values take.
    pub fn bytes(&self) -> usize {
        self.values.values().map(|(value, _)| value.len()).sum()
    }

    /// Overwrites a value, as somebody else with the same `vm_id` could.
    pub fn tamper(&mut self, mut change: impl FnMut(&str, &mut Vec<u8>)) {
        for (key, (value, cas)) in &mut self.values {
            change(key, value);
            self.counter += 1;
            *cas = self.counter;
        }
    }
}

impl SharedData for SharedMap {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, Cas)> {
        self.reads += 1;
        let (value, cas) = self.values.get(key)?;
        Some((value.clone(), Cas::from_host(*cas)))
    }

    fn write(&mut self, key: &str, value: &[u8], expected: Cas) -> Result<(), WriteError> {
        if self.is_full {
            return Err(WriteError::Refused);
        }
        if let Some((_, cas)) = self.values.get(key)
            && *cas != expected.to_host()
        {
            return Err(WriteError::CasMismatch);
        }
        self.counter += 1;
        self.values.insert(key.to_owned(), (value.to_vec(), self.counter));
        Ok(())
    }
}
