//! The smallest route and policy, to be changed by each test.

use std::sync::Arc;

use crate::credential::TokenPlaces;
use crate::message::{HeaderName, Opaque, PathSpelling, RequestHead};
use crate::policy::{
    Authentication, CallerToken, Deployment, Form, HeaderConditions, HostPattern, IdentityHeaders,
    Injection, Methods, Mode, NoMatch, PathPattern, Policy, PolicyParts, Route, ScopeRequirement,
    Source, SourceId, Subtenancy, SubtenantMode, Subtenants, Upstream, Upstream401, When,
};
use crate::principal::Principal;
use crate::tenancy::{SubtenantId, Tenancy, TenantId};

pub(in crate::policy) fn header(name: &str) -> HeaderName {
    HeaderName::parse(name).unwrap()
}

pub(in crate::policy) fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

pub(in crate::policy) fn identity() -> IdentityHeaders {
    IdentityHeaders {
        tenant: Some(header("x-tenant")),
        subtenant: Some(header("x-subtenant")),
        user: Some(header("x-user")),
        ..IdentityHeaders::default()
    }
}

/// A required ingress route that forwards the caller's token.
pub(in crate::policy) fn route(name: &str, path: &str) -> Route {
    Route {
        name: Arc::from(name),
        hosts: vec![HostPattern::Any],
        path: PathPattern::parse(path).unwrap(),
        methods: Methods::Any,
        headers: HeaderConditions::default(),
        opaque: Opaque::default(),
        authentication: Authentication::Required,
        subtenancy: Subtenancy::Refused,
        subtenant: SubtenantMode::Refuse,
        scopes: ScopeRequirement::NotNeeded,
        tenants: None,
        claims: Vec::new(),
        upstream: Upstream { caller_token: CallerToken::Forward, inject: Vec::new() },
        upstream_401: Upstream401::PassOn,
        passes_preflight: false,
        mode: Mode::Enforce,
        pass_unverified: false,
    }
}

/// A route that injects the technical token of source 1 in place of the caller's.
pub(in crate::policy) fn technical_route(name: &str, path: &str) -> Route {
    let inject = vec![injection("authorization", When::Always)];
    let upstream = Upstream { caller_token: CallerToken::Remove, inject };
    Route { upstream, ..route(name, path) }
}

pub(in crate::policy) fn injection(name: &str, when: When) -> Injection {
    Injection {
        source: SourceId(1),
        header: header(name),
        prefix: Arc::from("Bearer "),
        when,
        form: Form::Token,
    }
}

/// Credential 1, of tenant A.
pub(in crate::policy) fn source() -> Source {
    Source {
        id: SourceId(1),
        name: Arc::from("svc-a"),
        tenant: Some(tenant("A")),
        callers: None,
        subtenants: Subtenants::Any,
    }
}

pub(in crate::policy) fn parts(routes: Vec<Route>) -> PolicyParts {
    PolicyParts {
        deployment: Deployment::Ingress,
        routes,
        catalogue: None,
        sources: vec![source()],
        identity: identity(),
        places: TokenPlaces::default(),
        keys: None,
        no_match: NoMatch::Forbidden,
        spelling: PathSpelling::default(),
        mode: Mode::Enforce,
    }
}

pub(in crate::policy) fn policy(routes: Vec<Route>) -> Policy {
    Policy::new(parts(routes)).unwrap()
}

pub(in crate::policy) fn caller(tenant_name: &str, subtenant: Option<&str>) -> Principal {
    let tenant = tenant(tenant_name);
    let tenancy = match subtenant {
        None => Tenancy::Tenant(tenant),
        Some(id) => Tenancy::Subtenant(tenant, SubtenantId::parse(id).unwrap()),
    };
    Principal::stand_in(tenancy, &["read"])
}

pub(in crate::policy) fn head<'a>(fields: &[(&'a str, &'a str)]) -> RequestHead<'a> {
    RequestHead::new(fields.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect())
}

pub(in crate::policy) fn request<'a>(
    method: &'a str,
    host: &'a str,
    path: &'a str,
) -> RequestHead<'a> {
    head(&[(":method", method), (":authority", host), (":path", path)])
}
