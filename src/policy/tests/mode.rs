//! What goes on without a permit where a policy only reports.

use super::support::{head, parts, request, route, technical_route};
use crate::credential::TokenPlace;
use crate::message::{CookieName, HeaderEdit, HeaderName};
use crate::policy::{Denial, Methods, Mode, NoMatch, Policy, PolicyParts, Route};

fn removed(path: &str) -> Vec<String> {
    let reports = |route| Route { mode: Mode::ReportOnly, ..route };
    let routes = vec![reports(route("forwards", "/f")), reports(technical_route("removes", "/r"))];
    let places = [
        TokenPlace::Header { name: HeaderName::parse("x-token").unwrap(), prefix: "".into() },
        TokenPlace::Cookie(CookieName::parse("session").unwrap()),
    ];
    let places = places.into_iter().collect();
    let policy = Policy::new(PolicyParts { places, ..parts(routes) }).unwrap();
    let asked = request("GET", "a.example", path);
    let target = policy.target(&asked).unwrap();
    let route = policy.locate(&target, &asked).ok();
    let head = head(&[
        ("authorization", "Bearer user"),
        ("x-token", "user"),
        ("cookie", "session=user"),
        ("appKey", "key"),
        ("proxy-authorization", "Basic x"),
        ("X_Tenant", "evil"),
        ("x-rewrite-url", "/admin"),
        ("accept", "*/*"),
    ]);
    let edits = policy.unpermitted_edits(&head, route.map(AsRef::as_ref));
    let shown = edits.iter().map(|edit| match edit {
        HeaderEdit::Remove(name) => String::from_utf8(name.to_vec()).unwrap(),
        HeaderEdit::Add(..) | HeaderEdit::Reduce(_) | HeaderEdit::Set(..) => {
            panic!("{edit:?}")
        }
    });
    shown.collect()
}

#[test]
fn keys_identity_and_tokens_at_places_never_go_on_without_a_permit() {
    let always =
        ["x-token", "appKey", "proxy-authorization", "X_Tenant", "x-rewrite-url", "cookie"];
    assert_eq!(removed("/f"), always, "the route forwards `authorization`");
    assert_eq!(removed("/none"), always, "as without the filter");
    let mut all = always.to_vec();
    all.insert(0, "authorization");
    assert_eq!(removed("/r"), all);
}

#[test]
fn enforcing_is_the_default_and_a_route_has_a_mode_of_its_own() {
    assert_eq!(Mode::default(), Mode::Enforce);
    let mode = |document, route_mode| {
        let route = Route { mode: route_mode, ..route("r", "/a") };
        let policy = Policy::new(PolicyParts { mode: document, ..parts(vec![route]) }).unwrap();
        let head = request("GET", "a.example", "/a");
        let target = policy.target(&head).unwrap();
        let route = policy.locate(&target, &head).unwrap();
        let nowhere = Denial::NoRoute(NoMatch::Forbidden);
        let nowhere = policy.mode_without_route(Some((&target, &nowhere)));
        (nowhere, policy.mode_of(route), policy.reports_only_somewhere())
    };
    use Mode::{Enforce, ReportOnly};
    assert_eq!(mode(Enforce, Enforce), (Enforce, Enforce, false));
    assert_eq!(mode(Enforce, ReportOnly), (Enforce, ReportOnly, true));
    assert_eq!(mode(ReportOnly, Enforce), (ReportOnly, Enforce, true));
    assert_eq!(mode(ReportOnly, ReportOnly), (ReportOnly, ReportOnly, true));
}

#[test]
fn what_may_be_meant_for_an_enforced_route_is_enforced() {
    use Mode::{Enforce, ReportOnly};
    let get = Methods::only(["GET"]).unwrap();
    let at = |name, path, mode| Route { mode, methods: get.clone(), ..route(name, path) };
    let routes = vec![at("own", "/own", Enforce), at("trial", "/trial", ReportOnly)];
    let policy = Policy::new(PolicyParts { mode: ReportOnly, ..parts(routes) }).unwrap();
    let mode = |path| {
        let head = request("POST", "a.example", path);
        match policy.target(&head) {
            Ok(target) => {
                let denial = policy.locate(&target, &head).unwrap_err();
                policy.mode_without_route(Some((&target, &denial)))
            }
            Err(_) => policy.mode_without_route(None),
        }
    };
    let rows = [
        ("/own", Enforce),
        ("/trial", ReportOnly),
        ("/none", ReportOnly),
        ("//own", Enforce),
        ("/x/%2e%2e/own", Enforce),
    ];
    for (path, expected) in rows {
        assert_eq!(mode(path), expected, "{path}");
    }
}
