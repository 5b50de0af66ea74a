//! The command line of the demo.

use std::net::{SocketAddr, ToSocketAddrs as _};

use crate::place::Place;

/// What to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Command {
    Run,
    /// Without a place, the tour starts everything itself.
    Tour {
        place: Option<Place>,
    },
    IdentityProvider {
        listen: SocketAddr,
    },
    Upstream {
        listen: SocketAddr,
    },
}

impl Command {
    /// Reads the arguments; `None` if they are not understood or name a host that does not exist.
    pub fn parse(arguments: &[String]) -> Option<Self> {
        let words: Vec<_> = arguments.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["run"] => Some(Self::Run),
            ["tour"] => Some(Self::Tour { place: None }),
            ["tour", "--gateway", gateway, "--idp", identity_provider] => {
                let place = Place {
                    gateway: address_of(gateway)?,
                    egress: None,
                    identity_provider: address_of(identity_provider)?,
                };
                Some(Self::Tour { place: Some(place) })
            }
            ["idp", "--listen", address] => {
                Some(Self::IdentityProvider { listen: address.parse().ok()? })
            }
            ["upstream", "--listen", address] => {
                Some(Self::Upstream { listen: address.parse().ok()? })
            }
            _ => None,
        }
    }
}

/// The address behind `http://host:port`, an optional slash at its end.
fn address_of(url: &str) -> Option<SocketAddr> {
    let authority = url.strip_prefix("http://")?.trim_end_matches('/');
    authority.to_socket_addrs().ok()?.next()
}

#[cfg(test)]
mod tests {
    use super::{Command, Place};

    fn parse(line: &str) -> Option<Command> {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        Command::parse(&words)
    }

    #[test]
    fn every_documented_command_line_is_understood() {
        let place = Place {
            gateway: "127.0.0.1:1".parse().unwrap(),
            egress: None,
            identity_provider: "127.0.0.1:2".parse().unwrap(),
        };
        let listen = "0.0.0.0:18001".parse().unwrap();
        for (line, expected) in [
            ("run", Command::Run),
            ("tour", Command::Tour { place: None }),
            (
                "tour --gateway http://127.0.0.1:1 --idp http://127.0.0.1:2/",
                Command::Tour { place: Some(place) },
            ),
            ("idp --listen 0.0.0.0:18001", Command::IdentityProvider { listen }),
            ("upstream --listen 0.0.0.0:18001", Command::Upstream { listen }),
        ] {
            assert_eq!(parse(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn anything_else_is_not_guessed_at() {
        for line in [
            "",
            "runs",
            "run now",
            "tour --gateway http://127.0.0.1:1",
            "idp",
            "idp --listen 18001",
            "tour --gateway 127.0.0.1:1 --idp http://127.0.0.1:2",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
