//! What is kept of an application key: a digest, in the two forms that a record may state.

use std::fmt;

use subtle::ConstantTimeEq as _;

use super::pepper::{Pepper, PepperId};
use crate::crypto::digest::sha256;

/// The digest of an application key: SHA-256 of its bytes, or HMAC-SHA-256 by a pepper. Nothing of the key
/// is trimmed, folded or normalized.
///
/// A key has at least 128 random bits, so one fast hash is enough, and it can be looked up by. Equality takes
/// the same time wherever two differ. `Debug` shows 4 bytes, by which people group attempts.
#[derive(Clone, Copy)]
pub struct KeyDigest([u8; KeyDigest::LENGTH]);

/// The first bytes of a digest, by which a session says which secret opened it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DigestMark(pub(super) [u8; DigestMark::LENGTH]);

/// A digest as a record states it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StatedDigest {
    /// `hmac-sha256:<pepper-id>:<hex>`
    HmacSha256(PepperId, KeyDigest),
    /// `sha256:<hex>`
    Sha256(KeyDigest),
}

/// A text that states no digest: another form, or not 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DigestError;

impl KeyDigest {
    /// Its bytes.
    pub const LENGTH: usize = 32;

    /// The digest of a presented key.
    pub fn of(key: &[u8]) -> Self {
        Self(sha256(key))
    }

    /// The digest of a presented key by a pepper.
    pub fn with_pepper(key: &[u8], pepper: &Pepper) -> Self {
        Self(pepper.hmac_sha256(key))
    }

    /// A digest that was computed before.
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Whether these are its bytes, found in the same time wherever they differ. Eight at a time: the library puts a
    /// call between any two comparisons, so that no compiler leaves early.
    pub(super) fn is_held(&self, bytes: &[u8]) -> bool {
        let (ours, _) = self.0.as_chunks::<8>();
        let (theirs, rest) = bytes.as_chunks::<8>();
        let words = |chunks: &[[u8; 8]]| -> [u64; 4] {
            std::array::from_fn(|at| chunks.get(at).copied().map_or(0, u64::from_le_bytes))
        };
        let is_long = theirs.len() == ours.len() && rest.is_empty();
        is_long && bool::from(words(ours).ct_eq(&words(theirs)))
    }

    /// Its first 8 bytes.
    pub fn mark(&self) -> DigestMark {
        DigestMark(first(&self.0))
    }

    /// Its first 8 hexadecimal digits, for logs: enough to group attempts, and no key can be made of them.
    pub fn short(&self) -> String {
        hex(&first::<4>(&self.0))
    }
}

impl DigestMark {
    /// Its first byte.
    pub const fn first(self) -> u8 {
        let [first, ..] = self.0;
        first
    }

    /// Its bytes.
    pub const LENGTH: usize = 8;

    /// The mark that 16 lower-case hexadecimal digits state.
    pub fn parse(text: &str) -> Option<Self> {
        bytes(text).map(Self)
    }

    /// The mark as a number.
    pub const fn bits(self) -> u64 {
        u64::from_be_bytes(self.0)
    }

    /// Its first 8 hexadecimal digits, for logs, as [`KeyDigest::short`].
    pub fn short(self) -> String {
        let mut text = self.text();
        text.truncate(8);
        text
    }

    /// The mark as 16 lower-case hexadecimal digits.
    pub fn text(self) -> String {
        hex(&self.0)
    }
}

impl StatedDigest {
    /// Reads `sha256:<hex>` or `hmac-sha256:<pepper-id>:<hex>`, exactly as [`StatedDigest::text`] writes it.
    ///
    /// # Errors
    /// [`DigestError`] for every other text.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let digest = |digits| bytes(digits).map(KeyDigest).ok_or(DigestError);
        if let Some(digits) = text.strip_prefix("sha256:") {
            return digest(digits).map(Self::Sha256);
        }
        let stated = text.strip_prefix("hmac-sha256:").ok_or(DigestError)?;
        let (id, digits) = stated.split_once(':').ok_or(DigestError)?;
        let id = PepperId::parse(id).map_err(|_| DigestError)?;
        digest(digits).map(|digest| Self::HmacSha256(id, digest))
    }

    /// The digest without its form.
    pub const fn digest(&self) -> &KeyDigest {
        match self {
            Self::HmacSha256(_, digest) | Self::Sha256(digest) => digest,
        }
    }

    /// As a record states it.
    pub fn text(&self) -> String {
        match self {
            Self::HmacSha256(id, digest) => {
                ["hmac-sha256:", id.as_str(), ":", &hex(&digest.0)].concat()
            }
            Self::Sha256(digest) => ["sha256:", &hex(&digest.0)].concat(),
        }
    }
}

impl PartialEq for KeyDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for KeyDigest {}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.short())
    }
}

impl fmt::Display for DigestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "not `sha256:` or `hmac-sha256:<pepper-id>:` and 64 lower-case hexadecimal digits",
        )
    }
}

fn first<const N: usize>(digest: &[u8; KeyDigest::LENGTH]) -> [u8; N] {
    digest.first_chunk().copied().unwrap_or([0; N])
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)]).collect()
}

/// What exactly 2 `N` lower-case hexadecimal digits state.
fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let mut digits = digits.bytes().map(|digit| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    });
    for byte in &mut bytes {
        *byte = digits.next()?? << 4 | digits.next()??;
    }
    digits.next().is_none().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_vectors() {
        let pepper = Pepper::new("p1", (0..32).collect()).unwrap();
        let rows = [
            (
                "gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j",
                "a807efa1c8197adac3404e3933895599e0f7066660adba8470e7888125fb7800",
                "14c3164de3991acaa2748261a5254b390ce44dad45078dd90750176ba65db58d",
            ),
            (
                "00000000-1111-4222-8333-444455556666",
                "edc4af9ecca104a7c2ab27c5b743d776973b5c28a1d7609f0b84a065351683a0",
                "56c24bf4c49c8887069a5e416a2b61f52e9ce596076690c3a47e5409416d0c65",
            ),
        ];
        for (key, plain, peppered) in rows {
            let stated = StatedDigest::Sha256(KeyDigest::of(key.as_bytes()));
            assert_eq!(stated.text(), format!("sha256:{plain}"));
            let digest = KeyDigest::with_pepper(key.as_bytes(), &pepper);
            let stated = StatedDigest::HmacSha256(pepper.id().clone(), digest);
            assert_eq!(stated.text(), format!("hmac-sha256:p1:{peppered}"));
            assert_eq!(StatedDigest::parse(&stated.text()), Ok(stated));
        }
    }

    #[test]
    fn only_the_exact_forms_are_digests() {
        let hex = "a807efa1c8197adac3404e3933895599e0f7066660adba8470e7888125fb7800";
        for good in [format!("sha256:{hex}"), format!("hmac-sha256:p1:{hex}")] {
            assert_eq!(StatedDigest::parse(&good).unwrap().text(), good);
        }
        for bad in [
            hex.to_owned(),
            String::new(),
            format!("sha256:{}", hex.get(1..).unwrap()),
            format!("sha256:{hex}0"),
            format!("sha256:{}", hex.to_uppercase()),
            format!("sha256: {}", hex.get(1..).unwrap()),
            format!("SHA256:{hex}"),
            format!("sha512:{hex}"),
            format!("hmac-sha256:{hex}"),
            format!("hmac-sha256::{hex}"),
            format!("hmac-sha256:p:1:{hex}"),
            format!("hmac-sha256:p 1:{hex}"),
        ] {
            assert_eq!(StatedDigest::parse(&bad), Err(DigestError), "{bad}");
        }
    }

    #[test]
    fn debug_output_shows_eight_digits() {
        let digest = KeyDigest::of(b"x");
        assert_eq!(format!("{digest:?}").len(), 8);
        assert_eq!(digest.short(), hex(digest.as_bytes()).get(..8).unwrap());
        assert_eq!(DigestMark::parse(&digest.mark().text()), Some(digest.mark()));
        assert_eq!(DigestMark::parse("0123456789abcde"), None);
    }
}
