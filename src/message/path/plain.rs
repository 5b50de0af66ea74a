//! Paths that are canonical as they stand, told in one pass: nearly all that requests bring.

use super::{PATH_LIMIT, SEGMENT_LIMIT};

/// The path of `target` if it has nothing that any step of the way to the canonical form could change or refuse, in
/// whichever spelling keeps letters. `None` says nothing about a path.
pub(super) fn plain(target: &[u8]) -> Option<&str> {
    let mut last = Kind::Slash;
    let mut segments = 1_usize;
    let (b'/', rest) = target.split_first()? else { return None };
    let mut length = 1_usize;
    for byte in rest {
        match KINDS.get(usize::from(*byte)).copied().unwrap_or(Kind::Odd) {
            Kind::Odd => return None,
            Kind::Query => break,
            // A segment that is empty, or ends with a dot.
            Kind::Slash if last != Kind::Ordinary => return None,
            Kind::Slash => {
                segments += 1;
                last = Kind::Slash;
            }
            kind @ (Kind::Dot | Kind::Ordinary) => last = kind,
        }
        length += 1;
    }
    let is_plain = last == Kind::Ordinary && segments <= SEGMENT_LIMIT && length <= PATH_LIMIT;
    is_plain.then(|| str::from_utf8(target.get(..length)?).ok()).flatten()
}

/// What a byte can mean in a path.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Dot,
    /// To be looked at: encoded, refused, or part of something that is.
    Odd,
    Ordinary,
    Query,
    Slash,
}

#[allow(
    clippy::indexing_slicing,
    reason = "the compiler computes it, and no byte is out of bounds"
)]
const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Odd; 256];
    let mut byte = 0x21_u8;
    while byte < 0x7F {
        kinds[byte as usize] = match byte {
            b'#' | b'$' | b'%' | b';' | b'\\' => Kind::Odd,
            b'.' => Kind::Dot,
            b'/' => Kind::Slash,
            b'?' => Kind::Query,
            _ => Kind::Ordinary,
        };
        byte += 1;
    }
    kinds
};
