//! A block of application keys, as other workers hand it over.

use tenantgate::application_key::{Block, KeyDigest};

use super::key_use::{MARKS, wanted};

/// Reads a block. One that is read is what was written, and look-ups in it end, whatever they find.
pub fn run(data: &[u8]) {
    let Ok(block) = Block::read(data.to_vec()) else {
        return;
    };
    assert_eq!(block.bytes(), data);
    // Each row of 36 bytes may be one of the table.
    let rows = data.windows(KeyDigest::LENGTH).step_by(4);
    let edges = MARKS.map(|byte| [byte; KeyDigest::LENGTH]);
    let digests = rows.filter_map(|row| row.try_into().ok()).chain(edges);
    for digest in digests.map(KeyDigest::from_bytes) {
        if let Some(found) = block.find(&digest) {
            let granted = tenantgate::application_key::check(&found, &wanted());
            assert!(found.is_valid() || granted.is_err(), "an invalid record grants something");
        }
    }
}
