//! The segments of a path.

/// What stands between the slashes. The library's `split` looks for any character, which takes three functions more.
#[derive(Clone, Debug)]
pub struct Segments<'a>(Option<&'a str>);

/// The segments of a path that begins with a slash; of another one, an empty segment.
pub(crate) fn segments(path: &str) -> Segments<'_> {
    Segments(Some(path.strip_prefix('/').unwrap_or_default()))
}

impl<'a> Iterator for Segments<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0?;
        let slash = rest.bytes().position(|byte| byte == b'/');
        self.0 = slash.and_then(|at| rest.get(at + 1..));
        Some(slash.and_then(|at| rest.get(..at)).unwrap_or(rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_what_the_library_splits_a_path_into() {
        for path in ["/", "//", "/a", "/a/", "/a//b", "/caf\u{e9}/\u{1F600}/", "/a/b/c"] {
            let split: Vec<_> = path.split('/').skip(1).collect();
            assert_eq!(segments(path).collect::<Vec<_>>(), split, "{path}");
        }
        assert_eq!(segments("a/b").collect::<Vec<_>>(), [""]);
    }
}
