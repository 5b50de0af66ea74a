//! Access keys of Alibaba Cloud: those of a user, and those that a role lends for a while.

use std::time::Duration;

use super::readings::Mark;
use super::utc;
use crate::json::Value;
use crate::secret::Secret;
use crate::technical_token::preparation::Reading;
use crate::time::Timestamp;

/// An access key, which signs requests.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccessKey {
    id: Secret<String>,
    secret: Secret<String>,
    security_token: Option<Secret<String>>,
}

/// An access key that a role lends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TemporaryKey {
    /// The key. It has a security token.
    pub key: AccessKey,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A part of an access key is empty, longer than 16 KiB, or has other bytes than visible ASCII.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AccessKeyError {
    /// The id.
    Id,
    /// The secret.
    Secret,
    /// The security token.
    SecurityToken,
}

impl AccessKey {
    /// A key of these parts; with a security token it is one that a role lends.
    ///
    /// # Errors
    /// [`AccessKeyError`] names the first part that no key may have.
    pub fn new(
        id: Secret<String>,
        secret: Secret<String>,
        security_token: Option<Secret<String>>,
    ) -> Result<Self, AccessKeyError> {
        let is_comma_free = |text: &Secret<String>| !text.expose().contains(',');
        if !is_part(&id) || !is_comma_free(&id) {
            return Err(AccessKeyError::Id);
        }
        if !is_part(&secret) {
            return Err(AccessKeyError::Secret);
        }
        if security_token.as_ref().is_some_and(|token| !is_part(token)) {
            return Err(AccessKeyError::SecurityToken);
        }
        Ok(Self { id, secret, security_token })
    }

    /// The id.
    pub fn id(&self) -> &str {
        self.id.expose()
    }

    /// The secret, which signs.
    pub const fn secret(&self) -> &Secret<String> {
        &self.secret
    }

    /// The security token of a key that a role lends.
    pub const fn security_token(&self) -> Option<&Secret<String>> {
        self.security_token.as_ref()
    }

    /// The key in what a preparation has read.
    pub(super) fn among(read: &[Reading]) -> Option<Self> {
        let text = std::str::from_utf8(Mark::Key.among(read)?).ok()?;
        let mut lines = text.split('\n').map(|line| Secret::new(line.to_owned()));
        Self::new(lines.next()?, lines.next()?, lines.next()).ok()
    }
}

impl TemporaryKey {
    /// How long before its end a key is no longer used.
    const MARGIN: Duration = Duration::from_secs(15 * 60);

    /// Reads the members `AccessKeyId`, `AccessKeySecret`, `SecurityToken` and `Expiration`; those of
    /// the developer API begin with a small letter. `None` when one of them is missing or odd.
    pub(super) fn parse(object: &Value<'_>) -> Option<Self> {
        let text = |name: &str, other: &str| {
            let value = object.get(name).or_else(|| object.get(other));
            value.and_then(Value::as_str)
        };
        let part = |name, other| Some(Secret::new(text(name, other)?.to_owned()));
        let id = part("AccessKeyId", "accessKeyId")?;
        let secret = part("AccessKeySecret", "accessKeySecret")?;
        let token = part("SecurityToken", "securityToken")?;
        let key = AccessKey::new(id, secret, Some(token)).ok()?;
        let expires_at = utc::parsed(text("Expiration", "expiration")?)?;
        Some(Self { key, expires_at })
    }

    /// A reading that is believed until 15 minutes before the key's end.
    pub(super) fn into_reading(self) -> Reading {
        let AccessKey { id, secret, security_token } = &self.key;
        let parts = [Some(id), Some(secret), security_token.as_ref()];
        let lines: Vec<&str> =
            parts.into_iter().flatten().map(|part| part.expose().as_str()).collect();
        let value = Secret::new(lines.join("\n"));
        Mark::Key.on(value.expose().as_bytes(), self.expires_at.before(Self::MARGIN))
    }
}

impl AccessKeyError {
    /// The environment variable that states the part, for the vendor's clients and for us.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Id => "ALIBABA_CLOUD_ACCESS_KEY_ID",
            Self::Secret => "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            Self::SecurityToken => "ALIBABA_CLOUD_SECURITY_TOKEN",
        }
    }
}

fn is_part(text: &Secret<String>) -> bool {
    const LIMIT: usize = 16 * 1024;
    let text = text.expose();
    (1..=LIMIT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn key(id: &str, secret: &str, token: Option<&str>) -> Result<AccessKey, AccessKeyError> {
        let secret_of = |text: &str| Secret::new(text.to_owned());
        AccessKey::new(secret_of(id), secret_of(secret), token.map(secret_of))
    }

    #[test]
    fn a_part_that_no_header_could_carry_is_refused_by_its_name() {
        let long = "x".repeat(16 * 1024 + 1);
        assert!(key("LTAI.x-_", "s,/+=", Some("t,/+=")).is_ok());
        for odd in ["", "a b", "a\nb", "é", &long] {
            assert_eq!(key(odd, "s", None), Err(AccessKeyError::Id));
            assert_eq!(key("i", odd, None), Err(AccessKeyError::Secret));
            assert_eq!(key("i", "s", Some(odd)), Err(AccessKeyError::SecurityToken));
        }
        assert_eq!(key("i,SignedHeaders=", "s", None), Err(AccessKeyError::Id));
    }

    #[test]
    fn a_lent_key_is_read_in_both_spellings_and_believed_until_15_minutes_before_its_end() {
        let document = r#"{"AccessKeyId":"i","AccessKeySecret":"s","SecurityToken":"t",
            "Expiration":"2026-11-22T04:41:54Z"}"#;
        let small = document.replace("Acc", "acc").replace("Sec", "sec").replace("Exp", "exp");
        let small = small.replace("accessKeysecret", "accessKeySecret");
        for document in [document, &small] {
            let lent = TemporaryKey::parse(&json::parse(document.as_bytes()).unwrap()).unwrap();
            assert_eq!(lent.key, key("i", "s", Some("t")).unwrap());
            assert_eq!(lent.expires_at, Timestamp::from_seconds(1_795_322_514));
            let reading = lent.clone().into_reading();
            assert_eq!(reading.until, Timestamp::from_seconds(1_795_322_514 - 900));
            assert_eq!(AccessKey::among(&[reading]), Some(lent.key));
        }
        assert_eq!(AccessKey::among(&[]), None);
        for name in ["AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"] {
            for other in ["Other", "AccessKeyId\":7,\"x"] {
                let document = document.replace(name, other);
                let value = json::parse(document.as_bytes()).unwrap();
                assert_eq!(TemporaryKey::parse(&value), None, "{document}");
            }
        }
    }

    #[test]
    fn nothing_of_a_key_is_shown() {
        let key = key("hunter1", "hunter2", Some("hunter3")).unwrap();
        assert!(!format!("{key:?}").contains("hunter"));
    }
}
