//! What the filter looks up in.

use std::sync::Arc;

use serde_json::{Value, json};
use tenantgate::application_key::{
    Block, BlockError, Document, Entry, KeyDigest, KeyRules, KeySet, ReadRules, SetError, Sharding,
};

use super::{KEY, NOW, digest, document, plain, plain_use, rules, set, with};

fn of(name: &str, keys: &[String]) -> Value {
    let secret =
        |key: &String| json!({ "digest": digest(key), "expires_at": "2026-06-15T00:00:00Z" });
    let secrets: Vec<_> = keys.iter().map(secret).collect();
    with(json!({ "name": name, "secrets": secrets }))
}

/// The set of `count` keys, in so many shards.
fn many(count: usize, sharding: Sharding) -> KeySet {
    let mut keys = vec![Vec::new(); sharding.count()];
    for n in 0..count {
        let key = format!("key {n}");
        let first = KeyDigest::of(key.as_bytes()).as_bytes()[0];
        keys[usize::from(first) * sharding.count() / 256].push(of(&format!("pump-{n}"), &[key]));
    }
    let block = |(at, keys): (usize, Vec<Value>)| {
        let text = json!({ "version": 1, "serial": 1, "keys": keys }).to_string().into_bytes();
        let rules = ReadRules { largest: usize::MAX, ..rules() };
        let document = Document::read(text, rules).unwrap();
        Arc::new(Block::of(&document, sharding.shard(at).unwrap()).unwrap())
    };
    KeySet::new(sharding, keys.into_iter().enumerate().map(block).collect()).unwrap()
}

#[test]
fn every_key_is_found_and_no_other() {
    for (count, shards) in [(0, 1), (1, 1), (1, 256), (3, 2), (1000, 1), (1000, 4), (1000, 256)] {
        let set = many(count, Sharding::of(shards).unwrap());
        assert_eq!((set.valid(), set.invalid()), (count, 0));
        for n in 0..count {
            let digest = KeyDigest::of(format!("key {n}").as_bytes());
            let found = set.find(&digest).unwrap();
            assert!(found.is_valid());
            assert_eq!(found.name(), format!("pump-{n}"));
            assert_eq!(set.find_marked(found.name(), digest.mark()).unwrap().name(), found.name());
            assert!(set.find_marked("pump", digest.mark()).is_none());
            for bit in [0, 63, 64, 255] {
                let mut other = *digest.as_bytes();
                other[bit / 8] ^= 0x80 >> (bit % 8);
                assert!(set.find(&KeyDigest::from_bytes(other)).is_none());
            }
        }
        for n in 0..1000 {
            assert!(set.find(&KeyDigest::of(format!("other {n}").as_bytes())).is_none());
        }
        for edge in [[0; 32], [0xFF; 32]] {
            assert!(set.find(&KeyDigest::from_bytes(edge)).is_none());
        }
    }
}

/// The same among 10 keys and 100,000: digests compared in a look-up, and bytes held per key.
#[test]
fn a_look_up_costs_as_much_among_ten_keys_as_among_100_000() {
    let large = many(100_000, Sharding::of(128).unwrap());
    assert_eq!(large.valid(), 100_000);
    let known = |n: usize| KeyDigest::of(format!("key {n}").as_bytes());
    let strange = |n: usize| KeyDigest::of(format!("other {n}").as_bytes());
    let mean = |set: &KeySet, digests: &mut dyn Iterator<Item = KeyDigest>| {
        let compared: Vec<_> = digests.map(|digest| set.compared(&digest)).collect();
        compared.iter().sum::<usize>() as f64 / compared.len() as f64
    };
    let of_large = mean(&large, &mut (0..100_000).map(known));
    let strangers_of_large = mean(&large, &mut (0..100_000).map(strange));
    // Ten keys fall into their buckets by chance, so many sets of ten are looked at.
    let (mut of_small, mut strangers_of_small) = (0.0, 0.0);
    for start in 0..200 {
        let keys: Vec<_> =
            (0..10).map(|n| of(&format!("k{n}"), &[format!("{start} {n}")])).collect();
        let small = set(&keys);
        let known = |n: usize| KeyDigest::of(format!("{start} {n}").as_bytes());
        of_small += mean(&small, &mut (0..10).map(known)) / 200.0;
        strangers_of_small += mean(&small, &mut (0..1000).map(strange)) / 200.0;
    }
    println!("compared: {of_large:.3} of 100,000, {of_small:.3} of 10");
    println!("strangers: {strangers_of_large:.3} of 100,000, {strangers_of_small:.3} of 10");
    println!("bytes a key: {}", large.size() / 100_000);
    assert!((0.9..1.1).contains(&(of_large / of_small)), "{of_large} and {of_small}");
    let strangers = strangers_of_large / strangers_of_small;
    assert!((0.9..1.1).contains(&strangers), "{strangers_of_large} and {strangers_of_small}");
    assert!(large.size() / 100_000 < 160, "{} bytes a key", large.size() / 100_000);
}

#[test]
fn all_secrets_of_a_record_lead_to_it_through_whatever_shard() {
    let keys = ["a", "b", "c"].map(str::to_owned);
    let document = document(&[of("three", &keys)]);
    for shards in [1, 2, 16, 256] {
        let sharding = Sharding::of(shards).unwrap();
        let block = |at| Arc::new(Block::of(&document, sharding.shard(at).unwrap()).unwrap());
        let set = KeySet::new(sharding, (0..shards).map(block).collect()).unwrap();
        for key in &keys {
            let grant = KeyRules::default().judge(&set, key.as_bytes(), &plain_use()).unwrap();
            assert_eq!(grant.name, "three");
            assert_eq!(grant.mark, KeyDigest::of(key.as_bytes()).mark());
        }
    }
}

#[test]
fn an_invalid_record_is_found_and_lets_nobody_in() {
    let set = set(&[with(json!({ "ip_alow": [] })), of("good", &["other".into()])]);
    assert_eq!((set.valid(), set.invalid()), (1, 1));
    let found = set.find(&KeyDigest::of(KEY.as_bytes())).unwrap();
    assert_eq!((found.name(), found.is_valid()), ("pump-17", false));
}

#[test]
fn records_of_one_digest_are_found_as_invalid() {
    let set = set(&[of("a", &["1".into()]), of("b", &["1".into()]), of("c", &["2".into()])]);
    assert!(!set.find(&KeyDigest::of(b"1")).unwrap().is_valid());
    assert!(set.find(&KeyDigest::of(b"2")).unwrap().is_valid());
}

#[test]
fn a_set_has_one_block_of_each_shard_in_its_place() {
    let two = Sharding::of(2).unwrap();
    let empty = document(&[]);
    let block =
        |sharding: Sharding, at| Arc::new(Block::of(&empty, sharding.shard(at).unwrap()).unwrap());
    assert!(KeySet::new(two, vec![block(two, 0), block(two, 1)]).is_ok());
    for blocks in [
        vec![],
        vec![block(two, 0)],
        vec![block(two, 1), block(two, 0)],
        vec![block(two, 0), block(two, 0)],
        vec![block(Sharding::ONE, 0), block(two, 1)],
    ] {
        assert_eq!(KeySet::new(two, blocks).err(), Some(SetError::Misplaced));
    }
    for count in [0, 3, 257, 512] {
        assert_eq!(Sharding::of(count), None);
    }
    assert_eq!(two.shard(2), None);
}

#[test]
fn each_key_that_ends_soon_is_told_in_the_one_block_where_its_last_secret_is() {
    let at = |after: u64| NOW + std::time::Duration::from_secs(after);
    let ends = |name: &str, ends: &[(usize, &str)], enabled: bool| {
        let secret = |(key, end): &(usize, &str)| json!({ "digest": digest(&format!("key {key}")), "expires_at": end });
        let secrets: Vec<_> = ends.iter().map(secret).collect();
        with(json!({ "name": name, "secrets": secrets, "enabled": enabled }))
    };
    // Digests of these begin with 0 and with 1, as bits.
    let first = |n: usize| KeyDigest::of(format!("key {n}").as_bytes()).as_bytes()[0];
    let low: Vec<_> = (0..40).filter(|n| first(*n) < 0x80).collect();
    let high: Vec<_> = (0..40).filter(|n| first(*n) >= 0x80).collect();
    // 2025-06-15T15:06:40Z is now.
    let records = [
        ends("ended", &[(low[0], "2025-06-15T15:06:40Z")], true),
        ends("next-second", &[(low[1], "2025-06-15T15:06:41Z")], true),
        ends("last-second", &[(high[1], "2025-06-15T15:07:40Z")], true),
        ends("later", &[(high[2], "2025-06-15T15:07:41Z")], true),
        ends("off", &[(high[3], "2025-06-15T15:07:00Z")], false),
        ends(
            "successor",
            &[(low[4], "2025-06-15T15:07:00Z"), (high[4], "2025-07-15T15:07:00Z")],
            true,
        ),
        ends("both", &[(high[5], "2025-06-15T15:07:30Z"), (low[5], "2025-06-15T15:07:00Z")], true),
        ends("twins", &[(low[6], "2025-06-15T15:07:00Z"), (high[6], "2025-06-15T15:07:00Z")], true),
        json!({ "name": "broken" }),
    ];
    let document = document(&records);
    for (shards, expected) in [
        (1, vec![vec!["both", "last-second", "next-second", "twins"]]),
        (2, vec![vec!["next-second"], vec!["both", "last-second", "twins"]]),
    ] {
        let sharding = Sharding::of(shards).unwrap();
        let found: Vec<Vec<String>> = (0..shards)
            .map(|at_shard| {
                let block = Block::of(&document, sharding.shard(at_shard).unwrap()).unwrap();
                let mut names: Vec<_> = block.ending(NOW, at(60)).map(str::to_owned).collect();
                names.sort();
                names
            })
            .collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_new_block_takes_the_place_of_its_shard_alone() {
    let two = Sharding::of(2).unwrap();
    let set = many(100, two);
    let emptied = Block::of(&document(&[]), two.shard(1).unwrap()).unwrap();
    let next = set.with(Arc::new(emptied)).unwrap();
    assert!(Arc::ptr_eq(&set.blocks()[0], &next.blocks()[0]));
    for n in 0..100 {
        let digest = KeyDigest::of(format!("key {n}").as_bytes());
        assert!(set.find(&digest).is_some(), "the old set stays as it is");
        assert_eq!(next.find(&digest).is_some(), digest.as_bytes()[0] < 0x80);
    }
    let other = Block::of(&document(&[]), Sharding::ONE.shard(0).unwrap()).unwrap();
    assert_eq!(set.with(Arc::new(other)).err(), Some(SetError::Misplaced));
}

#[test]
fn a_set_has_at_most_100_000_records() {
    // Without secrets, a record takes no place in a block and counts nevertheless.
    let block = |count: usize, sharding: Sharding, at: usize| {
        let keys: Vec<_> = (0..count).map(|n| of(&format!("k{n}"), &[])).collect();
        let text = json!({ "version": 1, "serial": 1, "keys": keys }).to_string().into_bytes();
        let rules = ReadRules { largest: usize::MAX, ..rules() };
        let document = Document::read(text, rules).unwrap();
        Arc::new(Block::of(&document, sharding.shard(at).unwrap()).unwrap())
    };
    let two = Sharding::of(2).unwrap();
    let full = block(99_999, two, 0);
    assert!(KeySet::new(two, vec![full.clone(), block(1, two, 1)]).is_ok());
    let over = KeySet::new(two, vec![full, block(2, two, 1)]);
    assert_eq!(over.err(), Some(SetError::TooManyRecords));
}

#[test]
fn a_block_is_read_back_as_it_was_written_and_nothing_else_is_a_block() {
    let rich = with(json!({
        "tenant": "acme", "subtenant": "s", "scopes": ["a"], "roles": ["b"], "tags": ["c:d"],
        "ip_allow": ["10.1.*", "2001:db8::/32"], "allow_query": false,
        "routes": [{ "methods": ["GET"], "path_prefix": "/a", "hosts": ["*.h"] }],
    }));
    let document = document(&[rich, of("b", &["1".into(), "2".into()]), json!({})]);
    let block = Block::of(&document, Sharding::ONE.shard(0).unwrap()).unwrap();
    let bytes = block.bytes().to_vec();
    let again = Block::read(bytes.clone()).unwrap();
    assert_eq!((again.serial(), again.valid(), again.invalid()), (412, 2, 1));
    assert_eq!(again.bytes(), bytes);
    for length in 0..bytes.len() {
        assert_eq!(
            Block::read(bytes[..length].to_vec()).err(),
            Some(BlockError::Malformed),
            "{length}"
        );
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(Block::read(longer).err(), Some(BlockError::Malformed));
    // Whatever byte is changed: it is no block, or one in which look-ups stop nowhere.
    for at in 0..bytes.len() {
        for change in [1, 0x80, 0xFF] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            if let Ok(block) = Block::read(changed) {
                for key in [KEY, "1", "2"] {
                    let _found = block.find(&KeyDigest::of(key.as_bytes()));
                }
            }
        }
    }
    let too_large = vec![1; Block::LIMIT + 1];
    assert_eq!(Block::read(too_large).err(), Some(BlockError::TooLarge));
}

#[test]
fn a_block_without_digests_takes_no_records_for_rows_of_its_table() {
    let block = Block::of(&document(&[]), Sharding::ONE.shard(0).unwrap()).unwrap();
    // Invalid records: one without a name, then as many as 128 rows are long.
    let named = [&[0x80, 128, 0][..], &[b'x'; 128]].concat();
    let crafted = [block.bytes(), &[0x80, 0, 0], &named.repeat(40)].concat();
    let crafted = Arc::new(Block::read(crafted).unwrap());
    let set = KeySet::new(Sharding::ONE, vec![crafted]).unwrap();
    assert_eq!(set.compared(&KeyDigest::from_bytes([b'x'; 32])), 0);
}

#[test]
fn a_block_shows_nothing_of_its_records() {
    let set = set(&[plain()]);
    let shown = format!("{set:?}");
    assert!(!shown.contains("pump") && shown.contains("<block>"), "{shown}");
    assert!(matches!(document(&[plain()]).entries(), [Entry::Valid(_)]));
}
