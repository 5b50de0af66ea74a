//! Certificates in PEM (RFC 7468 §5), which are sent as they stand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::super::raw::ShapeProblem;
use super::super::super::report::Report;
use super::problem::IdaasProblem;
use super::vendor::{Found, Vendor};

/// The longest text of certificates, in bytes.
const LIMIT: usize = 64 * 1024;

/// The certificates of a key. `None` when there are none, which has been reported.
pub(super) fn certificates<'d>(
    vendor: &Vendor<'d>,
    key: &'static str,
    code: &'static str,
    report: &mut Report,
) -> Option<&'d str> {
    let text = match vendor.any_text(key, report) {
        Found::Text(text) if !text.trim().is_empty() => text,
        Found::Absent | Found::Text(_) => {
            report.error(&vendor.place(key), IdaasProblem::NotFound(code));
            return None;
        }
        Found::Wrong => return None,
    };
    if text.len() > LIMIT {
        report.error(&vendor.place(key), ShapeProblem::TextTooLong);
        return None;
    }
    if !are_certificates(text) {
        report.error(&vendor.place(key), IdaasProblem::Certificate);
        return None;
    }
    Some(text)
}

/// Whether a text has one block or more, each of base64 that begins like a certificate.
fn are_certificates(text: &str) -> bool {
    let mut blocks = text.split(BEGIN).skip(1).peekable();
    blocks.peek().is_some()
        && blocks.all(|block| {
            let content = block.split_once(END).map(|(content, _)| content);
            let content = content.unwrap_or_default().bytes();
            let content: Vec<u8> = content.filter(|b| !b.is_ascii_whitespace()).collect();
            // SEQUENCE, longer than 127 bytes.
            STANDARD.decode(content).is_ok_and(|der| der.starts_with(&[0x30]) && der.len() > 127)
        })
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_blocks_of_base64() {
        let der = [&[0x30, 0x81, 0x80][..], &[0; 0x80]].concat();
        let content = STANDARD.encode(der);
        let (one, two) = content.split_at(64);
        let block = format!("{BEGIN}\n{one}\n{two}\n{END}\n");
        for text in [
            block.clone(),
            block.replace('\n', ""),
            block.replace('\n', " "),
            block.replace('\n', "\r\n"),
            format!("subject=made up\n{block}{block}"),
        ] {
            assert!(are_certificates(&text), "{text}");
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
            assert!(!are_certificates(&text), "{text}");
        }
    }
}
