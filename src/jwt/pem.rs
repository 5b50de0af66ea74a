//! Public RSA keys as PEM (RFC 7468 §13), the form that UAA gives beside the numbers of a key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::crypto::PublicKey;

/// What a text is.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Pem {
    /// A sound public RSA key.
    Key(PublicKey),
    /// It says that it is a public key, but is no sound RSA key.
    Malformed,
    /// It is no PEM of a public key: nothing for us.
    Other,
    /// It says that it is a private key.
    Private,
}

/// Reads a text. The line breaks that a PEM has may be left out, as UAA does.
pub(super) fn rsa_key(text: &str) -> Pem {
    let text = text.trim();
    if text.starts_with("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return Pem::Private;
    }
    let Some(rest) = text.strip_prefix("-----BEGIN PUBLIC KEY-----") else {
        return Pem::Other;
    };
    let der = rest.strip_suffix("-----END PUBLIC KEY-----").and_then(|content| {
        let content: Vec<u8> = content.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        STANDARD.decode(content).ok()
    });
    der.and_then(|der| PublicKey::from_rsa_spki(&der)).map_or(Pem::Malformed, Pem::Key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_is_read_with_and_without_line_breaks() {
        let modulus = [&[0xff; 255][..], &[1]].concat();
        let key = PublicKey::rsa(&modulus, &[1, 0, 1]).unwrap();
        let encoded = STANDARD.encode(key.spki_der());
        let lines: Vec<&str> =
            encoded.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
        let (begin, end) = ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----");
        for text in [
            format!("{begin}{encoded}{end}"),
            format!("{begin}\n{}\n{end}\n", lines.join("\n")),
            format!("{begin}\r\n{}\r\n{end}", lines.join("\r\n")),
        ] {
            assert_eq!(rsa_key(&text), Pem::Key(key.clone()), "{text}");
        }
        for text in [
            format!("{begin}{encoded}"),
            format!("{begin}{end}"),
            format!("{begin}{encoded}A{end}"),
            format!("{begin}{encoded}{end}{begin}{encoded}{end}"),
            format!("{begin}{}{end}", encoded.chars().take(40).collect::<String>()),
        ] {
            assert_eq!(rsa_key(&text), Pem::Malformed, "{text}");
        }
        for text in ["", "secret", "-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----"] {
            assert_eq!(rsa_key(text), Pem::Other, "{text}");
        }
        for kind in ["RSA PRIVATE KEY", "PRIVATE KEY"] {
            let text = format!("-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----");
            assert_eq!(rsa_key(&text), Pem::Private, "{text}");
        }
    }
}
