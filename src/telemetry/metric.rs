//! Numbers for the proxy's statistics. Their names are a fixed set: nothing of a request is in one.

/// A metric of the whole process: all workers add to the same number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Metric {
    /// Requests with an application key or the session of one: `ok`, or why it was refused.
    ApplicationKey(&'static str),
    /// Seconds since the last good look at the store of application keys, as the worker that polls knows.
    ApplicationKeysAge,
    /// Application keys whose last secret ends within 14 days, as the worker that polls holds them.
    ApplicationKeysExpiring,
    /// Records of application keys that let nobody in, as the worker that polls holds them.
    ApplicationKeysInvalid,
    /// Good records of application keys, as the worker that polls holds them.
    ApplicationKeysValid,
    /// Sources of bad signatures that workers remember.
    BadSignatureSources,
    /// Tokens that workers hold or want for callers' own.
    ExchangedTokens,
    /// Exchanged tokens that gave way to newer ones.
    ExchangedTokensForgotten,
    /// Fetches that failed, an answer that was not what was asked for included.
    FetchFailed(Fetch),
    /// The same by what went wrong.
    FetchFailedBy(Fetch, Cause),
    /// Fetches that brought what was asked for.
    FetchSucceeded(Fetch),
    /// Requests that went on.
    Forwarded,
    /// Workers that share nothing with the others, because the proxy gave the filter no `vm_id` or
    /// has no shared data.
    IsolatedWorkers,
    /// Documents of the store of application keys that were refused.
    KeyDocumentsRefused,
    /// Looks at the store of application keys that found nothing new.
    KeyStoreUnchanged,
    /// Reports of which application keys are used: `reported`, `failed`; and uses that no report has: `dropped`.
    KeyUsage(&'static str),
    /// Key sets whose last fetch failed, as each worker knows; they may still be in use.
    KeySetsFailing,
    /// Key sets that workers should hold and do not: none has arrived, or the last one is too old.
    KeySetsMissing,
    /// Refused tokens that workers remember.
    RefusedTokens,
    /// Refused tokens that gave way to newer ones.
    RefusedTokensForgotten,
    /// Requests that were answered by us, by their public code.
    Refused(&'static str),
    /// Workers that run a policy which is not enforced, or not everywhere.
    ReportOnly,
    /// Sessions that application keys opened: `opened`, `renewed`, or `ended` by logging out.
    Session(&'static str),
    /// Signatures by private keys, for client assertions.
    Signatures(SignedBy),
    /// Slots for technical tokens and key sets that workers hold.
    Slots,
    /// Slots that gave way to others because there were too many.
    SlotsEvicted,
    /// Technical tokens that another one replaced because an upstream refused them.
    TokensPurged,
    /// Answers of upstreams that refused a technical token (401), as far as they were looked at.
    UpstreamRefused,
    /// Verified tokens that workers remember.
    VerifiedTokens,
    /// Verified tokens that gave way to newer ones: whoever brings them again pays for a signature.
    VerifiedTokensForgotten,
    /// Times that a request had to wait.
    Waited,
    /// Requests that wait now.
    Waiting,
    /// Requests that went on though they were not permitted, by the public code of their refusal:
    /// report-only.
    WouldRefuse(&'static str),
    /// Requests that went on instead of waiting: report-only.
    WouldWait,
}

/// What is fetched.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Fetch {
    /// Application keys.
    KeyStore,
    /// Key sets of issuers.
    Keys,
    /// Technical tokens.
    Token,
}

/// Who made a signature.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SignedBy {
    /// Wasm code that takes long, in a root context that has had no request.
    IdleRoot,
    /// The host, or Wasm code that takes little time: no requests stood still for it.
    Quick,
    /// Wasm code that takes long, in a worker that serves requests.
    Worker,
}

/// What goes wrong with fetches, as far as somebody else has to act on it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Cause {
    /// The answer is not what was asked for.
    AnswerUnusable,
    /// The proxy refuses the call: its circuit breaker is open, or no endpoint is healthy.
    CallRefused,
    /// The proxy has no such cluster.
    ClusterUnknown,
    /// The server has had too many calls (429).
    RateLimited,
    /// The server refuses what is asked, or who asks.
    Refused,
    /// No answer, or 5xx.
    Unavailable,
}

impl Cause {
    const fn word(self) -> &'static str {
        match self {
            Self::AnswerUnusable => "answer_unusable",
            Self::CallRefused => "call_refused",
            Self::ClusterUnknown => "cluster_unknown",
            Self::RateLimited => "rate_limited",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }
}

/// How a metric moves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It goes up and down. Workers move it by differences; after a VM was reloaded it may be off by
    /// what the lost worker held.
    Gauge,
}

impl Metric {
    /// The name, with our own prefix. Envoy shows `wasmcustom.<name>`, and in Prometheus `_` for `.`.
    pub fn name(self) -> String {
        let fetch = |fetch| match fetch {
            Fetch::KeyStore => "key_store",
            Fetch::Keys => "keys",
            Fetch::Token => "token",
        };
        let name = match self {
            Self::ApplicationKey(result) => format!("application_keys.used.{result}"),
            Self::ApplicationKeysAge => "application_keys.age_seconds".to_owned(),
            Self::ApplicationKeysExpiring => "application_keys.expiring".to_owned(),
            Self::ApplicationKeysInvalid => "application_keys.invalid".to_owned(),
            Self::ApplicationKeysValid => "application_keys.valid".to_owned(),
            Self::BadSignatureSources => "bad_signature_sources".to_owned(),
            Self::ExchangedTokens => "exchanged_tokens".to_owned(),
            Self::ExchangedTokensForgotten => "exchanged_tokens.forgotten".to_owned(),
            Self::FetchFailed(what) => format!("fetch.{}.failed", fetch(what)),
            Self::FetchFailedBy(what, cause) => {
                format!("fetch.{}.failed.{}", fetch(what), cause.word())
            }
            Self::FetchSucceeded(what) => format!("fetch.{}.succeeded", fetch(what)),
            Self::Forwarded => "request.forwarded".to_owned(),
            Self::IsolatedWorkers => "isolated_workers".to_owned(),
            Self::KeyDocumentsRefused => "application_keys.documents_refused".to_owned(),
            Self::KeyStoreUnchanged => "application_keys.unchanged".to_owned(),
            Self::KeyUsage(event) => format!("application_keys.usage.{event}"),
            Self::KeySetsFailing => "key_sets.failing".to_owned(),
            Self::KeySetsMissing => "key_sets.missing".to_owned(),
            Self::RefusedTokens => "refused_tokens".to_owned(),
            Self::RefusedTokensForgotten => "refused_tokens.forgotten".to_owned(),
            Self::Refused(code) => format!("request.refused.{code}"),
            Self::ReportOnly => "report_only".to_owned(),
            Self::Session(event) => format!("application_keys.sessions.{event}"),
            Self::Signatures(SignedBy::IdleRoot) => "signatures.by_idle_root".to_owned(),
            Self::Signatures(SignedBy::Quick) => "signatures.quick".to_owned(),
            Self::Signatures(SignedBy::Worker) => "signatures.by_worker".to_owned(),
            Self::Slots => "slots".to_owned(),
            Self::SlotsEvicted => "slots.evicted".to_owned(),
            Self::TokensPurged => "tokens.purged".to_owned(),
            Self::UpstreamRefused => "upstream.refused_our_token".to_owned(),
            Self::VerifiedTokens => "verified_tokens".to_owned(),
            Self::VerifiedTokensForgotten => "verified_tokens.forgotten".to_owned(),
            Self::Waited => "request.waited".to_owned(),
            Self::Waiting => "request.waiting".to_owned(),
            Self::WouldRefuse(code) => format!("request.would_deny.{code}"),
            Self::WouldWait => "request.would_wait".to_owned(),
        };
        format!("tenantgate.{name}")
    }

    /// How it moves.
    pub const fn kind(self) -> MetricKind {
        match self {
            Self::ApplicationKey(_)
            | Self::ExchangedTokensForgotten
            | Self::FetchFailed(_)
            | Self::FetchFailedBy(..)
            | Self::FetchSucceeded(_)
            | Self::Forwarded
            | Self::KeyDocumentsRefused
            | Self::KeyStoreUnchanged
            | Self::KeyUsage(_)
            | Self::Refused(_)
            | Self::RefusedTokensForgotten
            | Self::Session(_)
            | Self::Signatures(_)
            | Self::SlotsEvicted
            | Self::TokensPurged
            | Self::UpstreamRefused
            | Self::VerifiedTokensForgotten
            | Self::Waited
            | Self::WouldRefuse(_)
            | Self::WouldWait => MetricKind::Counter,
            Self::ApplicationKeysAge
            | Self::ApplicationKeysExpiring
            | Self::ApplicationKeysInvalid
            | Self::ApplicationKeysValid
            | Self::BadSignatureSources
            | Self::ExchangedTokens
            | Self::IsolatedWorkers
            | Self::KeySetsFailing
            | Self::KeySetsMissing
            | Self::ReportOnly
            | Self::RefusedTokens
            | Self::Slots
            | Self::VerifiedTokens
            | Self::Waiting => MetricKind::Gauge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_dashboards_are_built_on() {
        let rows = [
            (Metric::ApplicationKey("ok"), "tenantgate.application_keys.used.ok"),
            (Metric::ApplicationKeysAge, "tenantgate.application_keys.age_seconds"),
            (Metric::ApplicationKeysExpiring, "tenantgate.application_keys.expiring"),
            (Metric::ApplicationKeysInvalid, "tenantgate.application_keys.invalid"),
            (Metric::ApplicationKeysValid, "tenantgate.application_keys.valid"),
            (Metric::KeyDocumentsRefused, "tenantgate.application_keys.documents_refused"),
            (Metric::KeyStoreUnchanged, "tenantgate.application_keys.unchanged"),
            (Metric::KeyUsage("reported"), "tenantgate.application_keys.usage.reported"),
            (Metric::FetchSucceeded(Fetch::KeyStore), "tenantgate.fetch.key_store.succeeded"),
            (Metric::BadSignatureSources, "tenantgate.bad_signature_sources"),
            (Metric::ExchangedTokens, "tenantgate.exchanged_tokens"),
            (Metric::ExchangedTokensForgotten, "tenantgate.exchanged_tokens.forgotten"),
            (Metric::FetchFailed(Fetch::Keys), "tenantgate.fetch.keys.failed"),
            (
                Metric::FetchFailedBy(Fetch::Token, Cause::RateLimited),
                "tenantgate.fetch.token.failed.rate_limited",
            ),
            (Metric::FetchSucceeded(Fetch::Token), "tenantgate.fetch.token.succeeded"),
            (Metric::Forwarded, "tenantgate.request.forwarded"),
            (Metric::IsolatedWorkers, "tenantgate.isolated_workers"),
            (Metric::KeySetsFailing, "tenantgate.key_sets.failing"),
            (Metric::KeySetsMissing, "tenantgate.key_sets.missing"),
            (Metric::RefusedTokens, "tenantgate.refused_tokens"),
            (Metric::RefusedTokensForgotten, "tenantgate.refused_tokens.forgotten"),
            (Metric::Refused("token_expired"), "tenantgate.request.refused.token_expired"),
            (Metric::Session("opened"), "tenantgate.application_keys.sessions.opened"),
            (Metric::Signatures(SignedBy::IdleRoot), "tenantgate.signatures.by_idle_root"),
            (Metric::Signatures(SignedBy::Quick), "tenantgate.signatures.quick"),
            (Metric::Signatures(SignedBy::Worker), "tenantgate.signatures.by_worker"),
            (Metric::Slots, "tenantgate.slots"),
            (Metric::SlotsEvicted, "tenantgate.slots.evicted"),
            (Metric::TokensPurged, "tenantgate.tokens.purged"),
            (Metric::UpstreamRefused, "tenantgate.upstream.refused_our_token"),
            (Metric::VerifiedTokens, "tenantgate.verified_tokens"),
            (Metric::VerifiedTokensForgotten, "tenantgate.verified_tokens.forgotten"),
            (Metric::Waited, "tenantgate.request.waited"),
            (Metric::Waiting, "tenantgate.request.waiting"),
            (Metric::ReportOnly, "tenantgate.report_only"),
            (Metric::WouldRefuse("token_expired"), "tenantgate.request.would_deny.token_expired"),
            (Metric::WouldWait, "tenantgate.request.would_wait"),
        ];
        for (metric, name) in rows {
            assert_eq!(metric.name(), name);
        }
    }
}
