//! Writing and reading the bytes of blocks: little-endian numbers, and texts behind their lengths.

/// What is not yet read; every read is bounded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// What stands behind its length in two bytes.
    pub(super) fn part(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_le_bytes(self.array()?);
        self.take(usize::from(length))
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.part()?).ok()
    }
}

/// Writes `part` behind its length. `None` when that does not fit two bytes.
pub(super) fn put_part(out: &mut Vec<u8>, part: &[u8]) -> Option<()> {
    out.extend(u16::try_from(part.len()).ok()?.to_le_bytes());
    out.extend_from_slice(part);
    Some(())
}

/// Texts one after the other, each behind its length.
#[derive(Clone, Copy, Debug, Default)]
pub struct Texts<'a>(pub(super) &'a [u8]);

impl<'a> Texts<'a> {
    /// The texts.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        let mut input = Input(self.0);
        std::iter::from_fn(move || input.text())
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Whether they can all be read, and are none but these.
    pub(super) fn are_sound(self) -> bool {
        let mut input = Input(self.0);
        while !input.0.is_empty() {
            if input.text().is_none() {
                return false;
            }
        }
        true
    }
}

/// Writes texts as one part.
pub(super) fn put_texts(out: &mut Vec<u8>, texts: &[Box<str>]) -> Option<()> {
    let mut part = Vec::new();
    for text in texts {
        put_part(&mut part, text.as_bytes())?;
    }
    put_part(out, &part)
}
