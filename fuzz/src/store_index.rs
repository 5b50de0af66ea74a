//! The index of a store of application keys.

use tenantgate::application_key::StoreIndex;

/// Reads an index: it has a power of two of shards, whose tags can be sent.
pub fn run(data: &[u8]) {
    let Ok(Some(index)) = StoreIndex::read(data) else { return };
    let count = index.sharding.count();
    assert!(count.is_power_of_two() && count <= 256);
    assert_eq!(index.shards().count(), count);
    for (_, stated) in index.shards() {
        assert!(stated.tag.len() <= StoreIndex::TAG_LIMIT);
        assert!(stated.tag.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
