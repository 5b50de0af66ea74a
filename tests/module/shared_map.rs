//! Shared data with the host's rules, as measured in Envoy.

use std::collections::BTreeMap;

use crate::host::{CAS_MISMATCH, NOT_FOUND};

/// A map of bytes with compare-and-swap. It has no delete.
#[derive(Clone, Default)]
pub struct SharedMap {
    values: BTreeMap<String, (Vec<u8>, u32)>,
    last: u32,
}

impl SharedMap {
    pub fn get(&self, key: &str) -> Result<(Vec<u8>, u32), u32> {
        self.values.get(key).cloned().ok_or(NOT_FOUND)
    }

    /// A missing key ignores the counter; zero overwrites whatever is there.
    pub fn set(&mut self, key: &str, value: Vec<u8>, cas: u32) -> Result<(), u32> {
        if self.values.get(key).is_some_and(|(_, current)| cas != 0 && cas != *current) {
            return Err(CAS_MISMATCH);
        }
        self.last += 1;
        self.values.insert(key.to_owned(), (value, self.last));
        Ok(())
    }
}

#[test]
fn a_missing_key_is_inserted_whatever_the_counter() {
    for cas in [0, 1, u32::MAX] {
        let mut map = SharedMap::default();
        assert_eq!(map.get("key"), Err(NOT_FOUND));
        assert_eq!(map.set("key", vec![1], cas), Ok(()));
        assert_eq!(map.get("key"), Ok((vec![1], 1)));
    }
}

#[test]
fn an_existing_key_needs_its_counter_or_zero() {
    let mut map = SharedMap::default();
    map.set("key", vec![1], 0).unwrap();
    assert_eq!(map.set("key", vec![2], u32::MAX), Err(CAS_MISMATCH));
    assert_eq!(map.set("key", vec![2], 2), Err(CAS_MISMATCH));
    assert_eq!(map.set("key", vec![2], 1), Ok(()));
    assert_eq!(map.set("key", vec![3], 0), Ok(()));
    assert_eq!(map.get("key"), Ok((vec![3], 3)));
}
