//! The document of a store of application keys.

use tenantgate::application_key::{
    Block, Document, Entry, KeySet, ReadRules, Reader, Record, Sharding, check,
};
use tenantgate::json;
use tenantgate::message::PathSpelling;

use super::key_use::wanted;

/// Reads a document, at once and in slices. What is read is JSON; each digest of a good record leads to that record, and
/// none of a bad one grants anything.
pub fn run(data: &[u8]) {
    let rules = ReadRules {
        tenants: None,
        spelling: PathSpelling::default(),
        largest: Document::SHARD_LIMIT,
        most: 1000,
    };
    let read = Document::read(data.to_vec(), rules.clone());
    assert_eq!(in_slices(data, rules), read.as_ref().ok().cloned(), "slices differ");
    let Ok(document) = read else {
        return;
    };
    // What is longer may hold a record that is too long to be looked at.
    if data.len() <= Record::LIMIT {
        assert_ne!(json::parse(data).err(), Some(json::JsonError::Syntax), "not JSON");
    }
    let Some(shard) = Sharding::ONE.shard(0) else {
        return;
    };
    let block = Block::of(&document, shard).expect("a document of 2 MiB fits one block");
    let set = KeySet::new(Sharding::ONE, vec![block.into()]).expect("one block is a set");
    for entry in document.entries() {
        for stated in entry.digests() {
            let found = set.find(stated.digest()).expect("every digest is found");
            match entry {
                Entry::Invalid(_) => assert!(check(&found, &wanted()).is_err()),
                Entry::Valid(record) => {
                    assert!(found.is_valid());
                    assert_eq!(found.name(), &*record.name);
                }
            }
        }
    }
}

fn in_slices(data: &[u8], rules: ReadRules) -> Option<Document> {
    let mut reader = Reader::new(data.to_vec(), rules).ok()?;
    while !reader.advance(2).ok()? {}
    Some(reader.finish())
}
