//! Lines for the log.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::jwt::SkippedKeys;
use crate::technical_token::Refusal;

/// How urgent a [`Notice`] is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// Nothing works until somebody mends it.
    Error,
    /// Something works, or works again.
    Info,
    /// Something does not work; the next try is named.
    Warn,
}

/// A line for the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Notice {
    /// A fetch failed.
    FetchFailed {
        /// The configured name of the credential or issuer, and which of the two.
        what: What,
        /// The cluster that was called.
        cluster: Arc<str>,
        /// The exact reason.
        reason: &'static str,
        /// What the server said, if its answer was a refusal.
        refusal: Option<Refusal>,
        /// How many tries have failed in a row.
        attempts: u32,
        /// When the next try may start, from now.
        retry_after: Duration,
    },
    /// A fetch succeeded after failures.
    FetchRecovered {
        /// The configured name.
        what: What,
        /// How many tries had failed.
        attempts: u32,
    },
    /// An application key stood in a URL, where none may: it counts as exposed.
    KeyExposed {
        /// Its name.
        name: Box<str>,
    },
    /// Something about a known application key that is told by its name.
    KeyUsed {
        /// Its name.
        name: Box<str>,
        /// Why it was refused; `None`: it let somebody in for the first time.
        refused: Option<&'static str>,
        /// Where the client is, if that can be trusted.
        address: Option<IpAddr>,
    },
    /// There was more of that than there are lines.
    KeyUsesUntold {
        /// First uses.
        first_uses: u64,
        /// Refusals.
        refusals: u64,
    },
    /// The last secrets of application keys end soon.
    KeysEndSoon {
        /// The first of their names.
        names: Box<str>,
        /// How many there are.
        count: usize,
    },
    /// A key set could not be fetched for so long that it is no longer used.
    KeysDropped {
        /// The issuer.
        what: What,
        /// How long it was kept.
        max_stale: Duration,
    },
    /// Keys of a set cannot be used; the others are.
    KeysSkipped {
        /// The issuer.
        what: What,
        /// Which, by `kid` and reason.
        skipped: SkippedKeys,
    },
    /// A record of the shared data is not what it should be; it is fetched anew.
    RecordRejected {
        /// The configured name.
        what: What,
        /// The exact reason.
        reason: &'static str,
    },
    /// A token that a credential states can be used, and could not before.
    StatedTokenAccepted {
        /// The configured name.
        what: What,
    },
    /// A token that a credential states cannot be used.
    StatedTokenRefused {
        /// The configured name.
        what: What,
        /// The exact reason.
        reason: &'static str,
    },
    /// Requests were refused since the last such line.
    Refused {
        /// The exact reason.
        reason: &'static str,
        /// The route, if one was found.
        route: Option<Arc<str>>,
        /// How many.
        count: u64,
    },
    /// An upstream refused a technical token; another one is fetched.
    TokenDoubted {
        /// The configured name of the credential.
        what: What,
    },
    /// The issuer gave the technical token again that an upstream refused.
    TokenRepeated {
        /// The configured name of the credential.
        what: What,
    },
    /// Requests went on since the last such line that would have been refused: report-only.
    WouldRefuse {
        /// The public code.
        code: &'static str,
        /// The exact reason.
        reason: &'static str,
        /// The route, if one was found.
        route: Option<Arc<str>>,
        /// How many.
        count: u64,
    },
}

/// A fetched thing, by its configured name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum What {
    /// The token of a credential. The subtenant is not named: it is a caller's data.
    Credential(Arc<str>),
    /// A token that a credential exchanges for a caller's; the caller is not named.
    Exchange(Arc<str>),
    /// The store of application keys.
    KeyStore,
    /// A report of which application keys are used.
    KeyUsage,
    /// The key set of an issuer.
    Keys(Arc<str>),
    /// The key set that the tokens of a credential are checked by.
    KeysOfCredential(Arc<str>),
    /// The metadata of an issuer, which names the address of its keys.
    Metadata(Arc<str>),
    /// What a credential reads before it asks for a token: a secret, say.
    Reading(&'static str, Arc<str>),
    /// The token that a credential states.
    UserToken(Arc<str>),
}

impl Notice {
    /// How urgent it is.
    pub const fn level(&self) -> Level {
        match self {
            Self::FetchFailed { .. }
            | Self::KeyExposed { .. }
            | Self::KeyUsed { refused: Some(_), .. }
            | Self::KeyUsesUntold { .. }
            | Self::KeysEndSoon { .. }
            | Self::KeysSkipped { .. }
            | Self::RecordRejected { .. }
            | Self::TokenDoubted { .. }
            | Self::TokenRepeated { .. }
            | Self::WouldRefuse { .. } => Level::Warn,
            Self::KeysDropped { .. } | Self::StatedTokenRefused { .. } => Level::Error,
            Self::FetchRecovered { .. }
            | Self::KeyUsed { refused: None, .. }
            | Self::StatedTokenAccepted { .. }
            | Self::Refused { .. } => Level::Info,
        }
    }
}

impl What {
    /// Whether it goes to a server, rather than coming from one.
    const fn is_sent(&self) -> bool {
        matches!(self, Self::KeyUsage)
    }
}

impl fmt::Display for What {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(name) => write!(formatter, "token of credential `{name}`"),
            Self::Exchange(name) => write!(formatter, "exchanged token of credential `{name}`"),
            Self::KeyStore => formatter.write_str("application keys"),
            Self::KeyUsage => formatter.write_str("use of application keys"),
            Self::Keys(name) => write!(formatter, "keys of issuer `{name}`"),
            Self::KeysOfCredential(name) => write!(formatter, "keys of credential `{name}`"),
            Self::Metadata(name) => write!(formatter, "metadata of issuer `{name}`"),
            Self::Reading(what, name) => write!(formatter, "{what} of credential `{name}`"),
            Self::UserToken(name) => write!(formatter, "user token of credential `{name}`"),
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FetchFailed { what, cluster, reason, refusal, attempts, retry_after } => {
                let (act, way) = match what.is_sent() {
                    true => ("reporting", "to"),
                    false => ("fetching", "from"),
                };
                write!(formatter, "{act} {what} {way} cluster `{cluster}` failed: {reason}")?;
                if let Some(refusal) = refusal {
                    refused(refusal, reason, formatter)?;
                }
                write!(
                    formatter,
                    "; failures in a row: {attempts}; next try in {} ms",
                    retry_after.as_millis()
                )
            }
            Self::FetchRecovered { what, attempts } => {
                let act = if what.is_sent() { "reporting" } else { "fetching" };
                write!(formatter, "{act} {what} works again after {attempts} failures")
            }
            Self::KeyExposed { name } => write!(
                formatter,
                "application key `{name}` stood in a URL, where it may not: replace it, logs on its way may have it"
            ),
            Self::KeyUsed { name, refused, address } => {
                write!(formatter, "application key `{name}` ")?;
                match refused {
                    Some(reason) => write!(formatter, "was refused: {reason}")?,
                    None => formatter.write_str("is used for the first time in this worker")?,
                }
                match address {
                    Some(address) => write!(formatter, ", from {address}"),
                    None => Ok(()),
                }
            }
            Self::KeyUsesUntold { first_uses, refusals } => write!(
                formatter,
                "application keys: {first_uses} first uses and {refusals} refusals of the last minute have no line of their own"
            ),
            Self::KeysEndSoon { names, count } => write!(
                formatter,
                "application keys that end within 14 days, and have no successor: {count}, among them `{names}`"
            ),
            Self::KeysDropped { what, max_stale } => write!(
                formatter,
                "{what}: the last set was fetched {} s ago and is no longer used; {}",
                max_stale.as_secs(),
                match what {
                    What::KeysOfCredential(_) => "no new token of it is used",
                    What::Credential(_)
                    | What::Exchange(_)
                    | What::KeyStore
                    | What::KeyUsage
                    | What::Keys(_)
                    | What::Metadata(_)
                    | What::Reading(..)
                    | What::UserToken(_) => {
                        "its callers get 503"
                    }
                }
            ),
            Self::KeysSkipped { what, skipped } => {
                write!(formatter, "{what}: {skipped}")
            }
            Self::RecordRejected { what, reason } => {
                write!(formatter, "{what}: the shared record was rejected: {reason}")
            }
            Self::StatedTokenAccepted { what } => write!(formatter, "{what}: is used again"),
            Self::StatedTokenRefused { what, reason } => write!(
                formatter,
                "{what}: is not used: {reason}; requests that need it get 503, and no other token takes its place"
            ),
            Self::TokenDoubted { what } => {
                write!(formatter, "{what} was refused by an upstream (401); another one is fetched")
            }
            Self::TokenRepeated { what } => write!(
                formatter,
                "{what}: the issuer gave the one again that an upstream refused (401); it stays in use"
            ),
            Self::WouldRefuse { code, reason, route, count } => {
                let route =
                    route.as_ref().map_or("no route".to_owned(), |name| format!("route `{name}`"));
                write!(
                    formatter,
                    "would deny {count} requests on {route}: code {code}, reason {reason}"
                )
            }
            Self::Refused { reason, route: Some(route), count } => {
                write!(formatter, "refused {count} requests on route `{route}`: {reason}")
            }
            Self::Refused { reason, route: None, count } => {
                write!(formatter, "refused {count} requests on no route: {reason}")
            }
        }
    }
}

/// What a server said, beyond the reason.
fn refused(refusal: &Refusal, reason: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Refusal { status, code, request_id } = refusal;
    write!(formatter, " (status {status}")?;
    if let Some(code) = code.as_ref().filter(|code| code.as_str() != reason) {
        write!(formatter, ", code `{code}`")?;
    }
    if let Some(id) = request_id {
        write!(formatter, ", request id `{id}`")?;
    }
    formatter.write_str(")")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::technical_token::Word;

    #[test]
    fn lines_name_the_culprit_the_reason_and_the_next_try() {
        let what = What::Credential(Arc::from("tenant-svc"));
        let failed = Notice::FetchFailed {
            what: what.clone(),
            cluster: Arc::from("piam"),
            reason: "invalid_client",
            refusal: None,
            attempts: 2,
            retry_after: Duration::from_secs(10),
        };
        let refused = |reason, code: &str, id: &str| {
            let (code, request_id) = (Word::parse(code), Word::parse(id));
            let refusal = Some(Refusal { status: 401, code, request_id });
            let what = What::Credential(Arc::from("tenant-svc"));
            let (cluster, retry_after) = (Arc::from("piam"), Duration::from_secs(10));
            Notice::FetchFailed { what, cluster, reason, refusal, attempts: 1, retry_after }
        };
        let rows = [
            (
                refused("status_429", "Throttling.User", "RID5"),
                "fetching token of credential `tenant-svc` from cluster `piam` failed: status_429 \
                 (status 401, code `Throttling.User`, request id `RID5`); failures in a row: 1; next try in 10000 ms",
            ),
            (
                refused("invalid_client", "invalid_client", ""),
                "fetching token of credential `tenant-svc` from cluster `piam` failed: invalid_client \
                 (status 401); failures in a row: 1; next try in 10000 ms",
            ),
            (
                failed,
                "fetching token of credential `tenant-svc` from cluster `piam` failed: invalid_client; \
                 failures in a row: 2; next try in 10000 ms",
            ),
            (
                Notice::FetchRecovered { what, attempts: 2 },
                "fetching token of credential `tenant-svc` works again after 2 failures",
            ),
            (
                Notice::KeysDropped {
                    what: What::Keys(Arc::from("users")),
                    max_stale: Duration::from_secs(60),
                },
                "keys of issuer `users`: the last set was fetched 60 s ago and is no longer used; \
                 its callers get 503",
            ),
            (
                Notice::KeysDropped {
                    what: What::KeysOfCredential(Arc::from("svc")),
                    max_stale: Duration::from_secs(60),
                },
                "keys of credential `svc`: the last set was fetched 60 s ago and is no longer used; \
                 no new token of it is used",
            ),
            (
                Notice::StatedTokenRefused {
                    what: What::UserToken(Arc::from("me")),
                    reason: "expired",
                },
                "user token of credential `me`: is not used: expired; requests that need it get 503, \
                 and no other token takes its place",
            ),
            (
                Notice::Refused { reason: "expired", route: Some(Arc::from("files")), count: 3 },
                "refused 3 requests on route `files`: expired",
            ),
        ];
        for (notice, expected) in rows {
            assert_eq!(notice.to_string(), expected);
        }
    }
}
