//! Certificates in PEM (RFC 7468 §5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The first certificate of a text in DER; `None` unless the text has one block or more, each of base64 that
/// begins like a certificate.
pub(super) fn first(text: &str) -> Option<Vec<u8>> {
    let blocks = text.split(BEGIN).skip(1).map(|block| {
        let (content, _) = block.split_once(END)?;
        let content: Vec<u8> = content.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        let der = STANDARD.decode(content).ok()?;
        // SEQUENCE, longer than 127 bytes.
        (der.starts_with(&[0x30]) && der.len() > 127).then_some(der)
    });
    blocks.reduce(|first, next| next.and(first))?
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_blocks_of_base64() {
        let der = [&[0x30, 0x81, 0x80][..], &[0; 0x80]].concat();
        let content = STANDARD.encode(&der);
        let (one, two) = content.split_at(64);
        let block = format!("{BEGIN}\n{one}\n{two}\n{END}\n");
        for text in [
            block.clone(),
            block.replace('\n', ""),
            block.replace('\n', " "),
            block.replace('\n', "\r\n"),
            format!("subject=made up\n{block}{block}"),
        ] {
            assert_eq!(first(&text).as_ref(), Some(&der), "{text}");
        }
        for text in [
            String::new(),
            "y".to_owned(),
            content.clone(),
            block.replace('\n', "\\n"),
            block.replace(END, ""),
            format!("{block}{BEGIN}{END}"),
            block.replace(one, &format!("A{one}")),
            format!("{BEGIN}{}{END}", STANDARD.encode([0; 200])),
        ] {
            assert_eq!(first(&text), None, "{text}");
        }
    }
}
