//! What is unwise about good records: the thirteen warnings.

mod weak;
pub use weak::{WeakKey, weakness};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::document::{Document, Entry};
use super::record::{KeySecret, Record, RecordError};
use crate::time::Timestamp;

/// A warning about one key.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Warning {
    /// The name of the key.
    pub key: Box<str>,
    /// What is unwise.
    pub lint: Lint,
    /// How much it matters.
    pub severity: Severity,
}

/// How much a warning matters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Untidy.
    Low,
    /// A risk that may have been chosen.
    Medium,
    /// Hardly ever right.
    High,
}

/// What may be unwise about a key, in the order of the numbers that [`Lint::id`] has.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Lint {
    /// Its user is an administrator, or has the role of one.
    Administrator,
    /// Several devices share it.
    Shared,
    /// It may be used from everywhere.
    AnyAddress,
    /// It ends later than is advised.
    FarExpiry,
    /// It may stand in a URL.
    InUrl,
    /// It may open sessions.
    Session,
    /// Its addresses are more than a `/16` of IPv4 or a `/48` of IPv6.
    WideAddresses,
    /// Its end was moved twice, or by more than half of its first lifetime.
    Extended,
    /// It was imported and can be guessed. Only its bytes tell: see [`weakness`].
    Weak,
    /// It has secrets that ended long ago.
    ExpiredSecrets,
    /// It was never used, or not for long.
    Unused,
    /// Its last secret ends soon.
    ExpiresSoon,
    /// Another key has the same user and device.
    SameDevice,
}

/// What counts as unwise.
#[derive(Clone, Debug)]
pub struct LintRules {
    /// The users and roles that may do everything; compared without regard to case.
    pub administrators: Vec<Box<str>>,
    /// How far away an end is advised to be: one year of 365 days.
    pub longest: Duration,
    /// For how long ended secrets are kept: 30 days.
    pub prune_after: Duration,
    /// After what time a key counts as unused: 90 days.
    pub unused_after: Duration,
    /// How long before its end a key needs a successor: 14 days.
    pub expires_within: Duration,
    /// From how many addresses one device calls in an hour at most: 4.
    pub addresses_an_hour: u32,
    /// For how long a report of more addresses counts: 7 days.
    pub addresses_for: Duration,
}

/// What was seen of one key.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// How often it was used, as far as that was reported.
    pub uses: u64,
    /// The most different client addresses that one worker has seen in one hour.
    pub addresses_an_hour: u32,
    /// When that was reported last.
    pub addresses_at: Option<Timestamp>,
}

impl Usage {
    /// The most different client addresses in one hour, if they were reported within this time.
    pub fn addresses_within(&self, span: Duration, now: Timestamp) -> u32 {
        let is_old = self.addresses_at.is_some_and(|at| now.since(at) >= span);
        if is_old { 0 } else { self.addresses_an_hour }
    }
}

/// What was seen of all keys, by name.
pub type UsageReport = BTreeMap<Box<str>, Usage>;

/// The warnings about a document, by key and number. Without a usage report, nothing is said about use.
pub fn lint(
    document: &Document,
    rules: &LintRules,
    usage: Option<&UsageReport>,
    now: Timestamp,
) -> Vec<Warning> {
    let mut warnings = BTreeSet::new();
    let mut warn = |key: &str, lint, severity| {
        warnings.insert(Warning { key: key.into(), lint, severity });
    };
    for record in document.records() {
        for lint in Lint::ALL {
            if lint.is_about(record, rules, usage, now) {
                warn(&record.name, lint, lint.severity(record, rules));
            }
        }
    }
    for (one, other) in same_device(document) {
        warn(one, Lint::SameDevice, Severity::Low);
        warn(other, Lint::SameDevice, Severity::Low);
    }
    // Such records are invalid, and it is no accident of one of them.
    for invalid in document.entries().iter().filter_map(repeated) {
        warn(invalid, Lint::Shared, Severity::High);
    }
    warnings.into_iter().collect()
}

impl Lint {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Administrator,
        Self::Shared,
        Self::AnyAddress,
        Self::FarExpiry,
        Self::InUrl,
        Self::Session,
        Self::WideAddresses,
        Self::Extended,
        Self::Weak,
        Self::ExpiredSecrets,
        Self::Unused,
        Self::ExpiresSoon,
        Self::SameDevice,
    ];

    /// `W01` to `W13`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Administrator => "W01",
            Self::Shared => "W02",
            Self::AnyAddress => "W03",
            Self::FarExpiry => "W04",
            Self::InUrl => "W05",
            Self::Session => "W06",
            Self::WideAddresses => "W07",
            Self::Extended => "W08",
            Self::Weak => "W09",
            Self::ExpiredSecrets => "W10",
            Self::Unused => "W11",
            Self::ExpiresSoon => "W12",
            Self::SameDevice => "W13",
        }
    }

    fn is_about(
        self,
        record: &Record,
        rules: &LintRules,
        usage: Option<&UsageReport>,
        now: Timestamp,
    ) -> bool {
        let seen = usage.map(|report| report.get(&record.name).copied().unwrap_or_default());
        let any = |is_so: &dyn Fn(&KeySecret) -> bool| record.secrets.iter().any(is_so);
        match self {
            Self::Administrator => is_administrator(record, rules),
            Self::Shared => {
                names_several(record)
                    || seen.is_some_and(|seen| {
                        seen.addresses_within(rules.addresses_for, now) > rules.addresses_an_hour
                    })
            }
            Self::AnyAddress => is_for_every_address(record),
            Self::FarExpiry => any(&|secret| secret.expires_at > now + rules.longest),
            Self::InUrl => record.allow_query == Some(true),
            Self::Session => record.allow_session,
            Self::WideAddresses => {
                record.address_notices.is_wide && !record.address_notices.is_everything
            }
            Self::Extended => any(&is_extended),
            // Nothing of a digest tells, and [`same_device`] looks at two records.
            Self::Weak | Self::SameDevice => false,
            Self::ExpiredSecrets => any(&|secret| secret.expires_at + rules.prune_after <= now),
            Self::Unused => seen.is_some_and(|seen| {
                seen.last_used.is_none_or(|used| now.since(used) >= rules.unused_after)
            }),
            Self::ExpiresSoon => {
                let last = record.secrets.iter().map(|secret| secret.expires_at).max();
                last.is_some_and(|end| end > now && end <= now + rules.expires_within)
            }
        }
    }

    fn severity(self, record: &Record, rules: &LintRules) -> Severity {
        match self {
            Self::Administrator | Self::Shared | Self::Weak => Severity::High,
            Self::Session if is_administrator(record, rules) || is_for_every_address(record) => {
                Severity::High
            }
            Self::AnyAddress
            | Self::FarExpiry
            | Self::InUrl
            | Self::Session
            | Self::Extended
            | Self::ExpiresSoon => Severity::Medium,
            Self::WideAddresses | Self::ExpiredSecrets | Self::Unused | Self::SameDevice => {
                Severity::Low
            }
        }
    }
}

fn is_administrator(record: &Record, rules: &LintRules) -> bool {
    let names = [&record.user].into_iter().chain(&record.roles);
    let is_one = |name: &str| rules.administrators.iter().any(|one| one.eq_ignore_ascii_case(name));
    names.into_iter().any(|name| is_one(name))
}

const fn is_for_every_address(record: &Record) -> bool {
    record.addresses.is_empty() || record.address_notices.is_everything
}

/// Whether it says itself that it is for several devices: two tags of the vocabulary `device`, or a list in `device`.
fn names_several(record: &Record) -> bool {
    let devices = record.about.tags.iter().filter(|tag| tag.starts_with("device:")).count();
    devices > 1 || record.about.device.as_deref().is_some_and(|device| device.contains([',', ';']))
}

fn is_extended(secret: &KeySecret) -> bool {
    let far = secret.created_at.zip(secret.first_expires_at).is_some_and(|(made, first)| {
        let planned = first.since(made);
        secret.expires_at.since(made) > planned + planned / 2
    });
    far || secret.times_extended > 1
}

/// The pairs of keys that have user and device in common.
fn same_device(document: &Document) -> Vec<(&str, &str)> {
    let mut seen = BTreeMap::new();
    let mut pairs = Vec::new();
    for record in document.records() {
        let Some(device) = record.about.device.as_deref().filter(|device| !device.is_empty())
        else {
            continue;
        };
        if let Some(other) = seen.insert((&*record.user, device), &*record.name) {
            pairs.push((other, &*record.name));
        }
    }
    pairs
}

/// The name of a record that shares a digest with another one.
fn repeated(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::Invalid(invalid) if invalid.error == RecordError::DigestRepeated => {
            invalid.name.as_deref()
        }
        Entry::Invalid(_) | Entry::Valid(_) => None,
    }
}

const DAY: Duration = Duration::from_secs(86_400);

impl Default for LintRules {
    fn default() -> Self {
        let administrators = ["Administrator", "Administrators", "SecurityAdministrators"];
        Self {
            administrators: administrators.map(Box::from).into(),
            longest: DAY * 365,
            prune_after: DAY * 30,
            unused_after: DAY * 90,
            expires_within: DAY * 14,
            addresses_an_hour: 4,
            addresses_for: DAY * 7,
        }
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Administrator => "its user is an administrator",
            Self::Shared => {
                "several devices share it, or one worker saw many addresses in an hour; give each device its own key"
            }
            Self::AnyAddress => "every address may use it",
            Self::FarExpiry => "it ends later than is advised",
            Self::InUrl => "it may stand in a URL, where logs and histories keep it",
            Self::Session => "it may open sessions",
            Self::WideAddresses => {
                "an entry of its addresses is wider than /16 (IPv4) or /48 (IPv6)"
            }
            Self::Extended => "its end was moved more than once, or far beyond the first one",
            Self::Weak => "it can be guessed; rotate it",
            Self::ExpiredSecrets => "it has secrets that ended long ago; prune them",
            Self::Unused => "it was never used, or not for long",
            Self::ExpiresSoon => "its last secret ends soon, and none follows",
            Self::SameDevice => "another key has the same user and device",
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        })
    }
}
