//! Random routes.

use std::sync::Arc;

use tenantgate::credential::TokenPlaces;
use tenantgate::message::{HeaderName, LetterCase, Opaque, PathSpelling, TrailingSlash};
use tenantgate::policy::{
    Authentication, CallerToken, Culprit, Deployment, HeaderConditions, HostPattern,
    IdentityHeaders, Methods, Mode, NoMatch, PathPattern, Policy, PolicyError, PolicyParts,
    PolicyProblem, Route, ScopeRequirement, Subtenancy, SubtenantMode, Upstream,
};

use super::choices::Choices;
use super::reference::Reference;

/// Routes as texts.
#[derive(Debug)]
pub struct Table {
    pub spelling: PathSpelling,
    pub rows: Vec<Row>,
}

/// One route.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    pub hosts: Vec<&'static str>,
    pub path: String,
    pub methods: Vec<&'static str>,
    pub headers: Vec<&'static str>,
    pub opaque: Opaque,
}

impl Table {
    /// Routes of which no two have the same rank, as far as the policy says so.
    pub fn make(choices: &mut Choices<'_>) -> Self {
        let letter_case = choices.of(&[LetterCase::Kept, LetterCase::Kept, LetterCase::Folded]);
        let trailing_slash =
            choices.of(&[TrailingSlash::Kept, TrailingSlash::Kept, TrailingSlash::Dropped]);
        let spelling = PathSpelling { letter_case, trailing_slash };
        let count = 2 + choices.below(9);
        let rows = (0..count).map(|number| Row::make(number, choices)).collect();
        let mut table = Self { spelling, rows };
        while let Err(errors) = Policy::new(table.parts()) {
            let reference = Reference::new(&table);
            // A route that has an error takes no requests yet, but the reference lets it.
            let is_only = errors.len() == 1;
            let mut last = None;
            for PolicyError { culprit, problem } in errors {
                let (Culprit::Route(index), PolicyProblem::EqualRank { other, example }) =
                    (culprit, problem)
                else {
                    panic!("another problem of {table:?}")
                };
                let row = table.rows.get(index).expect("a route of the table");
                let best = reference.best(&example);
                let has = [best.contains(&row.name.as_str()), best.contains(&&*other)];
                // More specific routes may take all that a `**` would get, or a third one that asks
                // for the header fields of both.
                let can_be_taken = !is_only || row.path.ends_with("/**") || !row.headers.is_empty();
                let is_taken = has == [false, false] && can_be_taken;
                assert!(
                    has == [true, true] || is_taken,
                    "{example} comes to {best:?}, not to {row:?} and `{other}` of {table:?}"
                );
                last = Some(index);
            }
            table.rows.remove(last.expect("an error"));
        }
        table
    }

    /// The policy of all routes. None of them may have the rank of another.
    pub fn policy(&self, reference: &Reference<'_>) -> Policy {
        reference.check_ranks();
        Policy::new(self.parts()).expect("a policy")
    }

    fn parts(&self) -> PolicyParts {
        PolicyParts {
            deployment: Deployment::Ingress,
            routes: self.rows.iter().map(Row::route).collect(),
            catalogue: None,
            sources: Vec::new(),
            identity: IdentityHeaders::default(),
            places: TokenPlaces::default(),
            keys: None,
            no_match: NoMatch::Forbidden,
            spelling: self.spelling,
            mode: Mode::Enforce,
        }
    }
}

impl Row {
    fn make(number: usize, choices: &mut Choices<'_>) -> Self {
        const HOSTS: [&str; 4] = ["*", "*.acme.example", "*.eu.acme.example", "api.acme.example"];
        const METHODS: [&[&str]; 6] = [&[], &[], &[], &["GET"], &["PUT"], &["PUT", "GET"]];
        const HEADERS: [&[&str]; 8] =
            [&[], &[], &[], &[], &[], &["x-a"], &["x-b"], &["x-a", "x-b"]];
        let mut path = String::new();
        for depth in 0..choices.below(4) {
            path.push('/');
            match choices.below(12) {
                0 | 1 => path.push('*'),
                2 | 3 => path.push_str(&format!("{{n{depth}}}")),
                _ => path.push_str(choices.of(&[
                    "a",
                    "b",
                    "admin",
                    "files",
                    "ADMIN",
                    "%61",
                    "%E5%85%AC",
                ])),
            }
        }
        let has_rest = choices.one_in(2);
        if has_rest {
            path.push_str("/**");
        } else if path.is_empty() || choices.one_in(4) {
            path.push('/');
        }
        let mut hosts = vec!["*"];
        if choices.one_in(3) {
            hosts = vec![choices.of(&HOSTS)];
        }
        if choices.one_in(4) {
            hosts.push(choices.of(&HOSTS));
        }
        let mut is_opaque = || has_rest && choices.one_in(2);
        let opaque = Opaque { encoded_slash: is_opaque(), path_parameters: is_opaque() };
        let (methods, headers) = (choices.of(&METHODS).to_vec(), choices.of(&HEADERS).to_vec());
        Self { name: format!("r{number}"), hosts, path, methods, headers, opaque }
    }

    fn route(&self) -> Route {
        let host = |text: &&str| HostPattern::parse(text).expect("a pattern of hosts");
        let name = |text: &&str| HeaderName::parse(text).expect("a name of a header");
        Route {
            name: Arc::from(self.name.as_str()),
            hosts: self.hosts.iter().map(host).collect(),
            path: PathPattern::parse(&self.path).expect("a pattern of paths"),
            methods: match self.methods.is_empty() {
                true => Methods::Any,
                false => Methods::only(self.methods.iter().copied()).expect("methods"),
            },
            headers: HeaderConditions::present(self.headers.iter().map(name)),
            opaque: self.opaque,
            authentication: Authentication::Required,
            subtenancy: Subtenancy::Refused,
            subtenant: SubtenantMode::Refuse,
            scopes: ScopeRequirement::NotNeeded,
            tenants: None,
            claims: Vec::new(),
            upstream: Upstream { caller_token: CallerToken::Forward, inject: Vec::new() },
            pass_unverified: false,
            upstream_401: tenantgate::policy::Upstream401::PassOn,
            passes_preflight: false,
            mode: Mode::Enforce,
        }
    }
}
