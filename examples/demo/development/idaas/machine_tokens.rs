//! The tokens that the provider handed out: opaque, so that only it can read them.

use super::super::signing_key::random_hex;
use super::method::Method;
use super::record::Grant;
use super::scope::Scope;

/// All tokens and how they were obtained.
pub struct MachineTokens {
    /// How long new tokens live, in seconds.
    pub lifetime: u64,
    grants: Vec<Grant>,
}

/// Who asks for a token, proven.
pub struct Proven {
    pub method: Method,
    /// See [`Grant::proof`].
    pub proof: String,
}

impl MachineTokens {
    pub fn new(lifetime: u64) -> Self {
        Self { lifetime, grants: Vec::new() }
    }

    pub fn issue(
        &mut self,
        by: Proven,
        scope: &Scope,
        subject_token: Option<&str>,
        now: u64,
    ) -> Grant {
        let grant = Grant {
            method: by.method,
            proof: by.proof,
            subject_token: subject_token.map(str::to_owned),
            scope: scope.text(),
            token: format!("idaas-{}", random_hex()),
            expires: now.saturating_add(self.lifetime),
        };
        self.grants.push(grant.clone());
        grant
    }

    /// How a token was obtained.
    pub fn grant(&self, token: &str) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.token == token)
    }

    /// The same for a token that is still good.
    pub fn valid(&self, token: &str, now: u64) -> Option<&Grant> {
        self.grant(token).filter(|grant| now < grant.expires)
    }

    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }
}
