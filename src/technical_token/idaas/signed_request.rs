//! Requests to services of Alibaba Cloud, signed with the access key of a role (`inject: [{ sign: acs3 }]`).
//!
//! Each request is signed when it goes on, by the time and a nonce of that moment. Covered are the method,
//! the path and query that go upstream, `host` (the `:authority` of the request: nothing behind the filter may
//! rewrite it, nor the path) and every `x-acs-*` field that goes on: those that we set and, of the caller's,
//! `x-acs-action`, `x-acs-version` and whatever else is not ours.
//!
//! The body passes by the filter unread. A request that ends with its head has the digest of nothing; any other
//! states `x-acs-content-sha256` itself, which the service compares with the body it gets.
//!
//! A service has one spelling of each path and query: the bytes of RFC 3986 §2.3 as they stand, all others as
//! `%XX`. It reads a query as a form, so the query is signed in that spelling, sorted, however it is spelt; of
//! a path servers disagree what another spelling is, so that is refused.

use super::encoding::{Blank, hex, pairs};
use super::{AccessKey, Acs3Request, utc};
use crate::message::RequestHead;
use crate::secret::Secret;
use crate::time::Timestamp;

/// A request that cannot be signed as it stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unsignable {
    /// It has a body, and `x-acs-content-sha256` is not there once with 64 digits `0-9a-f`.
    BodyDigest,
    /// An `x-acs-*` field is there twice, or has other bytes than visible ASCII and blanks.
    Field,
    /// The path is not in the one spelling that is signed.
    Path,
    /// The query has a `%` without two digits, is no UTF-8, or has over 256 parameters.
    Query,
}

/// What a signature is made with.
#[derive(Clone, Copy, Debug)]
pub struct Signing<'a> {
    /// The request as it arrived.
    pub head: &'a RequestHead<'a>,
    /// The path and query that go on.
    pub target: &'a [u8],
    /// By whose secret it is signed. It has a security token.
    pub key: &'a AccessKey,
    /// The time.
    pub now: Timestamp,
    /// 16 bytes that nobody can guess, new for each request.
    pub nonce: [u8; 16],
}

type Field = (&'static str, Secret<Vec<u8>>);
type CallersField = (String, Secret<Vec<u8>>);

impl Signing<'_> {
    /// The fields that a signature sets. Nobody else can bring them in.
    pub const FIELDS: [&'static str; 6] = [
        "authorization",
        "x-acs-accesskey-id",
        DIGEST,
        "x-acs-date",
        "x-acs-security-token",
        "x-acs-signature-nonce",
    ];

    /// The fields that sign the request.
    ///
    /// # Errors
    /// [`Unsignable`].
    pub fn fields(&self) -> Result<Vec<Field>, Unsignable> {
        let path_end = self.target.iter().position(|byte| *byte == b'?');
        let (path, query) = self.target.split_at(path_end.unwrap_or(self.target.len()));
        let path = canonical_path(path).ok_or(Unsignable::Path)?;
        let query = canonical_query(query.get(1..).unwrap_or_default()).ok_or(Unsignable::Query)?;
        let digest = self.body_digest()?;
        let mut fields = self.own(digest);

        let value = |bytes: &[u8]| Secret::new(bytes.to_vec());
        let host = value(self.head.authority().unwrap_or_default());
        let callers = self.callers()?;
        let mut signed: Vec<(&str, &Secret<Vec<u8>>)> = vec![("host", &host)];
        signed.extend(fields.iter().map(|(name, value)| (*name, value)));
        for (name, value) in &callers {
            let at = signed.partition_point(|(other, _)| *other < name.as_str());
            if signed.get(at).is_some_and(|(other, _)| other == name) {
                return Err(Unsignable::Field);
            }
            signed.insert(at, (name, value));
        }
        let request = Acs3Request {
            method: std::str::from_utf8(self.head.method().unwrap_or_default()).unwrap_or_default(),
            path,
            query: &query,
            headers: &signed,
            body_digest: digest,
        };
        let authorization = request.authorization(self.key);
        fields.push(("authorization", authorization));
        Ok(fields)
    }

    /// The fields that we set, but for the signature itself.
    fn own(&self, digest: &str) -> Vec<Field> {
        let value = |text: &str| Secret::new(text.as_bytes().to_vec());
        let token = self.key.security_token.as_ref().map_or("", |token| token.expose());
        vec![
            ("x-acs-accesskey-id", value(&self.key.id)),
            (DIGEST, value(digest)),
            ("x-acs-date", value(&utc::written(self.now))),
            ("x-acs-security-token", value(token)),
            ("x-acs-signature-nonce", value(&hex(&self.nonce))),
        ]
    }

    /// The caller's own fields that are covered, names in lower case.
    fn callers(&self) -> Result<Vec<CallersField>, Unsignable> {
        let mut found = Vec::new();
        for (name, value) in self.head.fields() {
            let Ok(name) = std::str::from_utf8(name) else { continue };
            let name = name.to_ascii_lowercase();
            let is_ours = || Self::FIELDS.contains(&name.replace('_', "-").as_str());
            if !name.starts_with("x-acs-") || is_ours() {
                continue;
            }
            if !value.iter().all(|byte| (0x20..=0x7E).contains(byte)) {
                return Err(Unsignable::Field);
            }
            found.push((name, Secret::new(value.to_vec())));
        }
        Ok(found)
    }

    fn body_digest(&self) -> Result<&str, Unsignable> {
        if self.head.is_whole() {
            return Ok(EMPTY);
        }
        let mut stated = self.head.values(DIGEST.as_bytes());
        let (Some(digest), None) = (stated.next(), stated.next()) else {
            return Err(Unsignable::BodyDigest);
        };
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_digest = digest.len() == EMPTY.len() && digest.iter().all(is_digit);
        let digest = std::str::from_utf8(digest).ok().filter(|_| is_digest);
        digest.ok_or(Unsignable::BodyDigest)
    }
}

impl Unsignable {
    /// The exact reason, stable, for logs and filter state.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::BodyDigest => "body_digest_missing",
            Self::Field => "signed_field_odd",
            Self::Path => "signed_path_spelling",
            Self::Query => "signed_query_malformed",
        }
    }
}

/// The path, if it is in its one spelling.
fn canonical_path(path: &[u8]) -> Option<&str> {
    let mut rest = path;
    while let Some((byte, after)) = rest.split_first() {
        rest = match (byte, after) {
            (b'%', [high, low, after @ ..])
                if !is_unreserved(upper(*high)? << 4 | upper(*low)?) =>
            {
                after
            }
            (b'/', after) => after,
            (byte, after) if is_unreserved(*byte) => after,
            (_, _) => return None,
        };
    }
    std::str::from_utf8(path).ok()
}

/// The parameters in their one spelling, in the order of their names and values.
fn canonical_query(query: &[u8]) -> Option<String> {
    let mut found: Vec<(String, String)> = Vec::new();
    for piece in query.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()) {
        let mut parts = piece.splitn(2, |byte| *byte == b'=');
        let parameter = (decoded(parts.next()?)?, decoded(parts.next().unwrap_or_default())?);
        // Sorting code would be larger than all of this, and so many are cheap enough to insert.
        let at = found.partition_point(|other| *other < parameter);
        found.insert(at, parameter);
        if found.len() > PARAMETERS {
            return None;
        }
    }
    let found: Vec<_> = found.iter().map(|(name, value)| (&**name, &**value)).collect();
    Some(pairs(&found, Blank::Escaped))
}

/// A name or value of a form.
fn decoded(mut text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    while let Some((byte, after)) = text.split_first() {
        let (byte, after) = match (byte, after) {
            (b'+', after) => (b' ', after),
            (b'%', [high, low, after @ ..]) => {
                let [high, low] = [high, low].map(u8::to_ascii_uppercase);
                (upper(high)? << 4 | upper(low)?, after)
            }
            (b'%', _) => return None,
            (byte, after) => (*byte, after),
        };
        bytes.push(byte);
        text = after;
    }
    String::from_utf8(bytes).ok()
}

/// The value of a hexadecimal digit whose letters are large.
const fn upper(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// RFC 3986 §2.3.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// How many parameters a query may have.
const PARAMETERS: usize = 256;

const DIGEST: &str = "x-acs-content-sha256";

/// The lower-case hexadecimal SHA-256 of an empty body.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for good in ["/", "/a/B-._~9", "/a%20b", "/%2F%3A", "/%C3%A9/"] {
            assert_eq!(canonical_path(good.as_bytes()), Some(good));
        }
        for other in ["/a:b", "/%3a", "/%41", "/a b", "/a+b", "/%", "/%2", "/%zz", "/é", "/a;b"] {
            assert_eq!(canonical_path(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_query_is_brought_to_its_spelling_and_order() {
        let rows = [
            ("", ""),
            ("&&", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a.10=x&a.2=y&a=z", "a=z&a.10=x&a.2=y"),
            ("a", "a="),
            ("a=b=c", "a=b%3Dc"),
            ("a=%7e%41+%c3%a9:*", "a=~A%20%C3%A9%3A%2A"),
            ("a=2&a=1", "a=1&a=2"),
        ];
        for (query, expected) in rows {
            assert_eq!(canonical_query(query.as_bytes()).as_deref(), Some(expected), "{query}");
        }
        let many = |count| canonical_query("a&".repeat(count).as_bytes()).is_some();
        assert!(many(256) && !many(257));
        for odd in ["a=%", "a=%4", "a=%4g", "%=a", "a=%ff"] {
            assert_eq!(canonical_query(odd.as_bytes()), None, "{odd}");
        }
    }

    #[test]
    fn every_signing_field_is_one_that_is_stripped() {
        let key = AccessKey {
            id: "STS.i".to_owned(),
            secret: Secret::new("hunter2".to_owned()),
            security_token: Some(Secret::new("t".to_owned())),
        };
        let fields: [(&[u8], &[u8]); 4] = [
            (b":method", b"GET"),
            (b":path", b"/"),
            (b":authority", b"h"),
            (b"X-Acs-Action", b"Do"),
        ];
        let head = RequestHead::new(fields.to_vec()).ending(true);
        let signing = Signing {
            head: &head,
            target: b"/?b&a",
            key: &key,
            now: Timestamp::from_seconds(1_795_318_910),
            nonce: [0xab; 16],
        };
        let set = signing.fields().unwrap();
        let mut names: Vec<_> = set.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        assert_eq!(names, Signing::FIELDS);
        let (_, authorization) = set.last().unwrap();
        let authorization = std::str::from_utf8(authorization.expose()).unwrap();
        let signed = "SignedHeaders=host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-security-token;x-acs-signature-nonce,";
        assert!(authorization.contains(signed), "{authorization}");
        assert!(!format!("{signing:?}").contains("hunter2"));
    }

    #[test]
    fn a_body_has_its_digest_stated_once() {
        let digest = "0123456789abcdef".repeat(4);
        let (large, short) = (digest.to_uppercase(), "a".repeat(63));
        let rows: [(&[&str], bool); 5] = [
            (&[&digest], true),
            (&[], false),
            (&[&digest, &digest], false),
            (&[&large], false),
            (&[&short], false),
        ];
        let key = AccessKey {
            id: String::new(),
            secret: Secret::new(String::new()),
            security_token: None,
        };
        for (stated, is_good) in rows {
            let fields = stated.iter().map(|value| (DIGEST.as_bytes(), value.as_bytes()));
            let head = RequestHead::new(fields.collect());
            let signed = |head: &RequestHead<'_>| {
                let now = Timestamp::default();
                let signing = Signing { head, target: b"/", key: &key, now, nonce: [0; 16] };
                signing.fields().map(|fields| fields[1].1.expose().clone())
            };
            let expected =
                if is_good { Ok(digest.clone().into_bytes()) } else { Err(Unsignable::BodyDigest) };
            assert_eq!(signed(&head), expected, "{stated:?}");
            assert_eq!(signed(&head.clone().ending(true)), Ok(EMPTY.as_bytes().to_vec()));
        }
    }
}
