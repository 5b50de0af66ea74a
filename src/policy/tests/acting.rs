//! Programs that act for a subtenant without a caller's token.

use super::support::{caller, parts, request, source, technical_route};
use crate::message::{HeaderEdit, HeaderName, RequestHead};
use crate::policy::{
    ActingError, ActingHeader, ActingValues, Authentication, CallerToken, Culprit, Denial,
    Deployment, Policy, PolicyError, PolicyParts, PolicyProblem, Route, SubtenantMode, Subtenants,
    Upstream, When,
};
use crate::principal::Principal;
use crate::tenancy::SubtenantId;

type Field<'a> = (&'a [u8], &'a [u8]);
type Named<'a> = Result<&'a str, ActingError>;

fn id(text: &str) -> SubtenantId {
    SubtenantId::parse(text).unwrap()
}

fn header(values: ActingValues) -> SubtenantMode {
    let name = HeaderName::parse("x-act-for-subtenant").unwrap();
    SubtenantMode::Header(ActingHeader { name, values })
}

fn listed() -> SubtenantMode {
    header(ActingValues::Only(["north", "a&b=c", "süd 1%"].map(id).into()))
}

fn egress(subtenant: SubtenantMode) -> PolicyParts {
    let route = Route {
        subtenant,
        authentication: Authentication::Optional,
        ..technical_route("r", "/**")
    };
    PolicyParts { deployment: Deployment::Egress, ..parts(vec![route]) }
}

fn with<'a>(fields: &[(&'a [u8], &'a [u8])]) -> RequestHead<'a> {
    let mut head: Vec<_> = request("GET", "a.example", "/x").fields().collect();
    head.extend(fields);
    RequestHead::new(head)
}

fn asked(policy: &Policy, head: &RequestHead<'_>, principal: Principal) -> Result<String, Denial> {
    let target = policy.target(head).unwrap();
    let route = policy.locate(&target, head).unwrap();
    let told = route.explain(&target, head, &principal);
    let told = told.into_iter().find_map(|answered| answered.outcome.err());
    let decided = Policy::decide(route, &target, head, principal);
    assert_eq!(told, decided.as_ref().err().cloned());
    let permit = decided?;
    assert_eq!(permit.injections().len(), 1);
    Ok(permit.subtenant().map_or("whole tenant".to_owned(), |id| id.as_str().to_owned()))
}

#[test]
fn a_header_names_the_subtenant_or_the_request_is_refused() {
    use ActingError::{Malformed, Missing, Unlisted};
    const NAME: &[u8] = b"x-act-for-subtenant";
    let long = "x".repeat(257);
    let longest = "x".repeat(256);
    #[rustfmt::skip]
    let rows: Vec<(Vec<Field<'_>>, Named<'_>, Named<'_>)> = vec![
        (vec![(NAME, b"north")], Ok("north"), Ok("north")),
        (vec![(NAME, b" north\t")], Ok("north"), Ok("north")),
        (vec![(b"X_Act_For_Subtenant", b"north")], Ok("north"), Ok("north")),
        (vec![(NAME, b"a&b=c")], Ok("a&b=c"), Ok("a&b=c")),
        (vec![(NAME, "süd 1%".as_bytes())], Ok("süd 1%"), Ok("süd 1%")),
        (vec![(NAME, b"North")], Err(Unlisted), Ok("North")),
        (vec![(NAME, b"south")], Err(Unlisted), Ok("south")),
        (vec![(NAME, longest.as_bytes())], Err(Unlisted), Ok(&longest)),
        (vec![], Err(Missing), Err(Missing)),
        (vec![(NAME, b"")], Err(Malformed), Err(Malformed)),
        (vec![(NAME, b" ")], Err(Malformed), Err(Malformed)),
        (vec![(NAME, b"north\r\nx: y")], Err(Malformed), Err(Malformed)),
        (vec![(NAME, b"nor\0th")], Err(Malformed), Err(Malformed)),
        (vec![(NAME, b"s\xFCd")], Err(Malformed), Err(Malformed)),
        (vec![(NAME, long.as_bytes())], Err(Malformed), Err(Malformed)),
        (vec![(NAME, b"north"), (NAME, b"north")], Err(Malformed), Err(Malformed)),
        (vec![(NAME, b"north"), (b"x_act_for_subtenant", b"a&b=c")], Err(Malformed), Err(Malformed)),
    ];
    let policies =
        [listed(), header(ActingValues::Any)].map(|mode| Policy::new(egress(mode)).unwrap());
    for (fields, only, any) in rows {
        for (policy, expected) in policies.iter().zip([only, any]) {
            let found = asked(policy, &with(&fields), Principal::anonymous());
            let expected = expected.map(str::to_owned).map_err(Denial::Acting);
            assert_eq!(found, expected, "{fields:?}");
        }
    }
}

#[test]
fn the_header_and_a_callers_token_exclude_each_other() {
    let beside = Err(Denial::Acting(ActingError::BesideToken));
    let named = with(&[(b"x-act-for-subtenant", b"north")]);
    let bare = with(&[]);
    let both_ways = Policy::new(egress(listed())).unwrap();
    for principal in [caller("A", None), caller("A", Some("north"))] {
        assert_eq!(asked(&both_ways, &named, principal.clone()), beside);
    }
    let fixed = Policy::new(egress(SubtenantMode::One(id("north")))).unwrap();
    assert_eq!(asked(&fixed, &bare, caller("A", None)), beside);
    assert_eq!(asked(&fixed, &bare, Principal::anonymous()), Ok("north".to_owned()));
    let mut parts = egress(listed());
    let route = &mut parts.routes[0];
    route.upstream.caller_token = CallerToken::Forward;
    route.upstream.inject[0].when = When::NoCallerToken;
    let policy = Policy::new(parts).unwrap();
    let decide = |head: &RequestHead<'_>| {
        let target = policy.target(head).unwrap();
        let route = policy.locate(&target, head).unwrap();
        Policy::decide(route, &target, head, caller("A", None))
            .map(|permit| permit.forwards_caller_token())
    };
    assert_eq!(decide(&named).err(), Some(Denial::Acting(ActingError::BesideToken)));
    assert_eq!(decide(&bare).ok(), Some(true), "a caller's own token goes on without the header");
    assert_eq!(asked(&policy, &named, Principal::anonymous()), Ok("north".to_owned()));
}

#[test]
fn the_header_is_removed_on_every_route_in_every_spelling() {
    let mut parts = egress(listed());
    let other = Route {
        name: "other".into(),
        subtenant: SubtenantMode::Refuse,
        upstream: Upstream { caller_token: CallerToken::Remove, inject: Vec::new() },
        ..super::support::route("other", "/other")
    };
    parts.routes.push(other);
    let policy = Policy::new(parts).unwrap();
    let mut head: Vec<_> = request("GET", "a.example", "/other").fields().collect();
    head.extend([(b"X-Act_For-Subtenant".as_slice(), b"north".as_slice()), (b"x-kept", b"1")]);
    let head = RequestHead::new(head);
    let target = policy.target(&head).unwrap();
    let route = policy.locate(&target, &head).unwrap();
    let permit = Policy::decide(route, &target, &head, caller("A", None)).unwrap();
    let edits = permit.into_edits(&head, &[], policy.owned(), policy.identity()).unwrap();
    let removed: Vec<_> = edits
        .iter()
        .filter_map(|edit| match edit {
            HeaderEdit::Remove(name) => Some(name.to_vec()),
            HeaderEdit::Add(..) | HeaderEdit::Reduce(_) | HeaderEdit::Set(..) => None,
        })
        .collect();
    assert_eq!(removed, [b"X-Act_For-Subtenant".to_vec()]);
}

#[test]
fn who_cannot_act_so_is_told_at_once() {
    let problems = |parts: PolicyParts| -> Vec<PolicyProblem> {
        let errors = Policy::new(parts).err().unwrap_or_default();
        errors
            .into_iter()
            .map(|PolicyError { culprit, problem }| {
                assert_eq!(culprit, Culprit::Route(0));
                problem
            })
            .collect()
    };
    let one = || SubtenantMode::One(id("north"));
    let name = source().name;
    let ingress = PolicyParts {
        deployment: Deployment::Ingress,
        ..parts(vec![Route { subtenant: listed(), ..technical_route("r", "/**") }])
    };
    assert_eq!(problems(ingress), [PolicyProblem::ActingOnIngress]);
    let mut required = egress(one());
    required.routes[0].authentication = Authentication::Required;
    assert_eq!(problems(required), [PolicyProblem::ActingWithoutRequests]);
    let of = |subtenants, mode| {
        let mut parts = egress(mode);
        parts.sources[0].subtenants = subtenants;
        parts
    };
    let unsupported = PolicyProblem::ImpersonationUnsupported(name.clone());
    let elsewhere = [PolicyProblem::ActingElsewhere(name)];
    assert_eq!(problems(of(Subtenants::None, one())), [unsupported]);
    assert_eq!(problems(of(Subtenants::One(id("north")), one())), []);
    assert_eq!(problems(of(Subtenants::One(id("south")), one())), elsewhere);
    assert_eq!(problems(of(Subtenants::One(id("north")), listed())), elsewhere);
    let nobody = header(ActingValues::Only([].into()));
    assert_eq!(problems(egress(nobody)), [PolicyProblem::EmptyList("values")]);
    for taken in ["authorization", "host", "x-tenant", "content-type"] {
        let name = HeaderName::parse(taken).unwrap();
        let mode =
            SubtenantMode::Header(ActingHeader { name: name.clone(), values: ActingValues::Any });
        assert_eq!(problems(egress(mode)), [PolicyProblem::HeaderTaken(name)], "{taken}");
    }
}
