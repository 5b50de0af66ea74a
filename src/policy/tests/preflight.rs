//! CORS preflight requests: which pass, and as what.

use super::support::{head, header, parts, route, technical_route};
use crate::credential::TokenPlace;
use crate::message::{CookieName, HeaderEdit, HeaderName, ParameterName};
use crate::policy::{Denial, HeaderConditions, Methods, Policy, PolicyParts, Route};

fn policy() -> Policy {
    let asks = |names: &[&str]| HeaderConditions::present(names.iter().map(|name| header(name)));
    let only = |names: [&'static str; 1]| Methods::only(names).unwrap();
    let routes = vec![
        Route { methods: only(["GET"]), ..route("read", "/a") },
        Route { methods: only(["PUT"]), passes_preflight: true, ..technical_route("write", "/a") },
        Route { passes_preflight: true, ..route("any", "/any/**") },
        Route { passes_preflight: true, headers: asks(&["x-v", "x-w"]), ..route("both", "/v") },
        Route { passes_preflight: true, headers: asks(&["x-v"]), ..route("one", "/v") },
        Route { headers: asks(&["x-v"]), ..route("closed", "/closed") },
    ];
    let token = HeaderName::parse("x-token").unwrap();
    let places = [
        TokenPlace::Header { name: token, prefix: "".into() },
        TokenPlace::Cookie(CookieName::parse("session").unwrap()),
        TokenPlace::Parameter(ParameterName::parse("access_token").unwrap()),
    ];
    let places = places.into_iter().collect();
    Policy::new(PolicyParts { places, ..parts(routes) }).unwrap()
}

/// What becomes of an OPTIONS request with these fields: not a passing preflight, a denial, or the
/// route and the edits.
fn fate(
    path: &str,
    fields: &[(&str, &str)],
    is_whole: bool,
) -> Option<Result<(String, Vec<String>), Denial>> {
    let policy = policy();
    let mut all = vec![(":method", "OPTIONS"), (":authority", "a.example"), (":path", path)];
    all.extend(fields);
    let head = head(&all).ending(is_whole);
    let target = policy.target(&head).unwrap();
    let preflight = policy.preflight(&target, &head)?;
    let name = preflight.route().name().to_owned();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Some(preflight.into_edits(&head, policy.owned()).map(|edits| {
        let shown = edits.iter().map(|edit| match edit {
            HeaderEdit::Reduce(left) => format!("{}:={}", left.name(), text(left.expose())),
            HeaderEdit::Remove(name) => format!("-{}", text(name)),
            HeaderEdit::Add(name, _) | HeaderEdit::Set(name, _) => {
                panic!("`{}` is set", name.as_str())
            }
        });
        (name, shown.collect())
    }))
}

const ORIGIN: (&str, &str) = ("origin", "https://app.example");
const PUT: (&str, &str) = ("access-control-request-method", "PUT");

#[test]
fn a_preflight_passes_as_a_bare_question_where_the_target_route_says_so() {
    let nothing = Some(Ok(("write".to_owned(), Vec::new())));
    assert_eq!(fate("/a", &[ORIGIN, PUT, ("accept", "*/*")], true), nothing);
    let fields = [
        ORIGIN,
        PUT,
        ("authorization", "Bearer user"),
        ("X-Token", "user"),
        ("appKey", "key"),
        ("proxy-authorization", "Basic x"),
        ("x_tenant", "evil"),
        ("x-http-method-override", "DELETE"),
        ("cookie", "session=user; theme=dark"),
        ("Cookie", "other=1"),
        ("access-control-request-headers", "authorization"),
    ];
    let removed = [
        "-authorization",
        "-X-Token",
        "-appKey",
        "-proxy-authorization",
        "-x_tenant",
        "-x-http-method-override",
        ":path:=/a?b=1",
        "-Cookie",
        "-cookie",
    ];
    let removed = removed.map(str::to_owned).to_vec();
    let passed = fate("/a?access_token=user&b=1", &fields, true);
    assert_eq!(passed, Some(Ok(("write".to_owned(), removed))));
}

#[test]
fn every_other_options_obeys_the_ordinary_rules() {
    let method = |method| ("access-control-request-method", method);
    let rows: [(&str, &[(&str, &str)]); 12] = [
        ("/a", &[]),
        ("/a", &[ORIGIN]),
        ("/a", &[PUT]),
        ("/a", &[ORIGIN, ORIGIN, PUT]),
        ("/a", &[ORIGIN, PUT, PUT]),
        ("/a", &[("origin", ""), PUT]),
        ("/a", &[ORIGIN, method("GET")]),
        ("/a", &[ORIGIN, method("DELETE")]),
        ("/a", &[ORIGIN, method("put")]),
        ("/a", &[ORIGIN, method("PUT, GET")]),
        ("/any/x", &[ORIGIN, method("TRACE")]),
        ("/b", &[ORIGIN, PUT]),
    ];
    for (path, fields) in rows {
        assert_eq!(fate(path, fields, true), None, "{path} {fields:?}");
    }
    assert!(fate("/any/x", &[ORIGIN, method("PATCH")], true).is_some());
}

#[test]
fn a_field_that_will_be_sent_meets_the_header_conditions_of_the_route() {
    let name = "access-control-request-headers";
    type Fields<'a> = &'a [(&'a str, &'a str)];
    let rows: [(&str, Fields<'_>, Option<&str>); 12] = [
        ("/v", &[], None),
        ("/v", &[(name, "x-v")], Some("one")),
        ("/v", &[(name, "authorization,x-v")], Some("one")),
        ("/v", &[(name, "x-w , X-V")], Some("both")),
        ("/v", &[(name, "x-v"), (name, "x-w")], Some("both")),
        ("/v", &[("x-v", "1"), (name, "x-w")], Some("both")),
        ("/v", &[(name, "x-w")], None),
        ("/v", &[(name, "x_v")], None),
        ("/v", &[(name, "x-v,x_w")], None),
        ("/v", &[(name, "x-v2")], None),
        ("/v", &[(name, "x-v"), ("connection", "x-v")], None),
        ("/closed", &[(name, "x-v")], None),
    ];
    for (path, more, expected) in rows {
        let fate = fate(path, &[&[ORIGIN, PUT], more].concat(), true);
        let route = fate.map(|fate| fate.unwrap().0);
        assert_eq!(route.as_deref(), expected, "{path} {more:?}");
    }
}

#[test]
fn a_preflight_with_a_body_is_refused() {
    let with = |more, is_whole| fate("/a", &[ORIGIN, PUT, more], is_whole);
    let refused = Some(Err(Denial::PreflightWithBody));
    assert_eq!(with(("accept", "*/*"), false), refused, "something follows the header");
    for more in
        [("content-length", "1"), ("content-length", "00"), ("transfer-encoding", "chunked")]
    {
        assert_eq!(with(more, true), refused, "{more:?}");
    }
    assert!(with(("content-length", "0"), true).is_some_and(|fate| fate.is_ok()));
}
