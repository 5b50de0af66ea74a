//! The bytes of a bucket: little-endian numbers and length-prefixed bodies, read with bounds.

use super::bucket::{Bucket, Entry, Failure, Lease, Record, RecordKind, WAYS};
use super::purge::{Doubt, Purge};
use crate::secret::Secret;
use crate::time::Timestamp;

/// The first byte of every bucket; another one means "written by another format": ignored.
const FORMAT: u8 = 2;

/// The largest body of a record: 256 KiB, the bound of a key set document.
const BODY_LIMIT: usize = 256 * 1024;

pub(super) fn encode(bucket: &Bucket) -> Vec<u8> {
    let mut out = vec![FORMAT];
    for entry in bucket.entries() {
        out.extend(entry.meaning);
        let flags = u8::from(entry.lease.is_some())
            | u8::from(entry.record.is_some()) << 1
            | u8::from(entry.failure.is_some()) << 2
            | u8::from(entry.purge.is_some()) << 3;
        out.push(flags);
        if let Some(lease) = &entry.lease {
            out.extend(lease.nonce.to_le_bytes());
            out.extend(lease.deadline.as_millis().to_le_bytes());
        }
        if let Some(record) = &entry.record {
            out.push(kind_byte(record.kind));
            out.extend(record.generation.to_le_bytes());
            out.extend(record.fetched_at.as_millis().to_le_bytes());
            out.extend(record.fresh_until.as_millis().to_le_bytes());
            out.extend(record.expires_at.as_millis().to_le_bytes());
            let body = record.body.expose();
            out.extend(u32::try_from(body.len()).unwrap_or(0).to_le_bytes());
            out.extend(body);
        }
        if let Some(failure) = &entry.failure {
            out.extend(failure.failed_at.as_millis().to_le_bytes());
            out.extend(failure.retry_at.as_millis().to_le_bytes());
            out.extend(failure.attempts.to_le_bytes());
            out.extend(failure.cause.to_le_bytes());
        }
        if let Some(Purge { last, digests, is_open }) = &entry.purge {
            out.extend(last.at.as_millis().to_le_bytes());
            out.extend(last.count.to_le_bytes());
            out.push(u8::from(*is_open));
            out.push(u8::try_from(digests.len()).unwrap_or(0));
            out.extend(digests.iter().flatten());
        }
    }
    out
}

/// Reads a bucket; anything malformed makes the whole bucket count as empty, since its writer is
/// not one of us.
pub(super) fn decode(bytes: &[u8]) -> Option<Bucket> {
    let mut input = Input(bytes);
    if input.byte()? != FORMAT {
        return None;
    }
    let mut entries = Vec::new();
    while !input.0.is_empty() {
        if entries.len() == WAYS {
            return None;
        }
        entries.push(entry(&mut input)?);
    }
    Some(Bucket::of(entries))
}

fn entry(input: &mut Input<'_>) -> Option<Entry> {
    let meaning = input.array()?;
    let flags = input.byte()?;
    if flags > 0b1111 {
        return None;
    }
    let lease = if flags & 1 == 0 {
        None
    } else {
        Some(Lease { nonce: input.number()?, deadline: input.time()? })
    };
    let record = if flags & 2 == 0 { None } else { Some(record(input)?) };
    let failure = if flags & 4 == 0 {
        None
    } else {
        let (failed_at, retry_at) = (input.time()?, input.time()?);
        let attempts = u32::from_le_bytes(input.array()?);
        let cause = u32::from_le_bytes(input.array()?);
        Some(Failure { failed_at, retry_at, attempts, cause })
    };
    let purge = if flags & 8 == 0 { None } else { Some(purge(input)?) };
    Some(Entry { meaning, lease, record, failure, purge })
}

fn purge(input: &mut Input<'_>) -> Option<Purge> {
    let last = Doubt { at: input.time()?, count: u32::from_le_bytes(input.array()?) };
    let (is_open, length) = (input.byte()?, usize::from(input.byte()?));
    // One spelling for each bucket.
    if is_open > 1 || length > Purge::TOMBSTONES {
        return None;
    }
    let is_open = is_open == 1;
    let digests = (0..length).map(|_| input.array()).collect::<Option<_>>()?;
    Some(Purge { last, digests, is_open })
}

fn record(input: &mut Input<'_>) -> Option<Record> {
    let kind = kind_of(input.byte()?)?;
    let generation = u32::from_le_bytes(input.array()?);
    let (fetched_at, fresh_until, expires_at) = (input.time()?, input.time()?, input.time()?);
    let length = usize::try_from(u32::from_le_bytes(input.array()?)).ok()?;
    if length > BODY_LIMIT {
        return None;
    }
    let body = Secret::new(input.take(length)?.to_vec());
    Some(Record { kind, generation, fetched_at, fresh_until, expires_at, body })
}

const fn kind_byte(kind: RecordKind) -> u8 {
    match kind {
        RecordKind::Jwt => 1,
        RecordKind::Opaque => 2,
        RecordKind::Sts => 3,
        RecordKind::KeySet => 4,
    }
}

fn kind_of(byte: u8) -> Option<RecordKind> {
    [RecordKind::Jwt, RecordKind::Opaque, RecordKind::Sts, RecordKind::KeySet]
        .into_iter()
        .find(|kind| kind_byte(*kind) == byte)
}

/// The bytes not yet read; every read is bounded.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn time(&mut self) -> Option<Timestamp> {
        self.number().map(Timestamp::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full_entry(seed: u8) -> Entry {
        Entry {
            meaning: [seed; 32],
            lease: Some(Lease { nonce: 7, deadline: Timestamp::from_millis(99) }),
            record: Some(Record {
                kind: RecordKind::Jwt,
                generation: 3,
                fetched_at: Timestamp::from_millis(1),
                fresh_until: Timestamp::from_millis(3),
                expires_at: Timestamp::from_millis(2),
                body: Secret::new(b"a.b.c".to_vec()),
            }),
            failure: Some(Failure {
                failed_at: Timestamp::from_millis(4),
                retry_at: Timestamp::from_millis(5),
                attempts: 6,
                cause: 8,
            }),
            purge: Some(Purge {
                last: Doubt { at: Timestamp::from_millis(9), count: 2 },
                digests: vec![[3; 32], [4; 32]],
                is_open: true,
            }),
        }
    }

    fn buckets() -> Vec<Bucket> {
        let bare =
            Entry { meaning: [9; 32], lease: None, record: None, failure: None, purge: None };
        vec![
            Bucket::of(Vec::new()),
            Bucket::of(vec![bare.clone()]),
            Bucket::of(vec![full_entry(1), bare, full_entry(2), full_entry(3)]),
        ]
    }

    #[test]
    fn what_is_written_is_read_back() {
        for bucket in buckets() {
            assert_eq!(decode(&encode(&bucket)), Some(bucket));
        }
    }

    #[test]
    fn a_truncated_bucket_is_never_read_as_more_than_was_written() {
        for bucket in buckets() {
            let bytes = encode(&bucket);
            for length in 0..bytes.len() {
                let cut = decode(&bytes[..length]);
                let is_prefix = cut.as_ref().is_none_or(|read| {
                    read.entries().iter().zip(bucket.entries()).all(|(a, b)| a == b)
                });
                assert!(is_prefix, "{length} of {} bytes", bytes.len());
            }
        }
    }

    #[test]
    fn other_formats_flags_kinds_and_sizes_are_refused() {
        let good = encode(&Bucket::of(vec![full_entry(1)]));
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            decode(&bytes)
        };
        assert_eq!(with(0, 1), None, "format");
        assert_eq!(with(33, 0xF7), None, "flags");
        assert_eq!(with(50, 9), None, "kind");
        assert_eq!(with(82, 0xFF), None, "length");
        // The purge stands at the end: its last 2 bytes before the digests say whether it is open, and how many there are.
        let open = good.len() - 2 - 32 * full_entry(1).purge.map_or(0, |purge| purge.digests.len());
        assert!(good[open] <= 1 && with(open, 1 - good[open]).is_some());
        assert_eq!(with(open, 2), None, "open");
        let five = Bucket::of((0..5).map(full_entry).collect());
        assert_eq!(decode(&encode(&five)), None, "five entries");
    }
}
