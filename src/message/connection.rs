//! What the host knows about the connection that a request came by.

use std::net::IpAddr;

/// The connection of a request. It is asked only where a decision needs it: each answer costs a
/// call of the host.
pub trait Connection {
    /// The SHA-256 digest of the certificate that the client has shown on this connection (its DER
    /// form), and has proven to hold the key of. `None` without one.
    fn certificate_digest(&self) -> Option<[u8; 32]>;

    /// The address of the client as the proxy trusts it; `None` where the proxy knows none, for
    /// instance on a Unix socket.
    fn source(&self) -> Option<IpAddr>;
}

/// A digest as hosts write it: 64 hex digits. `None` for anything else.
pub fn parse_digest(text: &[u8]) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(text.chunks(2)) {
        let digits =
            std::str::from_utf8(pair).ok().filter(|_| pair.iter().all(u8::is_ascii_hexdigit));
        *byte = u8::from_str_radix(digits?, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_hex_digits() {
        assert_eq!(parse_digest("00".repeat(32).as_bytes()), Some([0; 32]));
        assert_eq!(parse_digest("aF".repeat(32).as_bytes()), Some([0xAF; 32]));
        let odd = ["", "0", &"0".repeat(63), &"0".repeat(65), &"+1".repeat(32), &"0g".repeat(32)];
        for text in odd {
            assert_eq!(parse_digest(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_digest(&[0xFF; 64]), None);
    }
}
