//! `issuers[].claims`: which claim means what.
//!
//! A claim that nobody names is a subtenant that nobody sees. So without a preset the tenant's and
//! the subtenant's claim must be named, or be said to be `none`.

use super::super::raw::Section;
use super::super::report::Report;
use super::issuer_problem::IssuerProblem;
use crate::jwt::{ClaimName, ClaimNames};
use crate::presets::{Fact, IssuerPreset};

/// The word that says that no token of the issuer has such a claim.
pub(super) const NONE: &str = "none";

/// The claim names of an issuer.
pub(super) fn names(
    issuer: &Section<'_>,
    preset: Option<&IssuerPreset>,
    report: &mut Report,
) -> Option<ClaimNames> {
    let reader = Reader { issuer, claims: issuer.section("claims"), preset };
    let tenant = reader.written_out("tenant", |preset| preset.tenant_claim, report);
    let subtenant = reader.written_out("subtenant", |preset| preset.subtenant_claim, report);
    let scopes = reader.always("scopes", "scope", |preset| preset.scopes_claim, report);
    let client = reader.always("client", "client_id", |preset| preset.client_claim, report);
    let user = match (reader.stated("user"), preset) {
        (None, None) => Some(None),
        (_, _) => reader.written_out("user", |preset| preset.user_claim, report),
    };
    let (tenant, subtenant) = (tenant?, subtenant?);
    let lists_tenants = issuer.text("tenants").is_none();
    if tenant.is_none() && (lists_tenants || subtenant.is_some() || preset.is_some()) {
        report.error(&reader.place("tenant"), IssuerProblem::ClaimRequired);
        return None;
    }
    Some(ClaimNames { client: client?, scopes: scopes?, subtenant, tenant, user: user? })
}

/// The claim names of a preset, as technical tokens of its platform have them.
pub(super) fn of_preset(preset: &IssuerPreset) -> Option<ClaimNames> {
    let name = |fact: Fact<&str>| ClaimName::parse(fact.value).ok();
    Some(ClaimNames {
        client: name(preset.client_claim)?,
        scopes: name(preset.scopes_claim)?,
        subtenant: Some(name(preset.subtenant_claim)?),
        tenant: Some(name(preset.tenant_claim)?),
        user: Some(name(preset.user_claim)?),
    })
}

type Preset = fn(&IssuerPreset) -> Fact<&'static str>;

struct Reader<'s, 'd> {
    issuer: &'s Section<'d>,
    claims: Option<Section<'d>>,
    preset: Option<&'s IssuerPreset>,
}

impl<'d> Reader<'_, 'd> {
    fn stated(&self, key: &str) -> Option<&'d str> {
        self.claims.as_ref()?.text(key)
    }

    fn place(&self, key: &str) -> super::super::error::Place {
        match &self.claims {
            Some(claims) => claims.place_of(key),
            None => self.issuer.place_of("claims"),
        }
    }

    /// A claim that must be named, by the configuration or a preset, or be `none`. The outer `None`
    /// is a reported error.
    fn written_out(
        &self,
        key: &str,
        preset: Preset,
        report: &mut Report,
    ) -> Option<Option<ClaimName>> {
        match self.stated(key).or_else(|| Some(preset(self.preset?).value)) {
            Some(NONE) => Some(None),
            Some(name) => self.parsed(key, name, report).map(Some),
            None => {
                // A value of a wrong type has been reported, as has a `claims` that is no object.
                let is_absent = match &self.claims {
                    Some(claims) => !claims.states(key),
                    None => !self.issuer.states("claims"),
                };
                if is_absent {
                    let place = match &self.claims {
                        Some(_) => self.place(key),
                        None => self.place(key).member(key, self.place(key).order()),
                    };
                    report.error(&place, IssuerProblem::ClaimUnstated);
                }
                None
            }
        }
    }

    /// A claim with a default, which cannot be `none`: the word would name a claim.
    fn always(
        &self,
        key: &str,
        default: &'static str,
        preset: Preset,
        report: &mut Report,
    ) -> Option<ClaimName> {
        if self.stated(key) == Some(NONE) {
            report.error(&self.place(key), IssuerProblem::ClaimAlways);
            return None;
        }
        let default = self.preset.map_or(default, |facts| preset(facts).value);
        self.parsed(key, self.stated(key).unwrap_or(default), report)
    }

    fn parsed(&self, key: &str, name: &str, report: &mut Report) -> Option<ClaimName> {
        report.ok(&self.place(key), ClaimName::parse(name).map_err(IssuerProblem::Claim))
    }
}
