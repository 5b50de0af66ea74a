//! Private keys and certificates in the place of those that are not here. They are known to everybody and
//! belong to nobody.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::crypto::PrivateKey;

/// The private key that signs by an algorithm.
pub(super) fn private_key(algorithm: Option<&str>) -> &'static str {
    match algorithm {
        Some("ES384") => P384,
        Some("ES512") => P521,
        Some("RS256" | "RS384" | "RS512") => RSA,
        Some(_) | None => MADE_UP_KEY,
    }
}

/// What the filter takes for the certificate of a private key: it holds the public half.
pub(super) fn certificate(key: &str) -> String {
    let key = PrivateKey::parse_pem(key).map(|key| key.public_der()).unwrap_or_default();
    let der = [&[0x30, 0x82, 0x01, 0x00][..], &[0; 0x80], &key].concat();
    format!("-----BEGIN CERTIFICATE-----{}-----END CERTIFICATE-----", STANDARD.encode(der))
}

/// That of P-256 whose number is 1. It may also stand for a secret.
pub(super) const MADE_UP_KEY: &str = "-----BEGIN PRIVATE KEY-----MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGhRANCAARrF9Hy4SxCR/i85uVjpEDydwN9gS3rM6D0oTlF2JjClk/jQuL+Gn+bjufrSnwPnhYrzjNXazFezsu2QGg3v1H1-----END PRIVATE KEY-----";

/// That of P-384 whose number is 1.
const P384: &str = "-----BEGIN PRIVATE KEY-----MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGhZANiAASqh8oivosFN46xxx7zIK10bh07Younm5hZ90HgglQqOFUC8l2/VSlsOlReOHJ2Crc2F95KliYsb12emL+Sktwp+PQdvSiaFHzp2jETtfC4wApgsc4dfoGdekMdfJDqDl8=-----END PRIVATE KEY-----";

/// That of P-521 whose number is 1.
const P521: &str = "-----BEGIN PRIVATE KEY-----MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGhgYkDgYYABADGhY4GtwQE6c2ePstmI5W0QpxkgTkFP7Uh+CivYGtNPbqhS1537+dZKP4dwSei/6jeM0izwYVqQpv5fn4xwuW9ZgEYOSlqeJo7wARcil+0LH0b2Zj1RElXm0RoF6+9Fyc+ZiyX7nKZXvQmQMVQuQE/rQdhNTxwhqJywkCIvpR2n9FmUA==-----END PRIVATE KEY-----";

/// One of RSA of 2,048 bits, made for this.
const RSA: &str = "-----BEGIN PRIVATE KEY-----MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDIN/DiCCF01klShxYe7pPcO5J8DjnNkRdIMuKDe5SV91rBZjEA6RKYle/pQ4182p6Dg1VzIaajaVX/oVIP7F5KQphDgYrQvuY07uyXh+M2WcFmnj7LTV+SSfsZtHoQja/Rpb9azEc6O9MCO/OG+BwvEtG3OFUIGDtvuMS+lVfzIDQHPgmREAj2ZQjPG9fwBSWgo9r7+v3XwtTxIlHOlDykXA4kZHu/Eq6MIsfE31degvGi5uuX2Rlxcv5FlyC9fcpr7vLrgYBg9/DBt44VT6CZdCJRwzebP2EEXWtFBDIQSbO5vbY/0yLT8a+YqAO44i+2Skg5ndoDHa7ugABBiJItAgMBAAECggEALp6F7l91yNJvcrGlFzE2iQBvAIdAcsrOmL9Oak6PX6bfgSo2DU/3xkMdQFt8GZ7+60Dcl+j1N9X6UgIiTTZckx5z/T3v0GCu0hLy0Gqx31EhXO9KUES1FOc4ejkBdhLDpkVZa78mc5sD7CCA+QOS7mwLnEWX2QFpb39egkDcYG3M0/rmhYz9bSH7uInhtsJ5Wqer66J+gFIUM9Ciylb+rm0gxrfC22tBzaYq1Z7qjtRPiW5dogUJTDVcpGY6u/RCb6ol47krXZzQGw5AJTIMgfftO4roE455X4DV5WOrU4yJthn6tUAlp+5nGWtRMAoc9MGNlp7SxHvWXb/37MQLsQKBgQDulpuoH+oJsok6aE2eIY+sOtPGSUvd4Okcs59/z7lAOoAT59ljr36vWdD9R4tJ1sGq4+mz1MUY0d9TP8eod7N0pj7HIdiLIlFijS+cgGDncGEToZwj/Gfp4AU1EYgRU6qccWd/7CSvzDNDH0ShXtxFz/K+PPWmUWNsbLwy4jnlPQKBgQDW1H6n4KSAmUwDCVKpNMk+ekiTCLr94NJwPjOY6S4WGnPZQdTWJxaGNEueHJ4yP8qqNCJuMsmpdW2hcGqsFj8w9DpfRH1mwYF/WzcO6V4sGzBnZZFUpT6/vtDiY0mWCUc3ncQjEoeK9Lf8QMdJ4tLNDRlSsr0Sx0mRhnxlUYSPsQKBgC04BDZgHhZKbTHRtOxEhhtpZtvM5oEd8HCNJqytrPmcXMvpBE2dZFBNoItwdNjAyCHgYlm/+L8Uf9QiYW/vh+aS35EUPBtanLwl8CEkP7l9lhiHZ7V2UCeGWtZNBVHrXomaALjBA88Bz7FoCrTe6raci/A8U357LHHPRfgK4lgtAoGAaI/AncEvEBCM+KVfAFBa6vflvvru2IbGpi8AOhq0fbmeTU5HY3xe8C8f5vMS5G48HB+H6o75rGslUwA+S0gAtbkJeDkDuDHS78Pbxnw7g8gwBQNgewx6wCUF0kp1FHurmBxHzLJGGpIFwtdcqE+oPnlzq9anRC6PVi9Y+I92r+ECgYBIBnz0zhOzI7kPaVirnOjN//kRymM6+3DvNnSdxb6vrSI3LURBMtrMEiDdKT7jlnL3yuf/HrcfFvj128VJfYM0HIgnMZgg3Ol/Ypiu1Gg5xQXsLq8MzvnOXOtl56PBRi0Vl1hVAiJ2ODi8Qz7FajxhDzjwTCUWbmKdDSyUXkMG1A==-----END PRIVATE KEY-----";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::technical_token::SigningKey;

    #[test]
    fn there_is_a_key_for_every_algorithm_that_signs_and_a_certificate_of_it() {
        for algorithm in ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512"] {
            let pem = private_key(Some(algorithm));
            let secret = crate::secret::Secret::new(pem.to_owned());
            let stated = crate::crypto::Algorithm::from_name(algorithm);
            let key = SigningKey { pem: secret, algorithm: stated }.read().unwrap();
            assert!(!key.is_short());
            let certificate = certificate(pem);
            let der = certificate.split("-----").nth(2).map(|text| STANDARD.decode(text).unwrap());
            assert!(key.is_certified_by(&der.unwrap()), "{algorithm}");
        }
    }
}
