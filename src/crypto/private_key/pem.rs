//! PEM (RFC 7468) as private keys come in environment variables.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::PrivateKeyError;

/// What a label says of the DER under it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Label {
    /// `EC PRIVATE KEY`: SEC1 (RFC 5915 §3).
    Ec,
    /// `PRIVATE KEY`: PKCS#8 (RFC 5208 §5).
    Pkcs8,
    /// `RSA PRIVATE KEY`: PKCS#1 (RFC 8017 §A.1.2).
    Rsa,
}

/// The DER of the only key in a text, and what its label says of it.
pub(super) fn decode(text: &str) -> Result<(Label, Zeroizing<Vec<u8>>), PrivateKeyError> {
    let mut text = trimmed(text);
    if text.is_empty() {
        return Err(PrivateKeyError::Empty);
    }
    let (mut name, mut rest) = labelled(text)?;
    if name == "EC PARAMETERS" {
        // The curve, which the key itself names as well.
        text = trimmed(end(name, rest)?.1);
        (name, rest) = labelled(text)?;
    }
    let label = match name {
        "CERTIFICATE" => return Err(PrivateKeyError::Certificate),
        "DSA PRIVATE KEY" => return Err(PrivateKeyError::Dsa),
        "EC PRIVATE KEY" => Label::Ec,
        "ENCRYPTED PRIVATE KEY" => return Err(PrivateKeyError::Encrypted),
        "PRIVATE KEY" => Label::Pkcs8,
        "PUBLIC KEY" | "RSA PUBLIC KEY" => return Err(PrivateKeyError::Public),
        "RSA PRIVATE KEY" => Label::Rsa,
        _ => return Err(PrivateKeyError::Label),
    };
    let (content, after) = end(name, rest)?;
    if !trimmed(after).is_empty() {
        return Err(PrivateKeyError::TextAfter);
    }
    // RFC 1421 §4.6.1.1, as OpenSSL wrote keys before PKCS#8.
    if content.contains("ENCRYPTED") {
        return Err(PrivateKeyError::Encrypted);
    }
    Ok((label, der(content)?))
}

/// The label that a text begins with, and what follows it.
fn labelled(text: &str) -> Result<(&str, &str), PrivateKeyError> {
    let label = text.strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----"));
    label.ok_or(PrivateKeyError::NoLabel)
}

/// What stands before the label at the end, and what follows it.
fn end<'t>(name: &str, text: &'t str) -> Result<(&'t str, &'t str), PrivateKeyError> {
    let (content, rest) = text.split_once("-----END ").ok_or(PrivateKeyError::NoEnd)?;
    let rest = rest.strip_prefix(name).and_then(|rest| rest.strip_prefix("-----"));
    Ok((content, rest.ok_or(PrivateKeyError::NoEnd)?))
}

fn der(content: &str) -> Result<Zeroizing<Vec<u8>>, PrivateKeyError> {
    // Room for all of it at once: a buffer that grows leaves copies of the key behind.
    let mut base64 = Zeroizing::new(Vec::with_capacity(content.len()));
    let mut bytes = content.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let is_escaped = byte == b'\\' && bytes.next_if(|next| b"nr".contains(next)).is_some();
        if !is_escaped && !byte.is_ascii_whitespace() {
            base64.push(byte);
        }
    }
    // The decoder makes one buffer of the right size.
    let der = STANDARD.decode(&*base64).map_err(|_| PrivateKeyError::NotBase64)?;
    Ok(Zeroizing::new(der))
}

fn trimmed(mut text: &str) -> &str {
    while let Some(after) = line_break(text) {
        text = after;
    }
    loop {
        let escaped = text.strip_suffix("\\n").or_else(|| text.strip_suffix("\\r"));
        match escaped.or_else(|| text.strip_suffix(|last: char| last.is_ascii_whitespace())) {
            Some(before) => text = before,
            None => return text,
        }
    }
}

/// What follows a blank, or a backslash with `n` or `r`.
fn line_break(text: &str) -> Option<&str> {
    let escaped = text.strip_prefix("\\n").or_else(|| text.strip_prefix("\\r"));
    escaped.or_else(|| text.strip_prefix(|first: char| first.is_ascii_whitespace()))
}
