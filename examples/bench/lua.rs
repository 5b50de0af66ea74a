//! `jwt_authn`, and a Lua script that does the rest of tenantgate's job.

use serde_json::{Value, json};

use crate::native::{CALLER, Cache, METADATA, Native, filter};
use crate::row::REPORTS;

/// The two filters: the token is verified by the first, the script looks at its scopes, keeps subtenants off
/// the route, sets the identity headers, and puts the technical token in the place of the caller's.
///
/// As in the native chain, that token is a fixed text, and other spellings of the headers stay.
pub fn filters(native: &Native, cache: Cache, technical_token: &str) -> Vec<Value> {
    let payload = json!({"forward": false, "payload_in_metadata": CALLER});
    let script = filter(
        "envoy.filters.http.lua",
        "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
        json!({"default_source_code": {"inline_string": script(technical_token)}}),
    );
    vec![native.authentication(cache, payload), script]
}

/// A JWT has no byte that ends a text in Lua.
fn script(technical_token: &str) -> String {
    format!(
        r#"
local token = "Bearer {technical_token}"

local function may_read(caller)
  for _, scope in ipairs(caller["scope"] or {{}}) do
    if scope == "assets.read" then return true end
  end
  return false
end

function envoy_on_request(handle)
  local caller = handle:streamInfo():dynamicMetadata():get("{METADATA}")["{CALLER}"]
  local headers = handle:headers()
  local is_refused = caller["subtenant"] ~= nil and headers:get(":path") == "{REPORTS}"
  if is_refused or not may_read(caller) then
    handle:respond({{[":status"] = "403"}}, "refused")
    return
  end
  headers:replace("x-tenant", caller["ten"])
  headers:replace("x-user", caller["user_id"])
  headers:replace("x-client", caller["client_id"])
  headers:replace("authorization", token)
end
"#
    )
}
