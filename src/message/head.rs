//! The head of a request as the host hands it over: untrusted bytes.

use std::net::IpAddr;

use super::connection::Connection;

/// Header fields in the order received, duplicates kept; pseudo-headers (`:method`) come first.
pub type Fields<'a> = Vec<(&'a [u8], &'a [u8])>;

/// The untrusted request line and header fields, borrowed from the host's buffer.
///
/// Names are compared ignoring ASCII case; hosts with HTTP/2 semantics hand them over in lower
/// case already. A pseudo-header that occurs twice counts as absent, so that nothing is decided
/// on one of two values.
#[derive(Clone)]
pub struct RequestHead<'a> {
    fields: Fields<'a>,
    method: Stated<'a>,
    path: Stated<'a>,
    authority: Stated<'a>,
    authorization: Stated<'a>,
    lengths: Lengths,
    connection: Option<&'a dyn Connection>,
    is_whole: bool,
}

impl<'a> RequestHead<'a> {
    /// Takes the fields as received and finds the pseudo-headers and `authorization` in one pass.
    pub fn new(fields: Fields<'a>) -> Self {
        let mut head = Self {
            fields: Vec::new(),
            method: Stated::Absent,
            path: Stated::Absent,
            authority: Stated::Absent,
            authorization: Stated::Absent,
            lengths: Lengths::default(),
            connection: None,
            is_whole: false,
        };
        for &(name, value) in &fields {
            head.lengths.add(name);
            match name {
                b":method" => head.method.add(value),
                b":path" => head.path.add(value),
                b":authority" => head.authority.add(value),
                _ if name.eq_ignore_ascii_case(b"authorization") => head.authorization.add(value),
                _ => {}
            }
        }
        head.fields = fields;
        head
    }

    /// The same head, come by this connection. Without one no certificate was shown.
    #[must_use]
    pub fn with_connection(mut self, connection: &'a dyn Connection) -> Self {
        self.connection = Some(connection);
        self
    }

    /// The same head, of a request that ends with it if `is_whole`: neither body nor trailers follow.
    #[must_use]
    pub const fn ending(mut self, is_whole: bool) -> Self {
        self.is_whole = is_whole;
        self
    }

    /// The same request with these fields in place of its own.
    #[must_use]
    pub fn with_fields(&self, fields: Fields<'a>) -> Self {
        Self { connection: self.connection, is_whole: self.is_whole, ..Self::new(fields) }
    }

    /// Whether it is known that nothing follows the head.
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The digest of the certificate that the client has shown on its connection. It is what the
    /// host has seen itself: no field, `x-forwarded-client-cert` included, can state it.
    pub fn certificate_digest(&self) -> Option<[u8; 32]> {
        self.connection?.certificate_digest()
    }

    /// The address of the client as the proxy trusts it.
    pub fn source(&self) -> Option<IpAddr> {
        self.connection?.source()
    }

    /// The request method (`:method`), if there is exactly one.
    pub const fn method(&self) -> Option<&'a [u8]> {
        self.method.single()
    }

    /// The path with its query (`:path`), if there is exactly one. CONNECT has none.
    pub const fn path(&self) -> Option<&'a [u8]> {
        self.path.single()
    }

    /// The authority (`:authority`, which HTTP/1 calls `Host`), if there is exactly one.
    pub const fn authority(&self) -> Option<&'a [u8]> {
        self.authority.single()
    }

    /// The field `authorization` (RFC 9110 section 11.6.2), in any case of letters.
    pub const fn authorization(&self) -> Stated<'a> {
        self.authorization
    }

    /// All fields, pseudo-headers included, in the order received.
    pub fn fields(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + '_ {
        self.fields.iter().copied()
    }

    /// Every value of the field `name` (lower case), in the order received.
    pub fn values<'s>(&'s self, name: &'s [u8]) -> impl Iterator<Item = &'a [u8]> + 's {
        let fields = if self.lengths.have(name) { self.fields.as_slice() } else { &[] };
        fields
            .iter()
            .copied()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// Fields hold credentials, so only their number is shown.
impl std::fmt::Debug for RequestHead<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RequestHead({} fields)", self.fields.len())
    }
}

/// The lengths of all names, modulo 64: most names that are looked for are told absent by it.
#[derive(Clone, Copy, Default)]
struct Lengths(u64);

impl Lengths {
    const fn add(&mut self, name: &[u8]) {
        self.0 |= Self::bit(name);
    }

    const fn have(self, name: &[u8]) -> bool {
        self.0 & Self::bit(name) != 0
    }

    const fn bit(name: &[u8]) -> u64 {
        1 << (name.len() % 64)
    }
}

/// How often a field is there that may be there once.
#[derive(Clone, Copy)]
pub enum Stated<'a> {
    /// Not at all.
    Absent,
    /// Once, with this value.
    Once(&'a [u8]),
    /// More than once.
    Repeated,
}

impl<'a> Stated<'a> {
    const fn add(&mut self, value: &'a [u8]) {
        *self = match self {
            Self::Absent => Self::Once(value),
            Self::Once(_) | Self::Repeated => Self::Repeated,
        };
    }

    const fn single(self) -> Option<&'a [u8]> {
        match self {
            Self::Once(value) => Some(value),
            Self::Absent | Self::Repeated => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head<'a>(fields: &[(&'a str, &'a str)]) -> RequestHead<'a> {
        RequestHead::new(fields.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect())
    }

    #[test]
    fn pseudo_headers_are_found_and_repeated_ones_count_as_absent() {
        let head = head(&[(":method", "GET"), (":path", "/a"), (":path", "/b"), ("x", "1")]);
        assert_eq!(head.method(), Some(b"GET".as_slice()));
        assert_eq!(head.path(), None);
        assert_eq!(head.authority(), None);
    }

    #[test]
    fn all_values_of_a_field_are_seen_whatever_its_case() {
        let head = head(&[("X-A", "1"), ("x-b", "2"), ("x-a", "3")]);
        let values: Vec<_> = head.values(b"x-a").collect();
        assert_eq!(values, [b"1".as_slice(), b"3".as_slice()]);
    }

    #[test]
    fn a_name_is_found_whatever_its_length_and_whatever_others_have_that_length() {
        let names: Vec<String> = [0, 1, 63, 64, 65, 128, 129].map(|n| "x".repeat(n)).into();
        for there in &names {
            let head = head(&[(there, "1")]);
            for name in &names {
                let found = head.values(name.as_bytes()).count();
                assert_eq!(found, usize::from(name == there), "{} of {}", name.len(), there.len());
            }
            // It leaves the same bit as the one that is there, and is 64 bytes longer.
            assert_eq!(head.values("y".repeat(there.len() + 64).as_bytes()).count(), 0);
        }
    }

    #[test]
    fn authorization_is_found_in_any_case_and_once() {
        let stated = |fields: &[(&str, &str)]| match head(fields).authorization() {
            Stated::Absent => "absent".to_owned(),
            Stated::Once(value) => String::from_utf8_lossy(value).into_owned(),
            Stated::Repeated => "repeated".to_owned(),
        };
        assert_eq!(stated(&[("x-authorization", "1"), ("authorizatiom", "2")]), "absent");
        assert_eq!(stated(&[("a", "1"), ("AUTHORIZATION", "2")]), "2");
        assert_eq!(stated(&[("authorization", "1"), ("Authorization", "1")]), "repeated");
        assert_eq!(stated(&[("authorization", ""), ("a", "1"), ("authorization", "")]), "repeated");
    }

    #[test]
    fn a_head_with_other_fields_knows_nothing_of_the_first() {
        let first = head(&[("authorization", "1"), (":path", "/a"), ("x-abc", "2")]);
        let second = first.with_fields(vec![(b"x-abcd", b"3")]);
        assert!(matches!(second.authorization(), Stated::Absent));
        assert_eq!(second.path(), None);
        assert_eq!(second.values(b"x-abc").count(), 0);
        assert_eq!(second.values(b"x-abcd").count(), 1);
    }

    #[test]
    fn debug_output_shows_no_field() {
        let text = format!("{:?}", head(&[("authorization", "Bearer secret")]));
        assert_eq!(text, "RequestHead(1 fields)");
    }
}
