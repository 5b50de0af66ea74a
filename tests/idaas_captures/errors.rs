//! The recorded answers that are refusals, or odd: what becomes of each, and where that is not what the
//! vendor's client makes of it.

use tenantgate::technical_token::idaas::{Wish, openapi_grant, token_grant};
use tenantgate::technical_token::{AnswerError, Refusal, TokenRejected};

use super::client::{method, scope};
use super::form_call;
use super::openapi::signed_call;
use super::recorded::{Change, Recorded, captures, compared, response, text};

/// What becomes of an answer.
struct Row {
    id: &'static str,
    /// `None`: there is no answer.
    result: Option<Result<(), AnswerError>>,
    /// Code and request id for the log.
    words: (&'static str, &'static str),
    /// What the vendor's client does instead; empty where it does the same.
    vendor: &'static str,
}

const fn refused(
    id: &'static str,
    (status, error): (u16, Option<&'static str>),
    words: (&'static str, &'static str),
    vendor: &'static str,
) -> Row {
    Row { id, result: Some(Err(AnswerError::Status { status, error })), words, vendor }
}

const fn read(id: &'static str, result: Result<(), AnswerError>, vendor: &'static str) -> Row {
    Row { id, result: Some(result), words: ("", ""), vendor }
}

const ROWS: [Row; 19] = [
    refused("ERR_302", (302, None), ("", ""), ""),
    refused("ERR_400", (400, Some("invalid_client")), ("invalid_client", "RID1"), ""),
    refused("ERR_400_empty", (400, None), ("", ""), "loses the status"),
    refused("ERR_400_list", (400, None), ("", ""), "ends with an internal error"),
    refused(
        "ERR_400_pending",
        (400, Some("authorization_pending")),
        ("authorization_pending", ""),
        "loses the code",
    ),
    refused("ERR_400_text", (400, None), ("", ""), "loses the status"),
    refused("ERR_401_pop", (401, Some("Forbidden")), ("Forbidden", "RID2"), ""),
    refused(
        "ERR_429",
        (429, Some("too_many_requests")),
        ("too_many_requests", ""),
        "loses the code",
    ),
    refused("ERR_500", (500, Some("server_error")), ("server_error", ""), ""),
    read("OK_badjson", Err(AnswerError::NotJson), ""),
    read("OK_dpop", Err(AnswerError::Rejected(TokenRejected::NotBearer)), "takes the token"),
    read("OK_no_expires_at", Ok(()), "asks anew at every use, twice"),
    read("OK_no_expires_in", Ok(()), ""),
    read("OK_no_token", Err(AnswerError::NotAGrant), "goes on without a token"),
    read("OK_str_expires", Ok(()), "ends with an internal error"),
    refused("PLUGIN_403", (403, Some("NoPermission")), ("NoPermission", "RID3"), ""),
    refused("PLUGIN_429", (429, Some("Throttling")), ("Throttling.User", "RID5"), ""),
    refused("PLUGIN_503", (503, Some("ServiceUnavailable")), ("ServiceUnavailable", "RID4"), ""),
    Row {
        id: "TIMEOUT",
        result: None,
        words: ("", ""),
        vendor: "waits 10 s whatever is configured",
    },
];

#[test]
fn every_recorded_error_has_its_documented_result_or_a_better_one() {
    let file = captures();
    let cases = file["error_responses"].as_array().unwrap();
    let mut requests = 0;
    for case in cases {
        let id = text(&case["id"]);
        let row = ROWS.iter().find(|row| row.id == id).unwrap_or_else(|| panic!("{id}"));
        for recorded in case["requests"].as_array().unwrap() {
            let is_plugin = method(case) == "PLUGIN";
            if is_plugin {
                signed_call(id, case, Recorded(recorded), &[]);
            } else {
                let call = form_call(case, Wish::Token(&scope(case)), None, &[]);
                Recorded(recorded).assert_is(id, &call, &Change::None, &[]);
            }
            requests += 1;
            assert_eq!(recorded["response"].is_null(), row.result.is_none(), "{id}");
            let Some(expected) = row.result else { continue };
            let response = response(&recorded["response"]);
            let grant = if is_plugin { openapi_grant(&response) } else { token_grant(&response) };
            let result = grant.map(|grant| {
                assert_eq!(grant.token.expose(), b"t");
                assert!(grant.expires_in.is_some() || grant.expires_at.is_some(), "{id}");
            });
            assert_eq!(result, expected, "{id} ({})", row.vendor);
            let Refusal { code, request_id, .. } = Refusal::read(&response);
            let words =
                [code, request_id].map(|word| word.map_or(String::new(), |w| w.to_string()));
            assert_eq!(words, [row.words.0, row.words.1], "{id}");
        }
    }
    assert_eq!((cases.len(), requests, compared()), (19, 26, 26));
}
