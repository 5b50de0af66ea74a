//! `PLUGIN`: where the access key of Alibaba Cloud comes from, by the variables that the vendor's own
//! credential chain looks for. Files of profiles, the third and fourth link, cannot be read here.

use super::super::super::report::Report;
use super::super::super::uri::{Scheme, Uri, is_label};
use super::super::super::warning::Notice;
use super::super::problem::AddressProblem;
use super::super::variables::looked_for;
use super::authn::metadata;
use super::problem::IdaasProblem;
use super::surroundings::Surroundings;
use crate::technical_token::idaas::{AccessKey, AccessKeySource};

/// The variables that the chain looks for.
pub const CHAIN_VARIABLES: [&str; 13] = [
    ACCESS_KEY_ID,
    ACCESS_KEY_SECRET,
    SECURITY_TOKEN,
    ROLE_ARN,
    OIDC_PROVIDER_ARN,
    OIDC_TOKEN_FILE,
    ROLE_SESSION_NAME,
    STS_REGION,
    VPC_ENDPOINT_ENABLED,
    ECS_METADATA,
    ECS_METADATA_DISABLED,
    IMDSV1_DISABLED,
    CREDENTIALS_URI,
];

const ACCESS_KEY_ID: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID";
const ACCESS_KEY_SECRET: &str = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
const SECURITY_TOKEN: &str = "ALIBABA_CLOUD_SECURITY_TOKEN";
const ROLE_ARN: &str = "ALIBABA_CLOUD_ROLE_ARN";
const OIDC_PROVIDER_ARN: &str = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN";
const OIDC_TOKEN_FILE: &str = "ALIBABA_CLOUD_OIDC_TOKEN_FILE";
const ROLE_SESSION_NAME: &str = "ALIBABA_CLOUD_ROLE_SESSION_NAME";
const STS_REGION: &str = "ALIBABA_CLOUD_STS_REGION";
const VPC_ENDPOINT_ENABLED: &str = "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED";
const ECS_METADATA: &str = "ALIBABA_CLOUD_ECS_METADATA";
const ECS_METADATA_DISABLED: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
const IMDSV1_DISABLED: &str = "ALIBABA_CLOUD_IMDSV1_DISABLED";
const CREDENTIALS_URI: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";

/// Looks for the chain's variables.
struct Chain<'a, 'd, 'r> {
    around: &'a Surroundings<'a, 'd>,
    report: &'r mut Report,
}

/// The links that can have a key, in the vendor's order. `None` when there is none, or one lacks
/// something, which has been reported.
pub(super) fn sources(
    around: &Surroundings<'_, '_>,
    report: &mut Report,
) -> Option<Vec<AccessKeySource>> {
    let mut chain = Chain { around, report };
    if let Some(key) = chain.environment().ok()? {
        // It has a key whatever happens, so no other link is ever asked.
        return Some(vec![AccessKeySource::Environment(key)]);
    }
    let mut sources = Vec::new();
    let mut is_complete = true;
    for link in [Chain::rrsa, Chain::ecs_role, Chain::uri] {
        match link(&mut chain) {
            Ok(source) => sources.extend(source),
            Err(Incomplete) => is_complete = false,
        }
    }
    if is_complete && sources.is_empty() {
        chain.report.error(&around.place("idaas"), IdaasProblem::AccessKey);
    }
    (is_complete && !sources.is_empty()).then_some(sources)
}

fn is_sendable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A link lacks something, which has been reported.
struct Incomplete;

/// A link of the chain; `None` where its variables are not set.
type Link = Result<Option<AccessKeySource>, Incomplete>;

impl Chain<'_, '_, '_> {
    fn environment(&mut self) -> Result<Option<AccessKey>, Incomplete> {
        let id = self.text(ACCESS_KEY_ID);
        let secret = self.secret(ACCESS_KEY_SECRET);
        let security_token = self.secret(SECURITY_TOKEN);
        let (id, secret) = match (id, secret) {
            (Some(id), Some(secret)) => (id, secret),
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(self.incomplete(ACCESS_KEY_SECRET)),
            (None, Some(_)) => return Err(self.incomplete(ACCESS_KEY_ID)),
        };
        let token = security_token.as_ref().map_or("", |token| token.expose());
        let is_id = is_sendable(&id) && !id.contains(',');
        for (name, is_good) in [(ACCESS_KEY_ID, is_id), (SECURITY_TOKEN, is_sendable(token))] {
            if !is_good {
                let place = self.around.place("idaas");
                self.report.error(&place, IdaasProblem::AccessKeyUnsendable(name));
            }
        }
        Ok(Some(AccessKey { id, secret, security_token }))
    }

    /// Reports the one that is missing of a set of variables.
    fn incomplete(&mut self, name: &'static str) -> Incomplete {
        self.report.error(&self.around.place("idaas"), IdaasProblem::SetIncomplete(name));
        Incomplete
    }

    fn rrsa(&mut self) -> Link {
        let (role_arn, provider_arn) = (self.text(ROLE_ARN), self.text(OIDC_PROVIDER_ARN));
        let file = self.text(OIDC_TOKEN_FILE);
        let (role_arn, provider_arn) = match (role_arn, provider_arn, file) {
            (Some(role_arn), Some(provider_arn), Some(_)) => (role_arn, provider_arn),
            // A role alone is one for other uses than this.
            (_, None, None) => return Ok(None),
            (None, _, _) => return Err(self.incomplete(ROLE_ARN)),
            (Some(_), None, Some(_)) => return Err(self.incomplete(OIDC_PROVIDER_ARN)),
            (Some(_), Some(_), None) => return Err(self.incomplete(OIDC_TOKEN_FILE)),
        };
        let host = match self.text(STS_REGION) {
            Some(region) if !is_label(&region) => {
                self.report.error(&self.around.place("idaas"), IdaasProblem::Region(STS_REGION));
                return Err(Incomplete);
            }
            Some(region) if self.is_on(VPC_ENDPOINT_ENABLED) => {
                ["https://sts-vpc.", &region, ".aliyuncs.com"].concat()
            }
            Some(region) => ["https://sts.", &region, ".aliyuncs.com"].concat(),
            None => "https://sts.aliyuncs.com".to_owned(),
        };
        let uri = Uri::parse(&host).map_err(|_| Incomplete)?;
        let sts = self.around.endpoint("sts", &uri, self.report);
        let token = self.around.service_account_token(self.report);
        Ok(Some(AccessKeySource::Rrsa {
            sts: sts.ok_or(Incomplete)?,
            role_arn,
            provider_arn,
            session_name: self.text(ROLE_SESSION_NAME),
            token: token.ok_or(Incomplete)?,
        }))
    }

    /// It is on unless it is switched off, so here it is asked only by a cluster that is stated for it.
    fn ecs_role(&mut self) -> Link {
        if self.is_on(ECS_METADATA_DISABLED) || !self.around.states_cluster("metadata") {
            return Ok(None);
        }
        let metadata = metadata(self.around, self.report).ok_or(Incomplete)?;
        let role = self.text(ECS_METADATA);
        let allows_unhardened = !self.is_on(IMDSV1_DISABLED);
        Ok(Some(AccessKeySource::EcsRole { metadata, role, allows_unhardened }))
    }

    fn uri(&mut self) -> Link {
        let Some(text) = self.text(CREDENTIALS_URI) else { return Ok(None) };
        let text = if text.contains("://") { text } else { ["http://", &text].concat() };
        let place = self.around.place("idaas");
        let uri = self.report.ok(&place, Uri::parse(&text).map_err(AddressProblem::Uri));
        let uri = uri.ok_or(Incomplete)?;
        match uri.scheme() {
            Scheme::Https => {}
            Scheme::Http if self.around.allows_plaintext() => {
                self.report.warn(&self.around.place("allow_plaintext"), Notice::Plaintext);
            }
            Scheme::Http => {
                self.report.error(&place, IdaasProblem::UriPlaintext);
                return Err(Incomplete);
            }
        }
        let endpoint = self.around.endpoint("credentials_uri", &uri, self.report);
        endpoint.map(|endpoint| Some(AccessKeySource::Uri(endpoint))).ok_or(Incomplete)
    }

    fn secret(&mut self, name: &'static str) -> Option<crate::secret::Secret<String>> {
        looked_for(name, &self.around.place("idaas"), self.around.secrets, self.report)
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        self.secret(name).map(|value| value.expose().clone())
    }

    fn is_on(&mut self, name: &'static str) -> bool {
        self.text(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}
