//! Keys without a network: those that are handed in, and one that stands for a missing one.

use std::cell::Cell;
use std::sync::Arc;

use super::ExplainError;
use super::question::Question;
use crate::config::{self, Config, KeyLocation, KeyOwner, KeySource, Quoted};
use crate::credential::{self, SessionCookie};
use crate::crypto::{
    Algorithm, PublicKey, SignatureVerifier, SoftwareVerifier, Thumbprint, Verdict, WideVerifier,
};
use crate::gateway::Gateway;
use crate::jwt::{
    self, AccessTokenRules, ClaimName, ClaimNames, IssuerRules, JwkSet, KeySetId, UntrustedClaims,
};
use crate::message::RequestHead;
use crate::time::Timestamp;
use crate::tool::check;

/// All key sets that are handed in.
pub(super) struct Supply {
    sets: Vec<(KeySetId, Arc<JwkSet>)>,
    /// The key that stands for a missing one.
    assumed: Option<Thumbprint>,
    /// The issuers that share a secret with us which is not set here.
    unset: Vec<String>,
    /// The ids of the keys that sign sessions, of those that are not set here.
    unset_session_keys: Vec<String>,
    /// Whether some pepper of application keys is not set here.
    is_pepper_unset: bool,
}

impl Supply {
    /// The sets of `question`, and a key for its token if it asks for one.
    pub(super) fn new(
        question: &Question<'_>,
        config: &Config,
        document: &str,
        head: &RequestHead<'_>,
    ) -> Result<Self, ExplainError> {
        let fetched: Vec<_> =
            config.key_sources().iter().filter(|source| is_issuers(source)).collect();
        let unset = Unset::find(document, question);
        let mut supply = Self {
            sets: Vec::new(),
            assumed: None,
            unset: unset.names("issuers", "name"),
            unset_session_keys: unset.names("application_keys.session.keys", "id"),
            is_pepper_unset: !unset.names("application_keys.peppers", "id").is_empty(),
        };
        for (index, (name, bytes)) in question.key_sets.iter().enumerate() {
            let set = JwkSet::parse(bytes)
                .map_err(|error| ExplainError::KeySet { index, reason: error.reason() })?;
            let set = Arc::new(set);
            let is_named =
                |source: &KeySource| name.as_ref().is_none_or(|name| source.name() == name);
            let sources: Vec<_> = fetched.iter().filter(|source| is_named(source)).collect();
            if let (Some(name), true) = (name, sources.is_empty()) {
                return Err(ExplainError::IssuerUnknown(Quoted::from(name.as_str())));
            }
            for source in sources {
                // A set of one issuer goes before a set of all.
                if name.is_some() || supply.get(source.id()).is_none() {
                    supply.sets.retain(|(id, _)| *id != source.id());
                    supply.sets.push((source.id(), Arc::clone(&set)));
                }
            }
        }
        if question.skip_signature {
            supply.assume(config, head);
        }
        Ok(supply)
    }

    /// Hands the sets to a gateway.
    pub(super) fn hand_over(&self, gateway: &mut Gateway, now: Timestamp) {
        for (id, set) in &self.sets {
            gateway.suppose_keys(*id, Arc::clone(set), now);
        }
    }

    /// Whether the token's signature is taken for good.
    pub(super) const fn is_assumed(&self) -> bool {
        self.assumed.is_some()
    }

    /// Whether signatures of this issuer cannot be checked, for its secret is not set here.
    pub(super) fn lacks_secret(&self, issuer: &IssuerRules) -> bool {
        self.unset.iter().any(|name| name == issuer.name())
    }

    /// Whether this session cannot be checked, for the key that it names is not set here.
    pub(super) fn lacks_key_of(&self, session: SessionCookie<'_>) -> bool {
        let id = session.expose().split(|&b| b == b'.').nth(1).unwrap_or_default();
        self.unset_session_keys.iter().any(|unset| unset.as_bytes() == id)
    }

    /// Whether keys cannot be looked up that are known by a pepper.
    pub(super) const fn lacks_pepper(&self) -> bool {
        self.is_pepper_unset
    }

    fn get(&self, id: KeySetId) -> Option<&Arc<JwkSet>> {
        self.sets.iter().find(|(own, _)| *own == id).map(|(_, set)| set)
    }

    /// Puts a key in the place of the missing one that the token names.
    fn assume(&mut self, config: &Config, head: &RequestHead<'_>) {
        let presented = match config.owned_headers().keys() {
            None => credential::extract(head, config.places()).ok(),
            Some(keys) => credential::extract_with_keys(head, config.places(), keys).ok(),
        };
        let Some(bearer) = presented.and_then(|presented| presented.bearer) else { return };
        let Some((token, issuer)) = read(config, bearer.expose()) else { return };
        let Some(issuer) = issuer else { return };
        let sources = config.key_sources();
        let source = sources.iter().find(|source| source.id() == issuer.keys());
        let is_missing = source.is_some_and(is_fetched) && self.get(issuer.keys()).is_none();
        let Some(set) = stand_in(&token).filter(|_| is_missing) else { return };
        self.assumed = set.keys().first().map(|jwk| *jwk.key().thumbprint());
        self.sets.push((issuer.keys(), Arc::new(set)));
    }
}

/// What a token says of itself, and the rules of the issuer that it names. `None` if it cannot be read.
pub(super) fn read<'c>(
    config: &'c Config,
    token: &[u8],
) -> Option<(UntrustedClaims, Option<&'c Arc<IssuerRules>>)> {
    let name = |text| ClaimName::parse(text).ok();
    let (client, scopes) = (name("/-")?, name("/-")?);
    let nobody = ClaimNames { client, scopes, subtenant: None, tenant: None, user: None };
    let token = jwt::inspect(token, &nobody, AccessTokenRules::Plain).ok()?;
    let issuer = token.issuer.as_deref().and_then(|issuer| config.issuers().find(issuer));
    Some((token, issuer))
}

/// Whether these are an issuer's own keys, and fetched. No token is fetched here that others could check.
fn is_issuers(source: &KeySource) -> bool {
    source.owner() == KeyOwner::Issuer && is_fetched(source)
}

fn is_fetched(source: &KeySource) -> bool {
    match source.location() {
        KeyLocation::Remote { .. } => true,
        KeyLocation::Inline(_) | KeyLocation::Secret(_) => false,
    }
}

/// The variables that are not set here.
struct Unset {
    paths: Vec<String>,
    document: serde_json::Value,
}

impl Unset {
    fn find(document: &str, question: &Question<'_>) -> Self {
        let found = config::inspect(document.as_bytes(), question.environment);
        let errors = found.errors.iter().filter(|error| check::is_unset(error));
        Self {
            paths: errors.map(|error| error.path().to_owned()).collect(),
            document: serde_json::from_str(document).unwrap_or_default(),
        }
    }

    /// What `member` says of each entry of the list at `list` that needs one of them.
    fn names(&self, list: &str, member: &str) -> Vec<String> {
        let entries = list.split('.').try_fold(&self.document, |value, name| value.get(name));
        let names = self.paths.iter().filter_map(|path| {
            let rest = path.strip_prefix(list)?.strip_prefix('[')?;
            let (index, _) = rest.split_once(']')?;
            let entry = entries?.get(index.parse::<usize>().ok()?)?;
            Some(entry.get(member)?.as_str()?.to_owned())
        });
        names.collect()
    }
}

/// A set with one public key that fits the token and belongs to nobody: base points of the curves, and
/// an RSA modulus without known factors of use.
fn stand_in(token: &UntrustedClaims) -> Option<JwkSet> {
    let algorithm = Algorithm::ALL.iter().find(|one| one.name() == &*token.algorithm)?;
    let mut key = match algorithm.name() {
        "ES256" => serde_json::json!({"kty": "EC", "crv": "P-256", "x": P256.0, "y": P256.1}),
        "ES384" => serde_json::json!({"kty": "EC", "crv": "P-384", "x": P384.0, "y": P384.1}),
        "ES512" => serde_json::json!({"kty": "EC", "crv": "P-521", "x": P521.0, "y": P521.1}),
        "EdDSA" | "Ed25519" => serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": ED25519}),
        name if name.starts_with("RS") || name.starts_with("PS") => {
            // 2,048 bits, all of them set.
            serde_json::json!({"kty": "RSA", "n": format!("{}w", "_".repeat(341)), "e": "AQAB"})
        }
        _ => return None,
    };
    if let (Some(id), Some(members)) = (&token.key_id, key.as_object_mut()) {
        members.insert("kid".to_owned(), (**id).into());
    }
    JwkSet::parse(serde_json::json!({"keys": [key]}).to_string().as_bytes()).ok()
}

/// The base points (FIPS 186-5, SP 800-186 §3.2.1; RFC 8032 §5.1).
const P256: (&str, &str) =
    ("axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU");
const P384: (&str, &str) = (
    "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",
    "NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f",
);
const P521: (&str, &str) = (
    "AMaFjga3BATpzZ4-y2YjlbRCnGSBOQU_tSH4KK9ga009uqFLXnfv51ko_h3BJ6L_qN4zSLPBhWpCm_l-fjHC5b1m",
    "ARg5KWp4mjvABFyKX7QsfRvZmPVESVebRGgXr70XJz5mLJfucple9CZAxVC5AT-tB2E1PHCGonLCQIi-lHaf0WZQ",
);
const ED25519: &str = "WGZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmY";

/// Verifies signatures in Rust, those of large keys too, as hosts do; what the key verifies that stands
/// for a missing one counts as good.
pub(super) struct Offline {
    assumed: Option<Thumbprint>,
    /// Whether a signature was good that only a host computes.
    is_of_host: Cell<bool>,
}

impl Offline {
    pub(super) const fn new(supply: &Supply) -> Self {
        Self { assumed: supply.assumed, is_of_host: Cell::new(false) }
    }

    /// Whether a signature was good that the filter cannot compute without a host that does.
    pub(super) const fn has_needed_host(&self) -> bool {
        self.is_of_host.get()
    }
}

impl SignatureVerifier for Offline {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Verdict {
        if self.assumed.as_ref() == Some(key.thumbprint()) {
            return Verdict::Valid;
        }
        match SoftwareVerifier.verify(algorithm, key, message, signature) {
            Verdict::Unsupported => {
                let verdict = WideVerifier.verify(algorithm, key, message, signature);
                self.is_of_host.set(verdict == Verdict::Valid);
                verdict
            }
            verdict @ (Verdict::Invalid | Verdict::Valid) => verdict,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_key_to_stand_in_for_each_algorithm_of_public_keys() {
        for algorithm in Algorithm::ALL.iter().filter(|one| !one.is_symmetric()) {
            let header = format!(r#"{{"alg":"{}","kid":"k"}}"#, algorithm.name());
            let token = crate::jwt::testing::signed(&header, "{}");
            let nobody = crate::jwt::testing::rules().claims;
            let token = jwt::inspect(&token, &nobody, AccessTokenRules::Plain).unwrap();
            let set = stand_in(&token).unwrap_or_else(|| panic!("{algorithm:?}"));
            assert!(set.find(Some("k"), *algorithm).is_ok(), "{algorithm:?}");
        }
    }
}
