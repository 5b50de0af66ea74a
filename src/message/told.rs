//! What upstreams are told of a caller, made once and remembered beside the caller.

use std::fmt;
use std::sync::OnceLock;

use super::edits::{HeaderEdit, HeaderEdits};

/// The changes that tell of one caller. They depend on the caller and on the configuration, and callers are of one
/// configuration.
#[derive(Clone, Default)]
pub struct Told(OnceLock<Box<[HeaderEdit]>>);

impl Told {
    /// The most bytes that are remembered of one caller: enough for five headers. What is longer is made anew for each
    /// request.
    pub const LIMIT: usize = 512;

    /// Nothing is known yet.
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Adds the changes to `edits`, as `make` does.
    ///
    /// # Errors
    /// Those of `make`; then nothing is remembered.
    pub fn add<E>(
        &self,
        edits: &mut HeaderEdits,
        make: impl FnOnce(&mut HeaderEdits) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(told) = self.0.get() {
            edits.extend_from_slice(told);
            return Ok(());
        }
        let before = edits.len();
        make(edits)?;
        let made = edits.get(before..).unwrap_or_default();
        if made.iter().map(size).sum::<usize>() <= Self::LIMIT {
            let _is_known = self.0.set(made.into());
        }
        Ok(())
    }
}

/// With what the allocator adds to two blocks.
fn size(edit: &HeaderEdit) -> usize {
    match edit {
        // Of one request, whatever it brings.
        HeaderEdit::Add(..) | HeaderEdit::Reduce(_) | HeaderEdit::Remove(_) => Told::LIMIT + 1,
        HeaderEdit::Set(_, value) => value.expose().len() + size_of::<HeaderEdit>() + 48,
    }
}

/// It is personal data.
impl fmt::Debug for Told {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<told>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{HeaderName, HeaderValue};

    fn user(name: &str) -> HeaderEdit {
        HeaderEdit::Set(HeaderName::parse("x-user").unwrap(), HeaderValue::percent_encoded(name))
    }

    fn add(told: &Told, edit: Result<HeaderEdit, u8>) -> Result<HeaderEdits, u8> {
        let mut edits = vec![user("before")];
        told.add(&mut edits, |edits| -> Result<(), u8> {
            edits.push(edit?);
            Ok(())
        })?;
        Ok(edits)
    }

    #[test]
    fn what_is_told_is_made_once_and_added_to_what_was_there() {
        let told = Told::new();
        assert_eq!(add(&told, Ok(user("ann"))), Ok(vec![user("before"), user("ann")]));
        assert_eq!(add(&told, Err(1)), Ok(vec![user("before"), user("ann")]));
    }

    #[test]
    fn what_cannot_be_told_is_not_remembered() {
        let told = Told::new();
        assert_eq!(add(&told, Err(1)), Err(1));
        assert_eq!(add(&told, Ok(user("ann"))), Ok(vec![user("before"), user("ann")]));
    }

    #[test]
    fn what_is_long_is_made_each_time() {
        let longest = Told::LIMIT - 48 - size_of::<HeaderEdit>();
        for (length, expected) in [(longest, Ok(2)), (longest + 1, Err(1))] {
            let told = Told::new();
            add(&told, Ok(user(&"a".repeat(length)))).unwrap();
            assert_eq!(add(&told, Err(1)).map(|edits| edits.len()), expected, "{length}");
        }
    }

    #[test]
    fn what_is_of_one_request_is_not_remembered() {
        let told = Told::new();
        assert!(add(&told, Ok(HeaderEdit::Remove(b"x-user".as_slice().into()))).is_ok());
        assert_eq!(add(&told, Err(1)), Err(1));
    }

    #[test]
    fn debug_output_tells_nothing() {
        let told = Told::new();
        add(&told, Ok(user("ann"))).unwrap();
        assert_eq!(format!("{told:?}"), "<told>");
    }
}
