//! Which route a request comes to.

use super::support::{head, header, parts, policy, request, route};
use crate::message::{LetterCase, Opaque, PathError, PathSpelling, RequestError, TrailingSlash};
use crate::policy::{
    Denial, HeaderConditions, HostPattern, Methods, NoMatch, PathPattern, Policy, Route,
};

fn located(policy: &Policy, method: &str, host: &str, path: &str) -> Result<String, Denial> {
    let head = request(method, host, path);
    let target = policy.target(&head).unwrap();
    policy.locate(&target, &head).map(|route| route.name().to_owned())
}

fn named(paths: &[&str]) -> Policy {
    policy(paths.iter().map(|path| route(path, path)).collect())
}

fn with_methods(name: &str, path: &str, methods: &[&str]) -> Route {
    Route { methods: Methods::only(methods.iter().copied()).unwrap(), ..route(name, path) }
}

#[test]
fn the_most_specific_path_pattern_is_taken() {
    let policy = named(&[
        "/", "/a", "/a/", "/a/*", "/a/**", "/a/b", "/a/*/c", "/a/b/d", "/*/b", "/x/**", "/x/y/**",
    ]);
    let rows = [
        ("/", Some("/")),
        ("/a", Some("/a")),
        ("/%61", Some("/a")),
        ("/a/", Some("/a/")),
        ("/a/b", Some("/a/b")),
        ("/a/z", Some("/a/*")),
        ("/a/z/", Some("/a/**")),
        ("/a/b/c", Some("/a/*/c")),
        ("/a/b/d", Some("/a/b/d")),
        ("/a/b/e", Some("/a/**")),
        ("/a/b/d/e", Some("/a/**")),
        ("/q/b", Some("/*/b")),
        ("/x/b", Some("/x/**")),
        ("/x/y", Some("/x/**")),
        ("/x/y/", Some("/x/y/**")),
        ("/x/", Some("/x/**")),
        ("/x", None),
        ("/A", None),
        ("/ab", None),
        ("/q", None),
        ("/q/b/", None),
    ];
    for (path, expected) in rows {
        let expected = expected.map(str::to_owned).ok_or(Denial::NoRoute(NoMatch::Forbidden));
        assert_eq!(located(&policy, "GET", "a.example", path), expected, "{path}");
    }
}

#[test]
fn a_star_covers_one_segment_that_is_not_empty() {
    let policy = named(&["/a/*"]);
    let denied = Err(Denial::NoRoute(NoMatch::Forbidden));
    assert_eq!(located(&policy, "GET", "a.example", "/a/b"), Ok("/a/*".into()));
    for path in ["/a", "/a/", "/a/b/", "/a/b/c"] {
        assert_eq!(located(&policy, "GET", "a.example", path), denied, "{path}");
    }
}

#[test]
fn the_most_specific_host_decides_alone() {
    let on = |name: &str, host: &str, path: &str| Route {
        hosts: vec![HostPattern::parse(host).unwrap()],
        ..route(name, path)
    };
    let policy = policy(vec![
        on("any", "*", "/**"),
        on("acme", "*.acme.example", "/**"),
        on("eu", "*.eu.acme.example", "/x"),
        on("api", "api.acme.example", "/x"),
    ]);
    let denied = Err(Denial::NoRoute(NoMatch::Forbidden));
    let rows = [
        ("api.acme.example", "/x", Ok("api".to_owned())),
        ("API.ACME.example.:443", "/x", Ok("api".to_owned())),
        ("api.acme.example", "/y", denied.clone()),
        ("www.acme.example", "/y", Ok("acme".to_owned())),
        ("a.b.acme.example", "/y", Ok("acme".to_owned())),
        ("a.eu.acme.example", "/x", Ok("eu".to_owned())),
        ("a.eu.acme.example", "/y", denied),
        ("eu.acme.example", "/y", Ok("acme".to_owned())),
        ("acme.example", "/y", Ok("any".to_owned())),
        ("notacme.example", "/y", Ok("any".to_owned())),
    ];
    for (host, path, expected) in rows {
        assert_eq!(located(&policy, "GET", host, path), expected, "{host}{path}");
    }
}

#[test]
fn an_unmatched_method_does_not_fall_through_to_a_laxer_route() {
    let routes = vec![
        with_methods("read", "/a", &["GET"]),
        with_methods("write", "/a", &["PUT", "DELETE"]),
        route("lax", "/**"),
    ];
    let policy = policy(routes);
    let allowed = "DELETE, GET, HEAD, PUT".into();
    assert_eq!(located(&policy, "GET", "a.example", "/a"), Ok("read".into()));
    assert_eq!(located(&policy, "HEAD", "a.example", "/a"), Ok("read".into()));
    assert_eq!(located(&policy, "PUT", "a.example", "/a"), Ok("write".into()));
    assert_eq!(
        located(&policy, "POST", "a.example", "/a"),
        Err(Denial::MethodNotAllowed { allowed })
    );
    assert_eq!(located(&policy, "POST", "a.example", "/b"), Ok("lax".into()));
}

#[test]
fn a_listed_method_goes_before_any_method() {
    let policy = policy(vec![route("any", "/a"), with_methods("read", "/a", &["GET"])]);
    assert_eq!(located(&policy, "GET", "a.example", "/a"), Ok("read".into()));
    assert_eq!(located(&policy, "POST", "a.example", "/a"), Ok("any".into()));
}

#[test]
fn without_a_route_everybody_gets_the_same_refusal() {
    for no_match in [NoMatch::Forbidden, NoMatch::NotFound] {
        let mut parts = parts(Vec::new());
        parts.no_match = no_match;
        let policy = Policy::new(parts).unwrap();
        assert_eq!(located(&policy, "GET", "a.example", "/"), Err(Denial::NoRoute(no_match)));
    }
}

#[test]
fn a_name_in_braces_has_the_rank_of_a_star() {
    let policy = policy(vec![
        with_methods("read", "/a/{id}", &["GET"]),
        with_methods("write", "/a/{name}", &["PUT"]),
        with_methods("delete", "/a/*", &["DELETE"]),
        route("literal", "/a/b"),
        route("rest", "/a/**"),
    ]);
    for (method, path, expected) in [
        ("GET", "/a/x", "read"),
        ("PUT", "/a/x", "write"),
        ("DELETE", "/a/x", "delete"),
        ("GET", "/a/b", "literal"),
        ("GET", "/a/x/y", "rest"),
    ] {
        assert_eq!(located(&policy, method, "a.example", path), Ok(expected.into()), "{path}");
    }
    let allowed = "DELETE, GET, HEAD, PUT".into();
    assert_eq!(
        located(&policy, "POST", "a.example", "/a/x"),
        Err(Denial::MethodNotAllowed { allowed })
    );
}

#[test]
fn more_header_conditions_go_before_fewer_and_none_is_a_way_round_another_method() {
    let with = |name: &str, headers: &[&str], route: Route| Route {
        name: name.into(),
        headers: HeaderConditions::present(headers.iter().map(|name| header(name))),
        ..route
    };
    let get = |name, headers| with(name, headers, with_methods("", "/a", &["GET"]));
    let any = |name, headers| with(name, headers, route("", "/a"));
    let put = |name, headers| with(name, headers, with_methods("", "/a", &["PUT"]));
    let policy = policy(vec![
        get("one", &["x-a"]),
        get("both", &["x-b", "x-a"]),
        put("put", &[]),
        put("put-a", &["x-a"]),
        any("any", &[]),
        any("any-c", &["x-c"]),
        route("lax", "/**"),
    ]);
    let unmatched = Err(Denial::HeaderUnmatched);
    let rows: [(&str, &[&str], Result<&str, Denial>); 12] = [
        ("GET", &["x-a"], Ok("one")),
        ("HEAD", &["x-a"], Ok("one")),
        ("GET", &["x-a", "x-b"], Ok("both")),
        ("GET", &["x-a", "x_b"], unmatched.clone()),
        ("GET", &["x-b"], unmatched.clone()),
        ("GET", &["x-c"], unmatched.clone()),
        ("GET", &[], unmatched.clone()),
        ("PUT", &[], Ok("put")),
        ("PUT", &["x-b"], Ok("put")),
        ("PUT", &["x-a"], Ok("put-a")),
        ("PUT", &["X_A"], unmatched),
        ("POST", &["x-a", "x-c"], Ok("any-c")),
    ];
    for (method, names, expected) in rows {
        let mut fields = vec![(":method", method), (":authority", "a.example"), (":path", "/a")];
        fields.extend(names.iter().map(|name| (*name, "1")));
        let head = head(&fields);
        let target = policy.target(&head).unwrap();
        let found = policy.locate(&target, &head).map(|route| route.name());
        assert_eq!(found, expected, "{method} {names:?}");
    }
}

#[test]
fn a_field_without_a_value_takes_neither_the_route_that_asks_for_it_nor_the_other() {
    let asks = HeaderConditions::present([header("x-a")]);
    let policy = policy(vec![
        Route { headers: asks.clone(), ..route("with", "/a") },
        route("without", "/a"),
        route("other", "/b"),
    ]);
    let rows = [
        ("/a", &[("x-a", "1")] as &[_], Ok("with")),
        ("/a", &[("x-a", "")], Err(Denial::HeaderUnmatched)),
        ("/a", &[("x-a", " ")], Err(Denial::HeaderUnmatched)),
        ("/a", &[], Ok("without")),
        ("/a", &[("x-b", "")], Ok("without")),
        ("/b", &[("x-a", "")], Ok("other")),
    ];
    for (path, more, expected) in rows {
        let mut fields = vec![(":method", "GET"), (":authority", "a.example"), (":path", path)];
        fields.extend(more);
        let head = head(&fields);
        let target = policy.target(&head).unwrap();
        let found = policy.locate(&target, &head).map(|route| route.name());
        assert_eq!(found, expected, "{path} {more:?}");
    }
}

#[test]
fn an_opaque_path_passes_where_one_tail_that_allows_it_covers_all_its_readings() {
    let opaque = |name: &str, path: &str, encoded_slash, path_parameters| Route {
        opaque: Opaque { encoded_slash, path_parameters },
        ..route(name, path)
    };
    let policy = policy(vec![
        opaque("files", "/files/**", true, false),
        route("admin", "/files/admin/**"),
        route("exact", "/files/a/b"),
        opaque("trees", "/trees/{tenant}/**", true, true),
        route("one", "/ones/*"),
        opaque("ones", "/ones/**", true, true),
        opaque("parameters", "/parameters/**", false, true),
        route("strict", "/strict/**"),
        route("lax", "/**"),
    ]);
    let slash = || Err(Denial::PathAmbiguous(PathError::EncodedSlash));
    let parameter = || Err(Denial::PathAmbiguous(PathError::Parameter));
    let found = |name: &str| Ok(name.to_owned());
    let rows = [
        ("/files/x%2Fy", found("files")),
        ("/files/x%2fy/z", found("files")),
        ("/files/x%2Fadmin", found("files")),
        ("/files/x/y%2Fz?q=%2F", found("files")),
        // It would be `/files/admin/…`, `/files/a/b`, or no file at all, for who decodes it.
        ("/files/admin%2Fx", slash()),
        ("/files/%61dmin%2fx", slash()),
        ("/files/a%2Fb", slash()),
        ("/files%2Fx", slash()),
        ("/files%2Fx/y", slash()),
        ("/files/x;v=1", parameter()),
        ("/strict/x%2Fy", slash()),
        ("/x%2Fy", slash()),
        ("/ones/x%2Fy", slash()),
        ("/ones/x;v=1", parameter()),
        ("/ones/x/y;v=1", found("ones")),
        ("/trees/acme/x%2Fy", found("trees")),
        ("/trees/acme/x;v=1/y%2Fz", found("trees")),
        ("/trees/acme;v=1/x", parameter()),
        ("/trees/acme%2Fbeta/x", slash()),
        ("/parameters/x;v=1;w=2/y;z", found("parameters")),
        ("/parameters/x%2Fy", slash()),
        ("/parameters;v=1/x", parameter()),
    ];
    for (path, expected) in rows {
        assert_eq!(located(&policy, "GET", "a.example", path), expected, "{path}");
    }
}

#[test]
fn spellings_that_upstreams_take_for_one_path_decide_alike_where_the_configuration_says_so() {
    let mut parts = parts(vec![
        route("admin", "/Admin/"),
        route("users", "/admin/{user}/Rights"),
        route("root", "/"),
        route("lax", "/**"),
    ]);
    parts.spelling =
        PathSpelling { letter_case: LetterCase::Folded, trailing_slash: TrailingSlash::Dropped };
    let policy = Policy::new(parts).unwrap();
    let rows = [
        ("/", "root"),
        ("/admin", "admin"),
        ("/ADMIN/", "admin"),
        ("/%41dmin/", "admin"),
        ("/admin/x/rights", "users"),
        ("/Admin/X/RIGHTS/", "users"),
        ("/admin/x", "lax"),
        ("/admin/x/", "lax"),
        ("/%E5%85%AC/", "lax"),
    ];
    for (path, expected) in rows {
        assert_eq!(located(&policy, "GET", "a.example", path), Ok(expected.into()), "{path}");
    }
    let head = request("GET", "a.example", "/admin/Xavier/rights");
    let target = policy.target(&head).unwrap();
    let route = policy.locate(&target, &head).unwrap();
    assert_eq!(route.route().path.capture("user", target.path()), Some("xavier"));
    let foreign = request("GET", "a.example", "/%E2%84%AAelvin");
    assert_eq!(
        policy.target(&foreign).err(),
        Some(RequestError::Path(PathError::LetterCase)),
        "the Kelvin sign is a `k` for some"
    );
}

#[test]
fn the_tree_agrees_with_a_naive_scan() {
    let words = ["a", "b", "*", "**", ""];
    let mut patterns = std::collections::BTreeSet::new();
    for (first, second, third) in triples(&words) {
        for text in [
            format!("/{first}"),
            format!("/{first}/{second}"),
            format!("/{first}/{second}/{third}"),
        ] {
            if PathPattern::parse(&text).is_ok() {
                patterns.insert(text);
            }
        }
    }
    let all: Vec<&str> = patterns.iter().map(String::as_str).collect();
    for seed in 0..16 {
        let is_chosen = |index: usize| index.wrapping_mul(2_654_435_761) >> (seed + 8) & 1 == 1;
        let chosen = all.iter().enumerate().filter(|(index, _)| is_chosen(*index));
        let some: Vec<&str> = chosen.map(|(_, pattern)| *pattern).collect();
        assert!(some.len() > all.len() / 5, "{}", some.len());
        let policy = named(&some);
        for (first, second, third) in triples(&["a", "b", "c"]) {
            for path in [
                "/".to_owned(),
                format!("/{first}"),
                format!("/{first}/"),
                format!("/{first}/{second}"),
                format!("/{first}/{second}/"),
                format!("/{first}/{second}/{third}"),
                format!("/{first}/{second}/{third}/"),
            ] {
                let naive = some.iter().filter(|p| covers(p, &path)).min_by_key(|p| rank(p));
                let found = located(&policy, "GET", "a.example", &path).ok();
                assert_eq!(found.as_deref(), naive.copied(), "{path} of {some:?}");
            }
        }
    }
}

fn triples<'w>(words: &'w [&'w str]) -> impl Iterator<Item = (&'w str, &'w str, &'w str)> {
    words
        .iter()
        .flat_map(move |a| words.iter().flat_map(move |b| words.iter().map(move |c| (*a, *b, *c))))
}

fn covers(pattern: &str, path: &str) -> bool {
    let pattern: Vec<_> = pattern.split('/').collect();
    let path: Vec<_> = path.split('/').collect();
    let one = |(want, have): (&&str, &&str)| want == have || (*want == "*" && !have.is_empty());
    match pattern.split_last() {
        Some((&"**", before)) => path.len() > before.len() && before.iter().zip(&path).all(one),
        _ => pattern.len() == path.len() && pattern.iter().zip(&path).all(one),
    }
}

fn rank(pattern: &str) -> Vec<u8> {
    let rank = |segment| match segment {
        "**" => 2,
        "*" => 1,
        _ => 0,
    };
    pattern.split('/').map(rank).collect()
}
