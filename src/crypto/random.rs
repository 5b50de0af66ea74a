//! Numbers that nobody can guess: the host's.

use std::fmt;

/// A cryptographic generator, handed in by whoever has one.
pub trait Random: fmt::Debug {
    /// 16 new bytes. `None` where there are none: nothing that could be guessed takes their place.
    fn draw(&self) -> Option<[u8; 16]>;
}

/// No generator: what needs one is refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRandom;

impl Random for NoRandom {
    fn draw(&self) -> Option<[u8; 16]> {
        None
    }
}
