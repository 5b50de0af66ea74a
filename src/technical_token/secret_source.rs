//! A secret that is read when it is needed, because it changes: a file that a platform rotates.

use std::time::Duration;

use super::response::AnswerError;
use crate::message::{CallResponse, Endpoint, HttpCall};
use crate::secret::Secret;

/// Where a secret is read, and for how long it is believed.
#[derive(Clone, Debug)]
pub struct SecretSource {
    /// Where it is read: as a rule a listener of the same proxy, which serves a file.
    pub endpoint: Endpoint,
    /// How long a call may take.
    pub timeout: Duration,
    /// How long a worker goes on with what it has read.
    pub refresh: Duration,
}

/// Why an answer holds no secret. It is never quoted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SecretError {
    /// Nothing, or a line break alone.
    Empty,
    /// Another status than 200.
    Status(u16),
    /// More than [`SecretSource::LIMIT`] bytes.
    TooLong,
    /// No UTF-8, or a control character within; a second line, often.
    Unusable,
}

impl SecretSource {
    /// The longest secret, in bytes.
    pub const LIMIT: usize = 4096;

    /// The call that reads it. One line break may follow the secret.
    pub fn call(&self) -> HttpCall {
        HttpCall {
            endpoint: self.endpoint.clone(),
            method: "GET",
            headers: Vec::new(),
            body: Secret::new(Vec::new()),
            timeout: self.timeout,
            body_limit: Self::LIMIT + 2,
        }
    }

    /// The secret in an answer: the body without the one line break (LF or CRLF) that editors leave
    /// at the end of a file.
    ///
    /// # Errors
    /// [`SecretError`] when there is none, or it holds what no secret from a variable may.
    pub fn read(response: &CallResponse) -> Result<Secret<String>, SecretError> {
        if response.status != 200 {
            return Err(SecretError::Status(response.status));
        }
        let text =
            std::str::from_utf8(response.body.expose()).map_err(|_| SecretError::Unusable)?;
        let line = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        let secret = line.unwrap_or(text);
        if secret.is_empty() {
            Err(SecretError::Empty)
        } else if secret.len() > Self::LIMIT {
            Err(SecretError::TooLong)
        } else if secret.chars().any(char::is_control) {
            Err(SecretError::Unusable)
        } else {
            Ok(Secret::new(secret.to_owned()))
        }
    }
}

impl SecretError {
    /// The exact reason as a word, stable, for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Empty => "secret_empty",
            Self::Status(status) => AnswerError::Status { status, error: None }.reason(),
            Self::TooLong => "secret_too_long",
            Self::Unusable => "secret_unusable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &[u8]) -> Result<String, SecretError> {
        let response = CallResponse {
            status,
            content_type: None,
            retry_after: None,
            fresh_for: None,
            body: Secret::new(body.to_vec()),
        };
        SecretSource::read(&response).map(|secret| secret.expose().clone())
    }

    #[test]
    fn one_line_break_at_the_end_is_not_part_of_a_secret() {
        let longest = "s".repeat(SecretSource::LIMIT);
        let rows = [
            ("s3cr3t".to_owned(), "s3cr3t"),
            ("s3cr3t\n".to_owned(), "s3cr3t"),
            ("s3cr3t\r\n".to_owned(), "s3cr3t"),
            (" s: %41+ü ".to_owned(), " s: %41+ü "),
            (format!("{longest}\r\n"), longest.as_str()),
        ];
        for (body, secret) in rows {
            assert_eq!(read(200, body.as_bytes()).as_deref(), Ok(secret));
        }
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        use SecretError::{Empty, Status, TooLong, Unusable};
        let too_long = "s".repeat(SecretSource::LIMIT + 1);
        let rows: [(u16, &[u8], SecretError); 9] = [
            (200, b"", Empty),
            (200, b"\n", Empty),
            (200, b"\r\n", Empty),
            (200, b"a\n\n", Unusable),
            (200, b"a\nb", Unusable),
            (200, b"a\r", Unusable),
            (200, b"\xFC", Unusable),
            (200, too_long.as_bytes(), TooLong),
            (404, b"s3cr3t", Status(404)),
        ];
        for (status, body, expected) in rows {
            assert_eq!(read(status, body), Err(expected), "{body:?}");
        }
    }
}
