//! What one signature costs in Envoy. This asserts nothing about time: `scripts/bench.sh --signatures` runs it
//! and shows what it prints.

use std::io::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenantgate::crypto::{Algorithm, Verdict};

use crate::judge::Judge;
use crate::vectors::question::{Measurement, Signature};
use crate::vectors::signatures::FILES;
use crate::vectors::tokens;

#[test]
#[ignore = "a measurement, not a test"]
fn the_cost_of_one_signature() {
    let judge = Judge::start();
    let mut output = io::stdout().lock();
    writeln!(output, "\n{}\n| Algorithm | host, us | Wasm code, us |", judge.version()).unwrap();
    for algorithm in Algorithm::ALL {
        let measurement = Measurement { signature: valid_signature(algorithm), turns: TURNS };
        let (mut host, mut wasm) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..ROUNDS {
            let duration = judge.measure(&measurement);
            host = host.min(duration.host.unwrap_or(f64::INFINITY));
            wasm = wasm.min(duration.wasm);
        }
        let microseconds = |nanoseconds: f64| match nanoseconds / 1e3 {
            none if none.is_infinite() => "-".to_owned(),
            some => format!("{some:.1}"),
        };
        let (host, wasm) = (microseconds(host), microseconds(wasm));
        writeln!(output, "| {} | {host} | {wasm} |", algorithm.name()).unwrap();
    }
}

/// One by a key that is usual: of 2,048 bits, if it is of RSA.
fn valid_signature(algorithm: Algorithm) -> Signature {
    if algorithm == Algorithm::Ps512 {
        return of_token("PS512_2048");
    }
    let usual = |name: &str| !name.contains("_4096_") && !name.contains("_8192_");
    let file = FILES.iter().find(|file| file.algorithm == algorithm && usual(file.name)).unwrap();
    let mut vectors = file.vectors().into_iter();
    vectors.find(|vector| vector.expected == Verdict::Valid).unwrap().question
}

/// The signature of a valid token by the RSA key of this name.
fn of_token(kid: &str) -> Signature {
    let mut vectors = tokens::wycheproof().into_iter();
    let vector = vectors.find(|vector| vector.key["kid"] == kid && vector.is_accepted).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let decoded = |text: &str| hex(&URL_SAFE_NO_PAD.decode(text).unwrap());
    let (message, signature) = vector.token.rsplit_once('.').unwrap();
    Signature {
        algorithm: vector.kind,
        key: ["n", "e"].map(|name| decoded(vector.key[name].as_str().unwrap())).into(),
        message: hex(message.as_bytes()),
        signature: decoded(signature),
    }
}

/// In one request.
const TURNS: u32 = 30;
/// Requests for each algorithm. The shortest turn of all counts: what runs beside it only makes one longer.
const ROUNDS: u32 = 10;
