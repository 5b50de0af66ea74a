//! What a client proves itself by, where that is read when it is needed because it changes: a file that a
//! platform rotates.

use std::time::Duration;

use super::platform_token;
use super::preparation::{Moment, Preparation, PreparationError, Reading, ReadingFault};
use crate::crypto::PrivateKey;
use crate::message::{CallFailure, CallResponse, Endpoint, HttpCall};
use crate::secret::Secret;
use crate::time::Timestamp;

/// Where a secret is read, and for how long it is believed.
#[derive(Clone, Debug)]
pub struct SecretSource {
    /// Where it is read: as a rule a listener of the same proxy, which serves a file.
    pub endpoint: Endpoint,
    /// How long a call may take.
    pub timeout: Duration,
    /// How long a worker goes on with what it has read.
    pub refresh: Duration,
    /// What it is.
    pub form: SecretForm,
}

/// What is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SecretForm {
    /// A JWT of somebody else about the client, who replaces it before it ends.
    Assertion,
    /// A private key in PEM.
    PrivateKey,
    /// A secret of one line.
    Text,
}

impl SecretForm {
    /// As a word for logs.
    const fn name(self) -> &'static str {
        match self {
            Self::Assertion => "assertion",
            Self::PrivateKey => "private_key",
            Self::Text => "secret",
        }
    }

    const fn limit(self) -> usize {
        match self {
            Self::Assertion | Self::PrivateKey => platform_token::LIMIT,
            Self::Text => SecretSource::LIMIT,
        }
    }
}

impl SecretSource {
    /// The longest secret, in bytes.
    const LIMIT: usize = 4096;

    /// The call that reads it. One line break may follow the secret.
    pub(super) fn call(&self) -> HttpCall {
        HttpCall {
            endpoint: self.endpoint.clone(),
            method: "GET",
            headers: Vec::new(),
            body: Secret::new(Vec::new()),
            timeout: self.timeout,
            body_limit: self.form.limit() + 2,
        }
    }

    /// The secret in an answer: the body without the one line break (LF or CRLF) that editors leave
    /// at the end of a file. It holds nothing that no secret from a variable may.
    pub(super) fn secret(response: &CallResponse) -> Result<Secret<Vec<u8>>, ReadingFault> {
        let text = text(response)?;
        let line = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        let secret = line.unwrap_or(text);
        if secret.is_empty() {
            Err(ReadingFault::Empty)
        } else if secret.len() > Self::LIMIT {
            Err(ReadingFault::TooLong)
        } else if secret.chars().any(char::is_control) {
            Err(ReadingFault::Unusable)
        } else {
            Ok(Secret::new(secret.as_bytes().to_vec()))
        }
    }

    /// What is in an answer, and until when it is believed: for `refresh`, an assertion no longer than it
    /// says itself.
    fn reading(&self, response: &CallResponse, now: Timestamp) -> Result<Reading, ReadingFault> {
        let until = now + self.refresh;
        let (value, until) = match self.form {
            SecretForm::Assertion => {
                let token = platform_token::line(text(response)?.as_bytes());
                let token = token.ok_or(ReadingFault::Unusable)?;
                let until = platform_token::believed_until(token).min(until);
                (Secret::new(token.as_bytes().to_vec()), until)
            }
            SecretForm::PrivateKey => {
                let text = text(response)?;
                // One that cannot be used is told where it is read.
                PrivateKey::parse_pem(text).map_err(|_| ReadingFault::Unusable)?;
                (Secret::new(text.as_bytes().to_vec()), until)
            }
            SecretForm::Text => (Self::secret(response)?, until),
        };
        Ok(Reading { value, until })
    }
}

fn text(response: &CallResponse) -> Result<&str, ReadingFault> {
    match response.status {
        200 => std::str::from_utf8(response.body.expose()).map_err(|_| ReadingFault::Unusable),
        status => Err(ReadingFault::Status { status, error: None }),
    }
}

/// The one reading is what the client proves itself by.
impl Preparation for SecretSource {
    fn next(&self, read: &[Reading], _: &Moment<'_>) -> Option<HttpCall> {
        read.is_empty().then(|| self.call())
    }

    fn read(
        &self,
        _: &[Reading],
        answer: Result<&CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<Reading, PreparationError> {
        let answer = answer.map_err(ReadingFault::Unanswered);
        let reading = answer.and_then(|response| self.reading(response, now));
        reading.map_err(|fault| PreparationError { what: self.form.name(), fault })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &[u8]) -> Result<String, ReadingFault> {
        let response = CallResponse {
            status,
            content_type: None,
            retry_after: None,
            fresh_for: None,
            etag: None,
            body: Secret::new(body.to_vec()),
        };
        let secret = SecretSource::secret(&response)?;
        Ok(String::from_utf8(secret.expose().clone()).unwrap())
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
        use ReadingFault::{Empty, Status, TooLong, Unusable};
        let too_long = "s".repeat(SecretSource::LIMIT + 1);
        let rows: [(u16, &[u8], ReadingFault); 9] = [
            (200, b"", Empty),
            (200, b"\n", Empty),
            (200, b"\r\n", Empty),
            (200, b"a\n\n", Unusable),
            (200, b"a\nb", Unusable),
            (200, b"a\r", Unusable),
            (200, b"\xFC", Unusable),
            (200, too_long.as_bytes(), TooLong),
            (404, b"s3cr3t", Status { status: 404, error: None }),
        ];
        for (status, body, expected) in rows {
            assert_eq!(read(status, body), Err(expected), "{body:?}");
        }
    }

    fn read_as(form: SecretForm, body: &str) -> Result<(String, Timestamp), ReadingFault> {
        let source = SecretSource {
            endpoint: Endpoint {
                cluster: "files".into(),
                scheme: "http",
                authority: "files".into(),
                path: "/a".into(),
            },
            timeout: Duration::from_secs(1),
            refresh: Duration::from_secs(60),
            form,
        };
        let response = CallResponse {
            status: 200,
            content_type: None,
            retry_after: None,
            fresh_for: None,
            etag: None,
            body: Secret::new(body.as_bytes().to_vec()),
        };
        let reading = source.reading(&response, Timestamp::from_seconds(1_000))?;
        Ok((String::from_utf8(reading.value.expose().clone()).unwrap(), reading.until))
    }

    #[test]
    fn what_is_no_key_and_no_assertion_is_refused() {
        for body in
            ["", "\n", "s3cr3t", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
        {
            assert_eq!(
                read_as(SecretForm::PrivateKey, body),
                Err(ReadingFault::Unusable),
                "{body}"
            );
        }
        let too_long = "a".repeat(platform_token::LIMIT + 1);
        for body in ["", " \n", "a b", "a\nb", "ü", &too_long] {
            assert_eq!(read_as(SecretForm::Assertion, body), Err(ReadingFault::Unusable), "{body}");
        }
    }

    #[test]
    fn an_assertion_is_believed_for_the_time_of_its_file_and_no_longer_than_it_says() {
        let token = |exp: &str| {
            let claims = base64::Engine::encode(
                &base64::engine::general_purpose::URL_SAFE_NO_PAD,
                format!("{{{exp}}}"),
            );
            format!("e30.{claims}.c2ln")
        };
        for (exp, until) in
            [(r#""exp":9000"#, 1_060), (r#""exp":1660"#, 1_060), (r#""exp":1659"#, 1_059), ("", 0)]
        {
            let read = read_as(SecretForm::Assertion, &format!(" {} \r\n", token(exp)));
            assert_eq!(read, Ok((token(exp), Timestamp::from_seconds(until))), "{exp}");
        }
    }
}
