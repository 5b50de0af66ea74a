//! Requests put together by chance: no answer may be our fault, and no worker may fall.

use std::thread;

use crate::development::caller::Caller;
use crate::development::http_client::exchange;
use crate::lab::Lab;

#[test]
fn requests_of_random_bytes_are_the_callers_fault() {
    let lab = Lab::start();
    let token = lab.idp.sign(&Caller::of_tenant("acme").in_subtenant("north"));
    assert_eq!(lab.get_with_token("/api/assets/1", &token).status, 200);
    thread::scope(|scope| {
        for seed in 1..=4 {
            let (lab, token) = (&lab, &token);
            scope.spawn(move || {
                let mut chance = Chance(seed);
                for _ in 0..500 {
                    let request = request(&mut chance, token);
                    // Envoy may hang up on what is not HTTP; what it answers is not a 5xx.
                    if let Ok(answer) = exchange(lab.gateway, &request) {
                        let shown = String::from_utf8_lossy(&request);
                        assert!(
                            answer.status < 500,
                            "{}: {}\n{shown}",
                            answer.status,
                            answer.text()
                        );
                    }
                }
            });
        }
    });
    lab.assert_unharmed();
    lab.assert_nothing_leaked(&[token]);
}

/// A request whose head ends properly, so that an answer can be waited for.
fn request(chance: &mut Chance, token: &str) -> Vec<u8> {
    let mut bytes = chance
        .one_of(&["GET", "POST", "PUT", "HEAD", "get", "TRACE", "OPTIONS"])
        .as_bytes()
        .to_vec();
    bytes.push(b' ');
    bytes.extend(
        chance
            .one_of(&["/api/assets/", "/api/profile/", "/public/", "/", "*", "//", "http://a/"])
            .as_bytes(),
    );
    bytes.extend(chance.bytes(12, b" \r\n"));
    bytes.extend(b" HTTP/1.1\r\nconnection: close\r\n");
    for _ in 0..chance.below(6) {
        let name = chance.one_of(&[
            "host",
            "authorization",
            "x-tenant",
            "x_tenant",
            "content-type",
            "x-user",
            "te",
            "cookie",
            "x-forwarded-for",
            "x-note",
        ]);
        bytes.extend(name.as_bytes());
        bytes.extend(b": ");
        match chance.below(4) {
            0 => bytes.extend(format!("Bearer {token}").as_bytes()),
            1 => {
                // A good token with one byte changed.
                let mut changed = token.as_bytes().to_vec();
                let place = chance.below(changed.len());
                changed[place] = chance.byte(b"\r\n");
                bytes.extend(b"Bearer ");
                bytes.extend(changed);
            }
            _ => bytes.extend(chance.bytes(40, b"\r\n")),
        }
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"host: gateway.example\r\n\r\n");
    bytes
}

/// Numbers that look random and are the same in every run (xorshift64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    fn byte(&mut self, except: &[u8]) -> u8 {
        loop {
            let byte = self.next().to_le_bytes()[3];
            if !except.contains(&byte) {
                return byte;
            }
        }
    }

    fn bytes(&mut self, most: usize, except: &[u8]) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.byte(except)).collect()
    }
}
