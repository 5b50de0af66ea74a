use super::*;

fn path_without(target: &[u8]) -> Option<Vec<u8>> {
    let names = ["access_token", "jwt"].map(|name| ParameterName::parse(name).unwrap());
    Reduced::without_parameters(target, &names).map(|reduced| {
        assert_eq!(reduced.name(), ":path");
        reduced.expose().to_vec()
    })
}

fn cookies_without(fields: &[&[u8]]) -> Option<Option<Vec<u8>>> {
    let names = [CookieName::parse("t").unwrap()];
    let fields = fields.iter().map(|value| (COOKIE, *value));
    let left = Reduced::without_cookies(&RequestHead::new(fields.collect()), &names)?;
    Some(match left {
        CookiesLeft::None => None,
        CookiesLeft::Some(reduced) => {
            assert_eq!(reduced.name(), "cookie");
            Some(reduced.expose().to_vec())
        }
    })
}

#[test]
fn a_parameter_is_cut_out_and_the_rest_stays_as_it_was() {
    let rows = [
        ("/a?access_token=x", "/a"),
        ("/a?access_token", "/a"),
        ("/a?access_token=x&b=1", "/a?b=1"),
        ("/a?b=1&access_token=x", "/a?b=1"),
        ("/a?b=1&access_token=x&c=2", "/a?b=1&c=2"),
        ("/a?access_token=x&b&access%5ftoken=y&jwt=z", "/a?b"),
        ("/a?&access_token=x&&", "/a?&&"),
        ("/a?b=%ff%zz+&access_token=x&c=?&d=a=b", "/a?b=%ff%zz+&c=?&d=a=b"),
        ("/%61/b?access_token=x", "/%61/b"),
    ];
    for (target, expected) in rows {
        let left = path_without(target.as_bytes());
        assert_eq!(left.as_deref(), Some(expected.as_bytes()), "{target}");
    }
    for whole in ["/a", "/a?", "/a?b=1", "/a?b=access_token=x", "/access_token=x", "/a?&"] {
        assert_eq!(path_without(whole.as_bytes()), None, "{whole}");
    }
    assert_eq!(path_without(b"/a?\xff&jwt=1&\x00"), Some(b"/a?\xff&\x00".to_vec()));
}

#[test]
fn a_cookie_is_cut_out_and_the_others_stay_as_they_were() {
    let rows: [(&[&str], Option<&str>); 12] = [
        (&["t=x"], None),
        (&["t=x; t=y"], None),
        (&["t=x", "t=y"], None),
        (&["t=x; a=1"], Some("a=1")),
        (&["a=1; t=x"], Some("a=1")),
        (&["a=1; t=x; b=2"], Some("a=1; b=2")),
        (&["a=1;t=x;b=2"], Some("a=1;b=2")),
        (&["a=1", "t=x", "b=2"], Some("a=1; b=2")),
        (&["a=1", "b=2; t=x"], Some("a=1; b=2")),
        (&["a=\"q, r\";  b ; t = x ;c=ü"], Some("a=\"q, r\";  b ;c=ü")),
        (&["t; a=1"], Some("a=1")),
        (&["T=x; tt=y; t=z"], Some("T=x; tt=y")),
    ];
    for (fields, expected) in rows {
        let fields: Vec<_> = fields.iter().map(|field| field.as_bytes()).collect();
        let left = cookies_without(&fields);
        assert_eq!(left, Some(expected.map(|text| text.as_bytes().to_vec())), "{fields:?}");
    }
    for whole in ["", "a=1", "a=1; T=x", "a=t=x", "; "] {
        assert_eq!(cookies_without(&[whole.as_bytes()]), None, "{whole}");
    }
    assert_eq!(cookies_without(&[b"a=\xff\x80; t=1"]), Some(Some(b"a=\xff\x80".to_vec())));
}

/// All texts of up to `longest` of these pieces.
fn texts(alphabet: &[&[u8]], longest: usize) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    let mut begin = 0;
    for _ in 0..longest {
        let end = all.len();
        for index in begin..end {
            for piece in alphabet {
                let text = [all[index].as_slice(), piece].concat();
                all.push(text);
            }
        }
        begin = end;
    }
    all
}

#[test]
fn whatever_the_query_the_path_and_every_other_piece_stay_byte_by_byte() {
    let alphabet: [&[u8]; 8] = [b"?", b"&", b"=", b"jwt", b"%6Awt", b"#", b"\xff", b"a"];
    let name = ParameterName::parse("jwt").unwrap();
    let mut cut = 0;
    for query in texts(&alphabet, 5) {
        let target = [b"/p?".as_slice(), &query].concat();
        let is_other = |piece: &&[u8]| name.value_in(piece).is_none();
        let others: Vec<_> = pieces(&query).filter(is_other).collect();
        let Some(left) = path_without(&target) else {
            assert_eq!(others.len(), pieces(&query).count(), "{target:?}");
            continue;
        };
        cut += 1;
        let (path, rest) = split_query(&left);
        assert_eq!(path, b"/p", "{target:?}");
        let rest: Vec<_> = rest.into_iter().flat_map(pieces).collect();
        assert_eq!(rest, others, "{target:?}");
        assert_eq!(path_without(&left), None, "{target:?}");
    }
    assert!(cut > 1000, "{cut}");
}

#[test]
fn whatever_the_cookies_every_other_one_stays_byte_by_byte() {
    let alphabet: [&[u8]; 7] = [b";", b" ", b"=", b"t", b"\t", b"\"", b"\xff"];
    let name = CookieName::parse("t").unwrap();
    let mut cut = 0;
    for field in texts(&alphabet, 5) {
        let is_other = |piece: &&[u8]| name.value_in(piece).is_none();
        let trimmed = |text: &[u8]| -> Vec<Vec<u8>> {
            let others = cookie::pieces(text).filter(is_other).map(cookie::without_blanks);
            others.filter(|piece| !piece.is_empty()).map(<[u8]>::to_vec).collect()
        };
        let others = trimmed(&field);
        match cookies_without(&[&field]) {
            None => assert!(cookie::pieces(&field).all(|piece| is_other(&piece)), "{field:?}"),
            Some(None) => assert_eq!(others, Vec::<Vec<u8>>::new(), "{field:?}"),
            Some(Some(left)) => {
                cut += 1;
                assert_eq!(trimmed(&left), others, "{field:?}");
                assert_eq!(cookies_without(&[&left]), None, "{field:?}");
            }
        }
    }
    assert!(cut > 500, "{cut}");
}

#[test]
fn a_parameter_is_cut_out_of_a_referer_and_the_rest_but_its_fragment_stays() {
    let names = [ParameterName::parse("jwt").unwrap().in_any_case()];
    for (url, expected) in [
        ("https://h/p?jwt=x", Some("https://h/p")),
        ("https://h/p?a=1&JWT=x&&b=%2f+", Some("https://h/p?a=1&&b=%2f+")),
        ("/p?%4AwT", Some("/p")),
        ("https://h/p?jwt=x#f?jwt=y&jwt=z", Some("https://h/p")),
        ("https://h/p?a=1#jwt=y", Some("https://h/p?a=1")),
        ("https://h/p#", Some("https://h/p")),
        ("?jwt=x", Some("")),
        ("https://h/p?a=1", None),
        ("https://h/jwt=x", None),
        ("", None),
    ] {
        let left = Reduced::referer_without_parameters(url.as_bytes(), &names);
        let left = left.map(|reduced| {
            assert_eq!(reduced.name(), "referer");
            String::from_utf8(reduced.expose().to_vec()).unwrap()
        });
        assert_eq!(left.as_deref(), expected, "{url}");
    }
}

#[test]
fn debug_output_shows_no_value() {
    let names = [ParameterName::parse("jwt").unwrap()];
    let reduced = Reduced::without_parameters(b"/a?key=secret&jwt=x", &names);
    assert_eq!(format!("{reduced:?}"), "Some(<reduced :path>)");
}
