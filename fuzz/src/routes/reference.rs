//! The documented order of routes, by looking at every one of them.

use tenantgate::message::{LetterCase, Opaque, TrailingSlash};

use super::table::{Row, Table};

/// A naive reading of `docs/configuration.md`.
pub struct Reference<'t> {
    rows: Vec<Plain<'t>>,
}

struct Plain<'t> {
    row: &'t Row,
    /// The segments of its path as they are compared; `None` is `*`.
    segments: Vec<Option<String>>,
    has_rest: bool,
}

/// Greater is more specific.
type HostRank = (u8, usize);

impl<'t> Reference<'t> {
    pub fn new(table: &'t Table) -> Self {
        let plain = |row: &'t Row| {
            let mut texts: Vec<&str> = row.path.split('/').skip(1).collect();
            let has_rest = texts.last() == Some(&"**");
            let drops_slash = table.spelling.trailing_slash == TrailingSlash::Dropped
                && texts.len() > 1
                && texts.last() == Some(&"");
            if has_rest || drops_slash {
                texts.pop();
            }
            let segment = |text: &str| match text {
                "%61" => Some("a".to_owned()),
                "%E5%85%AC" => Some("公".to_owned()),
                _ if text == "*" || text.starts_with('{') => None,
                _ if table.spelling.letter_case == LetterCase::Folded => Some(text.to_lowercase()),
                _ => Some(text.to_owned()),
            };
            Plain { row, segments: texts.into_iter().map(segment).collect(), has_rest }
        };
        Self { rows: table.rows.iter().map(plain).collect() }
    }

    /// The name of the route of a request, or why there is none.
    pub fn locate(
        &self,
        method: &str,
        host: &str,
        segments: &[&str],
        fields: &[(&str, &str)],
    ) -> Result<String, &'static str> {
        let is_opaque = |segment: &str| segment.contains(';') || segment.contains("%2F");
        if !segments.iter().any(|segment| is_opaque(segment)) {
            let best = self.pattern(host, segments);
            return Self::route(&best, method, fields).map(|plain| plain.row.name.clone());
        }
        let best = self.pattern(host, segments);
        let first = best.first().ok_or("ambiguous")?;
        let is_same = |readings: Vec<Vec<String>>| {
            readings.iter().all(|reading| {
                let reading: Vec<&str> = reading.iter().map(String::as_str).collect();
                let names = |best: &[&Plain<'_>]| -> Vec<String> {
                    best.iter().map(|plain| plain.row.name.clone()).collect()
                };
                names(&self.pattern(host, &reading)) == names(&best)
            })
        };
        let before = segments.iter().take(first.segments.len());
        if !first.has_rest
            || before.into_iter().any(|s| is_opaque(s))
            || !is_same(readings(segments))
        {
            return Err("ambiguous");
        }
        let route = Self::route(&best, method, fields).map_err(|_| "ambiguous")?;
        let text = segments.join("/");
        let Opaque { encoded_slash, path_parameters } = route.row.opaque;
        if (text.contains("%2F") && !encoded_slash) || (text.contains(';') && !path_parameters) {
            return Err("ambiguous");
        }
        Ok(route.row.name.clone())
    }

    /// The names of the routes of highest rank for a request as an error shows it.
    pub fn best(&self, example: &str) -> Vec<&'t str> {
        let mut texts = example.split('`');
        let request = texts.nth(1).expect("a request");
        let fields: Vec<&str> = texts.skip(1).step_by(2).collect();
        let (method, url) = request.split_once(" https://").expect("method and URL");
        let (host, path) = url.split_once('/').expect("host and path");
        let decoded = path.replace("%E5%85%AC", "公");
        let segments: Vec<&str> = decoded.split('/').collect();
        let best = self.pattern(host, &segments);
        let fitting = fitting(&best, method);
        let met: Vec<_> = fitting.iter().filter(|plain| plain.is_met(&fields)).collect();
        let rivals = met.iter().filter(|one| {
            let beats = |other: &Plain<'_>| {
                other.row.headers.len() > one.row.headers.len()
                    && one.row.headers.iter().all(|name| other.row.headers.contains(name))
            };
            !met.iter().any(|other| beats(other))
        });
        rivals.map(|plain| plain.row.name.as_str()).collect()
    }

    /// No two routes of one host and pattern may have the same rank.
    pub fn check_ranks(&self) {
        for (index, one) in self.rows.iter().enumerate() {
            for other in self.rows.iter().skip(index + 1) {
                let hosts = one.row.hosts.iter().any(|host| other.row.hosts.contains(host));
                let paths = (&one.segments, one.has_rest) == (&other.segments, other.has_rest);
                let (a, b) = (&one.row.methods, &other.row.methods);
                let methods = (a.is_empty() && b.is_empty()) || a.iter().any(|m| b.contains(m));
                let (a, b) = (&one.row.headers, &other.row.headers);
                let contains = |a: &[&str], b: &[&str]| b.iter().all(|name| a.contains(name));
                let is_nested = a.len() != b.len() && (contains(a, b) || contains(b, a));
                let (a, b) = (&one.row, &other.row);
                assert!(!(hosts && paths && methods && !is_nested), "{a:?} and {b:?}");
            }
        }
    }

    /// All routes of the most specific host, and of those all of the most specific pattern.
    fn pattern(&self, host: &str, segments: &[&str]) -> Vec<&Plain<'t>> {
        let rank =
            |plain: &Plain<'_>| plain.row.hosts.iter().filter_map(|own| host_rank(own, host)).max();
        let best = self.rows.iter().filter_map(rank).max();
        let on_host = self.rows.iter().filter(|plain| {
            best.is_some() && { plain.row.hosts.iter().any(|own| host_rank(own, host) == best) }
        });
        let covering: Vec<_> = on_host.filter(|plain| plain.covers(segments)).collect();
        let first = covering.iter().map(|plain| plain.rank()).min();
        covering.into_iter().filter(|plain| Some(plain.rank()) == first).collect()
    }

    fn route<'p>(
        pattern: &[&'p Plain<'t>],
        method: &str,
        fields: &[(&str, &str)],
    ) -> Result<&'p Plain<'t>, &'static str> {
        if pattern.is_empty() {
            return Err("no_route");
        }
        let mut fitting = fitting(pattern, method);
        if fitting.is_empty() {
            return Err("method_not_allowed");
        }
        fitting.sort_by_key(|plain| std::cmp::Reverse(plain.row.headers.len()));
        let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        for plain in fitting {
            // `x_a` alone is `x-a` for some servers, and one without a value is none.
            let is_disputed = |name: &&str| {
                let is_alike = names.contains(&name.replace('-', "_").as_str());
                fields.contains(&(*name, "")) || (!names.contains(name) && is_alike)
            };
            if plain.row.headers.iter().any(is_disputed) {
                return Err("header_condition_unmatched");
            }
            if plain.is_met(&names) {
                return Ok(plain);
            }
        }
        Err("header_condition_unmatched")
    }
}

fn fitting<'p, 't>(pattern: &[&'p Plain<'t>], method: &str) -> Vec<&'p Plain<'t>> {
    let lists = |plain: &Plain<'_>| {
        let methods = &plain.row.methods;
        methods.contains(&method) || (method == "HEAD" && methods.contains(&"GET"))
    };
    let listed: Vec<_> = pattern.iter().copied().filter(|plain| lists(plain)).collect();
    if !listed.is_empty() {
        return listed;
    }
    pattern.iter().copied().filter(|plain| plain.row.methods.is_empty()).collect()
}

impl Plain<'_> {
    fn is_met(&self, fields: &[&str]) -> bool {
        self.row.headers.iter().all(|name| fields.contains(name))
    }

    fn covers(&self, segments: &[&str]) -> bool {
        let fits = |(own, segment): (&Option<String>, &&str)| match own {
            Some(literal) => literal == segment,
            None => !segment.is_empty(),
        };
        let is_long_enough = match self.has_rest {
            true => segments.len() > self.segments.len(),
            false => segments.len() == self.segments.len(),
        };
        is_long_enough && self.segments.iter().zip(segments).all(fits)
    }

    fn rank(&self) -> Vec<u8> {
        let rank = |segment: &Option<String>| u8::from(segment.is_none());
        self.segments.iter().map(rank).chain(self.has_rest.then_some(2)).collect()
    }
}

fn host_rank(pattern: &str, host: &str) -> Option<HostRank> {
    match pattern.strip_prefix('*') {
        None => (pattern == host).then_some((2, 0)),
        Some("") => Some((0, 0)),
        Some(end) => host.ends_with(end).then_some((1, end.len())),
    }
}

/// What else servers could take the segments for.
fn readings(segments: &[&str]) -> Vec<Vec<String>> {
    let bare = |segment: &&str| segment.split(';').next().unwrap_or_default().to_owned();
    let split = |path: &[String]| -> Vec<String> {
        path.iter().flat_map(|segment| segment.split("%2F")).map(str::to_owned).collect()
    };
    let as_it_is: Vec<String> = segments.iter().map(|&segment| segment.to_owned()).collect();
    let without: Vec<String> = segments.iter().map(bare).collect();
    let joined = as_it_is.join("/");
    let cut = joined.split(';').next().unwrap_or_default();
    let cut: Vec<String> = cut.split('/').map(str::to_owned).collect();
    vec![split(&as_it_is), split(&without), without, split(&cut), cut]
}
