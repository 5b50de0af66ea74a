//! All keys of an import and of the file that takes them, and the texts in which one of them stands.

use std::collections::BTreeMap;

use super::super::mint::Mint;
use super::exposed::LONG;
use crate::application_key::{KeyDigest, StatedDigest, is_guid};
use crate::secret::Secret;

/// All keys of an import, and the digests of those and of the file's.
pub(super) struct KnownKeys<'a> {
    mint: &'a Mint,
    /// How many keys have a digest.
    digests: BTreeMap<String, usize>,
    /// The clear keys that are long enough to be searched for, by how they begin.
    clear: BTreeMap<[u8; LONG], Vec<&'a [u8]>>,
}

impl<'a> KnownKeys<'a> {
    /// Those of which the file has the digests.
    pub(super) fn new(mint: &'a Mint, digests: impl Iterator<Item = String>) -> Self {
        let mut known = Self { mint, digests: BTreeMap::new(), clear: BTreeMap::new() };
        digests.for_each(|digest| known.count(digest));
        known
    }

    /// Adds a key of the import.
    pub(super) fn add(&mut self, key: &'a Secret<Vec<u8>>, digest: String) {
        self.count(digest);
        let key = key.expose().as_slice();
        if let Some(beginning) = beginning(key) {
            self.clear.entry(beginning).or_default().push(key);
        }
    }

    fn count(&mut self, digest: String) {
        *self.digests.entry(digest).or_default() += 1;
    }

    /// Whether several keys have a digest.
    pub(super) fn is_repeated(&self, digest: &str) -> bool {
        self.digests.get(digest) != Some(&1)
    }

    /// Whether a text is one of these keys or has a long one in it: one of the import wherever it begins and ends, one of
    /// the file as far as it is told from what stands around it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let text = text.as_bytes();
        self.is_digested(text)
            || (0..text.len()).any(|at| self.begins(text.get(at..).unwrap_or_default()))
            || words(text).any(|word| self.is_digested(word))
    }

    fn begins(&self, text: &[u8]) -> bool {
        let keys = beginning(text).and_then(|beginning| self.clear.get(&beginning));
        let begins_with =
            |key: &[u8]| text.get(..key.len()).is_some_and(|part| part.eq_ignore_ascii_case(key));
        keys.is_some_and(|keys| keys.iter().any(|key| begins_with(key)))
    }

    /// Whether this is a key, as it stands there or in small letters.
    fn is_digested(&self, word: &[u8]) -> bool {
        let has = |digest: StatedDigest| self.digests.contains_key(&digest.text());
        let is_one = |word: Secret<Vec<u8>>| {
            // What was digested before there was a pepper is a key all the same.
            has(self.mint.digest(&word))
                || self.mint.pepper.is_some()
                    && has(StatedDigest::Sha256(KeyDigest::of(word.expose())))
        };
        is_one(Secret::new(word.to_vec()))
            || word.iter().any(u8::is_ascii_uppercase)
                && is_one(Secret::new(word.to_ascii_lowercase()))
    }
}

/// How a key or a text begins, in small letters, if it is long.
fn beginning(text: &[u8]) -> Option<[u8; LONG]> {
    Some(text.first_chunk()?.map(|byte| byte.to_ascii_lowercase()))
}

/// What may be a key in a text: GUIDs wherever they stand, words of letters, digits, `-` and `_`, and words of all that a
/// key may have, from their beginning or from a mark on, with what stands around them and without.
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let guids = text.windows(36).filter(|part| is_guid(part));
    let plain = text.split(|byte| !(byte.is_ascii_alphanumeric() || b"-_".contains(byte)));
    let any = text.split(|byte| !byte.is_ascii_graphic() || *byte == b',');
    let any = any.flat_map(behind_marks).flat_map(|word| [word, bare(word)]);
    guids.chain(plain).chain(any).filter(|word| (LONG..=LONGEST).contains(&word.len()))
}

/// A word, and what stands in it behind a colon or an equals sign.
fn behind_marks(word: &[u8]) -> impl Iterator<Item = &[u8]> {
    let marks = word.iter().enumerate().filter(|(_, byte)| b":=".contains(byte));
    let behind = marks.map(|(at, _)| word.get(at + 1..).unwrap_or_default());
    std::iter::once(word).chain(behind)
}

/// A word without the quotes, brackets and marks around it. `=` may be the end of a key.
fn bare(word: &[u8]) -> &[u8] {
    let is_around = |byte: &u8| byte.is_ascii_punctuation() && *byte != b'=';
    let start = word.iter().position(|byte| !is_around(byte)).unwrap_or(word.len());
    let end = word.iter().rposition(|byte| !is_around(byte)).map_or(start, |last| last + 1);
    word.get(start..end).unwrap_or_default()
}

/// How long a key can be.
const LONGEST: usize = 256;
