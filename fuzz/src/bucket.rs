//! The shared-data codec.

use tenantgate::shared::{Bucket, WAYS};

/// Reads a bucket. What is read is what was written: each bucket has one spelling.
pub fn run(data: &[u8]) {
    let bucket = Bucket::decode(data);
    assert!(bucket.entries().len() <= WAYS);
    let written = bucket.encode();
    assert_eq!(Bucket::decode(&written), bucket);
    // Malformed bytes count as an empty bucket, whose spelling is another.
    assert!(bucket.entries().is_empty() || written == data);
}
