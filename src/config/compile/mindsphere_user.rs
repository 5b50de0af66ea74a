//! `credentials[].mindsphere_user`: a user's token from the environment.
//!
//! It takes the place of a token that a program does not bring along, and nothing else's: routes inject
//! it where the caller presented none. Its own subtenant is one that the route must be aware of, as it
//! would have to be of a caller's.

use super::super::raw::Section;
use super::super::report::Report;
use super::super::warning::Notice;
use super::client::{Secrets, long_variable};
use super::credentials::{Credentials, KindParts, Proof, Traits};
use super::route_problem::RouteProblem;
use super::routes::PlacedRoute;
use crate::jwt::{
    self, AccessTokenRules, ClaimName, ClaimNames, Issuers, TOKEN_LIMIT, TokenError,
    UntrustedClaims,
};
use crate::policy::{Deployment, SourceId, Subtenancy, Subtenants, When};
use crate::secret::Secret;
use crate::technical_token::Source;
use crate::technical_token::mindsphere::MindsphereUser;

/// Reads one.
pub(super) fn read(
    section: &Section<'_>,
    name: &str,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> KindParts {
    let entry = section.entry("token_env");
    let token = entry.and_then(|entry| long_variable(&entry, TOKEN_LIMIT, secrets, report));
    let token = token.map(|token| Secret::new(token.into_bytes()));
    let source = token.map(|token| Source::new(name, MindsphereUser::new(token)));
    let traits = Traits { has_tenant: true, subtenants: Subtenants::None };
    KindParts { source, proof: Proof::Stated, tenant: None, client_id: None, traits }
}

/// What is known of a stated token before anything of it is proven.
enum Stated {
    /// It has a subtenant.
    OfSubtenant,
    /// It has none, or cannot be used.
    OfTenant,
}

/// Checks that stated tokens are used as they may be, and warns of those that nobody can use.
pub(super) fn check(
    root: &Section<'_>,
    deployment: Deployment,
    issuers: &Issuers,
    (credentials, routes): (&Credentials<'_>, &[PlacedRoute<'_>]),
    report: &mut Report,
) {
    let mut stated = Vec::new();
    for (section, credential) in root.sections("credentials").iter().zip(&credentials.list) {
        let Some(credential) = credential else { continue };
        let Some(own) = section.section("mindsphere_user") else { continue };
        if deployment == Deployment::Ingress {
            report.error(own.place(), super::CredentialProblem::UserTokenOnIngress);
        }
        let Some(token) = credential.source.as_ref().and_then(Source::stated) else { continue };
        let claims = claims(token.expose(), issuers).map_err(|error| {
            let notice = Notice::UserTokenUnusable(error);
            report.warn(&own.place_of("token_env"), notice);
        });
        let has_subtenant = claims.is_ok_and(|claims| claims.tenancy.subtenant().is_some());
        let kind = if has_subtenant { Stated::OfSubtenant } else { Stated::OfTenant };
        stated.push((credential.policy.id, kind));
    }
    for placed in routes {
        check_route(placed, &stated, report);
    }
}

fn check_route(
    PlacedRoute { route, section }: &PlacedRoute<'_>,
    stated: &[(SourceId, Stated)],
    report: &mut Report,
) {
    for injection in &route.upstream.inject {
        let own = stated.iter().find(|(id, _)| *id == injection.source);
        let Some((_, kind)) = own else { continue };
        if injection.when == When::Always {
            report.error(&section.place_of("upstream"), RouteProblem::UserTokenAlways);
        }
        match (kind, route.subtenancy) {
            (Stated::OfTenant, _) | (Stated::OfSubtenant, Subtenancy::Aware | Subtenancy::Only) => {
            }
            (Stated::OfSubtenant, Subtenancy::Catalogue | Subtenancy::Refused) => {
                report.error(&section.place_of("subtenancy"), RouteProblem::UserTokenSubtenant);
            }
        }
    }
}

/// What a stated token says, by the names that its issuer has for it.
fn claims(token: &[u8], issuers: &Issuers) -> Result<UntrustedClaims, TokenError> {
    let name = |text| ClaimName::parse(text).map_err(|_| TokenError::Malformed);
    let (client, scopes) = (name("/-")?, name("/-")?);
    let nobody = ClaimNames { client, scopes, subtenant: None, tenant: None, user: None };
    let claims = jwt::inspect(token, &nobody, AccessTokenRules::Plain)?;
    let issuer = claims.issuer.as_deref().and_then(|issuer| issuers.find(issuer));
    let rules = issuer.ok_or(TokenError::IssuerUnknown)?.parts();
    jwt::inspect(token, &rules.claims, rules.access_tokens)
}
