//! Randomness from the host.

use super::abi;
use crate::crypto::Random;

/// The generator behind WASI's `random_get`; in Envoy that of BoringSSL.
#[derive(Clone, Copy, Debug)]
pub(super) struct HostRandom;

impl Random for HostRandom {
    fn draw(&self) -> Option<[u8; 16]> {
        abi::random().ok()
    }
}
