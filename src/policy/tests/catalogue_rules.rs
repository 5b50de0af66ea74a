//! The rules of the catalogue against plain scans: its tree, routes, other rules.

use std::sync::Arc;

use super::catalogue::{needs, rule};
use super::support::{caller, parts, request, route};
use crate::message::{PathRules, PathSpelling, RequestTarget, TrailingSlash};
use crate::policy::catalogue::{
    Catalogue, CatalogueRole, RoleScopes, RulePath, RuleReach, Standing,
};
use crate::policy::{Methods, PathPattern, Policy, Route, Subtenancy};

/// Every path of up to four segments over a small alphabet, with and without a slash at its end.
fn paths() -> Vec<String> {
    let mut paths = vec!["/".to_owned()];
    let mut last = vec![String::new()];
    for _ in 0..4 {
        let next: Vec<_> =
            last.iter().flat_map(|path| ["a", "b"].map(|s| format!("{path}/{s}"))).collect();
        paths.extend(next.iter().flat_map(|path| [path.clone(), format!("{path}/")]));
        last = next;
    }
    paths
}

/// Every pattern of up to three segments over the same alphabet and `*`, as they are written.
fn patterns() -> Vec<String> {
    let mut patterns = Vec::new();
    let mut last = vec![String::new()];
    for _ in 0..3 {
        last = last
            .iter()
            .flat_map(|path| ["a", "b", "*"].map(|segment| format!("{path}/{segment}")))
            .collect();
        patterns.extend(last.iter().cloned());
    }
    patterns
}

/// The plainest matcher: segment by segment, `rest` saying how many more there may be.
fn is_covered(pattern: &str, path: &str, rest: std::ops::RangeInclusive<usize>) -> bool {
    let (ours, theirs): (Vec<_>, Vec<_>) =
        (pattern.split('/').skip(1).collect(), path.split('/').skip(1).collect());
    theirs.len() >= ours.len()
        && rest.contains(&(theirs.len() - ours.len()))
        && ours.iter().zip(&theirs).all(|(o, t)| o == t || (*o == "*" && !t.is_empty()))
}

fn written_rules() -> Vec<(String, RuleReach, std::ops::RangeInclusive<usize>)> {
    let both = |path: String| {
        [(path.clone(), RuleReach::Exact, 0..=0), (path, RuleReach::Prefix, 0..=usize::MAX)]
    };
    let slashed = patterns().into_iter().map(|path| (format!("{path}/"), RuleReach::Exact, 0..=0));
    patterns().into_iter().flat_map(both).chain(slashed).collect()
}

#[test]
fn the_tree_finds_what_a_scan_over_all_rules_finds() {
    let rules = written_rules();
    let roles: Vec<_> = rules
        .iter()
        .enumerate()
        .map(|(index, (path, reach, _))| {
            let scopes = needs(&index.to_string());
            let rules = vec![rule(path, *reach, &["GET"], scopes)];
            CatalogueRole { name: Arc::from(index.to_string()), rules }
        })
        .collect();
    let catalogue = Catalogue::new(roles, TrailingSlash::Kept);
    let mut found_ones = 0;
    for path in paths() {
        let head = request("GET", "a.example", &path);
        let target = RequestTarget::parse(&head, PathRules::default()).unwrap();
        let mut found: Vec<usize> =
            catalogue.covering(&target).iter().map(|grant| grant.role.parse().unwrap()).collect();
        found.sort_unstable();
        let is_meant = |(_, (pattern, _, rest)): &(usize, &(String, RuleReach, _))| {
            is_covered(pattern, &path, std::ops::RangeInclusive::clone(rest))
        };
        let scan: Vec<usize> =
            rules.iter().enumerate().filter(is_meant).map(|(index, _)| index).collect();
        assert_eq!(found, scan, "{path}");
        found_ones += found.len();
        let post = request("POST", "a.example", &path);
        let post = RequestTarget::parse(&post, PathRules::default()).unwrap();
        assert_eq!(catalogue.standing(&post, &caller("A", Some("s"))), Standing::Uncovered);
    }
    assert!(found_ones > 500, "{found_ones}");
}

/// A route and an exact rule that are written alike are for the same requests.
#[test]
fn exact_rules_and_routes_agree_on_a_slash_at_the_end() {
    let mut opened = [0, 0];
    for (ignored, trailing_slash) in
        [TrailingSlash::Kept, TrailingSlash::Dropped].into_iter().enumerate()
    {
        for (written, reach, _) in written_rules() {
            if reach == RuleReach::Prefix || written.len() > 5 {
                continue;
            }
            let rules = vec![rule(&written, reach, &["GET"], RoleScopes::NotNeeded)];
            let roles = vec![CatalogueRole { name: Arc::from("role"), rules }];
            let catalogue = Arc::new(Catalogue::new(roles, trailing_slash));
            let asks =
                |name, path| Route { subtenancy: Subtenancy::Catalogue, ..route(name, path) };
            let mut parts = parts(vec![asks("same", &written), asks("others", "/**")]);
            parts.spelling = PathSpelling { trailing_slash, ..PathSpelling::default() };
            parts.catalogue = Some(Arc::clone(&catalogue));
            let policy = Policy::new(parts).unwrap();
            let pattern = PathPattern::parse(&written).unwrap();
            assert!(catalogue.meets(&pattern, &Methods::Any), "{written} {trailing_slash:?}");
            for path in paths() {
                let head = request("GET", "a.example", &path);
                let target = policy.target(&head).unwrap();
                let route = policy.locate(&target, &head).unwrap();
                let is_covered =
                    catalogue.standing(&target, &caller("A", Some("s"))) == Standing::Met;
                assert_eq!(
                    is_covered,
                    route.name() == "same",
                    "{path} {written} {trailing_slash:?}"
                );
                opened[ignored] += usize::from(is_covered);
            }
        }
    }
    assert!(opened[0] > 30 && opened[1] > opened[0], "{opened:?}");
}

#[test]
fn without_a_slash_at_the_end_a_rule_covers_its_path_alone_and_the_root_stays() {
    use TrailingSlash::{Dropped, Kept};
    let rows = [
        ("/a", Kept, vec!["/a"]),
        ("/a", Dropped, vec!["/a", "/a/"]),
        ("/a/", Kept, vec!["/a/"]),
        ("/a/", Dropped, vec!["/a", "/a/"]),
        ("/", Kept, vec!["/"]),
        ("/", Dropped, vec!["/"]),
    ];
    for (written, trailing_slash, expected) in rows {
        let rules = vec![rule(written, RuleReach::Exact, &["GET"], RoleScopes::NotNeeded)];
        let roles = vec![CatalogueRole { name: Arc::from("role"), rules }];
        let catalogue = Catalogue::new(roles, trailing_slash);
        let spelling = PathSpelling { trailing_slash, ..PathSpelling::default() };
        let is_covered = |path: &&str| {
            let head = request("GET", "a.example", path);
            let rules = PathRules { spelling, ..PathRules::default() };
            let target = RequestTarget::parse(&head, rules).unwrap();
            catalogue.standing(&target, &caller("A", Some("s"))) == Standing::Met
        };
        let covered: Vec<_> =
            ["/", "/a", "/a/", "/a/b", "/b", "/b/"].into_iter().filter(is_covered).collect();
        assert_eq!(covered, expected, "{written} {trailing_slash:?}");
    }
}

#[test]
fn two_rules_overlap_exactly_when_a_path_of_both_exists() {
    let paths = paths();
    let covered: Vec<(RulePath, Vec<bool>)> = written_rules()
        .into_iter()
        .map(|(path, reach, rest)| {
            let covered = paths.iter().map(|one| is_covered(&path, one, rest.clone())).collect();
            (RulePath::parse(&path, reach).unwrap(), covered)
        })
        .collect();
    let mut overlapping = 0;
    for (one, ours) in &covered {
        for (other, theirs) in &covered {
            let exists = ours.iter().zip(theirs).any(|(ours, theirs)| *ours && *theirs);
            assert_eq!(one.overlaps(other), exists, "{one:?} {other:?}");
            overlapping += usize::from(exists);
        }
    }
    assert!(overlapping > 1000, "{overlapping}");
}

#[test]
fn a_rule_meets_a_route_exactly_when_a_path_of_both_exists() {
    let routes = patterns().into_iter().flat_map(|path| {
        [
            (path.clone(), PathPattern::parse(&path).unwrap(), 0..=0),
            (path.clone(), PathPattern::parse(&format!("{path}/**")).unwrap(), 1..=usize::MAX),
        ]
    });
    let routes: Vec<_> = routes.collect();
    let paths = paths();
    let methods = Methods::only(["HEAD"]).unwrap();
    let other = Methods::only(["PUT"]).unwrap();
    let mut met = 0;
    for (rule_path, reach, rule_rest) in written_rules() {
        let rule = rule(&rule_path, reach, &["GET"], RoleScopes::Unknown);
        for (route_path, pattern, route_rest) in &routes {
            let exists = paths.iter().any(|path| {
                is_covered(&rule_path, path, rule_rest.clone())
                    && is_covered(route_path, path, route_rest.clone())
            });
            assert_eq!(rule.meets(pattern, &methods), exists, "{rule_path} {reach:?} {pattern}");
            assert!(!rule.meets(pattern, &other));
            met += usize::from(exists);
        }
    }
    assert!(met > 500, "{met}");
}
