//! Values that must not be seen: client secrets, tokens, application keys, signed bodies.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A secret from parse to use.
///
/// It has a redacted `Debug`, no `Display` and no `Serialize`, compares in constant time, and its
/// memory is overwritten when it is dropped. [`Secret::expose`] is the only door, so that every
/// use can be found by searching for it.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value. The caller gives up its own copy.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that sends, compares or hashes it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + AsRef<[u8]>> PartialEq for Secret<T> {
    /// Equality in a time that depends on the lengths alone.
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ref().ct_eq(other.0.as_ref()).into()
    }
}

impl<T: Zeroize + AsRef<[u8]>> Eq for Secret<T> {}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<secret>")
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    // Overwriting is a loop, which would stand wherever a secret goes out of scope.
    #[inline(never)]
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_nothing_of_the_value() {
        let secret = Secret::new(String::from("hunter2"));
        assert_eq!(format!("{secret:?}"), "<secret>");
    }

    #[test]
    fn secrets_compare_by_all_their_bytes() {
        let secret = |text: &str| Secret::new(text.to_owned());
        assert_eq!(secret("abc"), secret("abc"));
        assert_ne!(secret("abc"), secret("abd"));
        assert_ne!(secret("abc"), secret("abcd"));
    }
}
