//! Access keys of Alibaba Cloud that a role lends for a while.

use std::time::Duration;

use super::readings::{Mark, line};
use super::{AccessKey, utc};
use crate::json::Value;
use crate::secret::Secret;
use crate::technical_token::preparation::Reading;
use crate::time::Timestamp;

/// A part of an access key that a role lends.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum KeyPart {
    /// Its id.
    AccessKeyId,
    /// Its secret.
    AccessKeySecret,
    /// Its security token.
    SecurityToken,
}

impl KeyPart {
    /// This part of the token that a [`TemporaryKey`] is kept as.
    pub fn of(self, token: &[u8]) -> Option<&[u8]> {
        let [id, secret, security_token] = split(token)?;
        Some(match self {
            Self::AccessKeyId => id,
            Self::AccessKeySecret => secret,
            Self::SecurityToken => security_token,
        })
    }
}

/// An access key that a role lends.
#[derive(Clone, Debug)]
pub struct TemporaryKey {
    /// The key. It has a security token.
    pub key: AccessKey,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl TemporaryKey {
    /// How long before its end a key is no longer used.
    const MARGIN: Duration = Duration::from_secs(15 * 60);

    /// Reads the members `AccessKeyId`, `AccessKeySecret`, `SecurityToken` and `Expiration`; those of
    /// the developer API begin with a small letter. `None` when one of them is missing, or no header
    /// could carry it.
    pub(super) fn parse(object: &Value<'_>) -> Option<Self> {
        let text = |name: &str, other: &str| {
            let value = object.get(name).or_else(|| object.get(other));
            value.and_then(Value::as_str)
        };
        let part =
            |name, other| text(name, other).filter(|part| line(part.as_bytes()) == Some(*part));
        let id = part("AccessKeyId", "accessKeyId")?;
        let secret = part("AccessKeySecret", "accessKeySecret")?;
        let token = part("SecurityToken", "securityToken")?;
        let expires_at = utc::parsed(text("Expiration", "expiration")?)?;
        // A comma would end the id within `Authorization`.
        let key = key([id, secret, token]);
        (!id.contains(',')).then_some(Self { key, expires_at })
    }

    /// A reading that is believed until 15 minutes before the key's end.
    pub(super) fn into_reading(self) -> Reading {
        let AccessKey { id, secret, security_token } = &self.key;
        let token = security_token.as_ref().map_or("", |token| token.expose());
        let value = Secret::new([id, secret.expose(), token].join("\n"));
        Mark::Key.on(value.expose().as_bytes(), self.expires_at.before(Self::MARGIN))
    }

    /// The key as one token: its id, the length of its secret, both followed by a comma, secret and security
    /// token. An id has no comma.
    pub(super) fn into_token(self) -> Secret<Vec<u8>> {
        let AccessKey { id, secret, security_token } = &self.key;
        let token = security_token.as_ref().map_or("", |token| token.expose());
        let length = secret.expose().len().to_string();
        Secret::new([id, ",", &length, ",", secret.expose(), token].concat().into_bytes())
    }

    /// The key in such a token.
    pub fn of_token(token: &[u8]) -> Option<AccessKey> {
        let [id, secret, token] = split(token)?.map(|part| std::str::from_utf8(part).ok());
        Some(key([id?, secret?, token?]))
    }

    /// The key in what a preparation has read.
    pub(super) fn among(read: &[Reading]) -> Option<AccessKey> {
        let text = std::str::from_utf8(Mark::Key.among(read)?).ok()?;
        let mut lines = text.split('\n');
        Some(key([lines.next()?, lines.next()?, lines.next()?]))
    }
}

/// The id, the secret and the security token; none is empty.
fn split(token: &[u8]) -> Option<[&[u8]; 3]> {
    let mut outer = token.splitn(3, |byte| *byte == b',');
    let (id, length, rest) = (outer.next()?, outer.next()?, outer.next()?);
    let length = std::str::from_utf8(length).ok()?.parse().ok()?;
    let (secret, token) = rest.split_at_checked(length)?;
    let parts = [id, secret, token];
    parts.iter().all(|part| !part.is_empty()).then_some(parts)
}

fn key([id, secret, token]: [&str; 3]) -> AccessKey {
    AccessKey {
        id: id.to_owned(),
        secret: Secret::new(secret.to_owned()),
        security_token: Some(Secret::new(token.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    const DOCUMENT: &str = r#"{"AccessKeyId":"STS.i","AccessKeySecret":"s,/+=","SecurityToken":"t",
        "Expiration":"2026-11-22T04:41:54Z"}"#;

    fn parse(document: &str) -> Option<TemporaryKey> {
        TemporaryKey::parse(&json::parse(document.as_bytes()).unwrap())
    }

    fn parts(key: &AccessKey) -> [&str; 3] {
        [&key.id, key.secret.expose(), key.security_token.as_ref().unwrap().expose()]
    }

    #[test]
    fn a_lent_key_is_read_in_both_spellings_and_believed_until_15_minutes_before_its_end() {
        let small = [("AccessKey", "accessKey"), ("Sec", "sec"), ("Exp", "exp")];
        let small =
            small.iter().fold(DOCUMENT.to_owned(), |text, (from, to)| text.replace(from, to));
        let small = small.replace("accessKeysecret", "accessKeySecret");
        assert!(small.contains("\"accessKeySecret\"") && small.contains("\"expiration\""));
        for document in [DOCUMENT, &small] {
            let lent = parse(document).unwrap();
            assert_eq!(parts(&lent.key), ["STS.i", "s,/+=", "t"]);
            assert_eq!(lent.expires_at, Timestamp::from_seconds(1_795_322_514));
            let reading = lent.into_reading();
            assert_eq!(reading.until, Timestamp::from_seconds(1_795_322_514 - 900));
            let read = TemporaryKey::among(&[reading]).unwrap();
            assert_eq!(parts(&read), ["STS.i", "s,/+=", "t"]);
        }
        assert!(TemporaryKey::among(&[]).is_none());
    }

    #[test]
    fn a_key_with_a_part_missing_or_odd_is_none() {
        for name in ["AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"] {
            for other in ["Other", &format!("{name}\":7,\"x")] {
                assert!(parse(&DOCUMENT.replace(name, other)).is_none(), "{name} {other}");
            }
        }
        let long = "x".repeat(16 * 1024 + 1);
        for odd in ["", " i", "a b", "a\\nb", "é", &long] {
            for part in ["\"STS.i\"", "\"s,/+=\"", "\"t\""] {
                let document = DOCUMENT.replace(part, &format!("\"{odd}\""));
                assert!(parse(&document).is_none(), "{part} {odd}");
            }
        }
        assert!(parse(&DOCUMENT.replace("STS.i", "i,SignedHeaders=")).is_none());
        assert!(parse(&DOCUMENT.replace("04:41:54Z", "04:41:54+08:00")).is_none());
    }

    #[test]
    fn a_key_is_one_token_and_comes_back_from_it_whatever_commas_it_has() {
        let token = parse(DOCUMENT).unwrap().into_token();
        assert_eq!(token.expose(), b"STS.i,5,s,/+=t");
        let read = TemporaryKey::of_token(token.expose()).unwrap();
        assert_eq!(parts(&read), ["STS.i", "s,/+=", "t"]);
        let part = |part: KeyPart| part.of(token.expose()).unwrap();
        assert_eq!(part(KeyPart::AccessKeyId), b"STS.i");
        assert_eq!(part(KeyPart::AccessKeySecret), b"s,/+=");
        assert_eq!(part(KeyPart::SecurityToken), b"t");
        for odd in
            ["", "i", "i,1", "i,1,", "i,1,s", "i,2,s", "i,0,st", ",1,st", "i,-1,st", "i,x,st"]
        {
            assert!(TemporaryKey::of_token(odd.as_bytes()).is_none(), "{odd}");
        }
    }

    #[test]
    fn no_secret_of_a_key_is_shown() {
        let shown = format!("{:?}", parse(&DOCUMENT.replace("s,/+=", "hunter2")).unwrap());
        assert!(shown.contains("STS.i") && !shown.contains("hunter2"), "{shown}");
    }
}
