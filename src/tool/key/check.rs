//! What a gateway would say to a presented key.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::json;

use super::error::KeyError;
use crate::application_key::{
    Asked, Block, BlockError, Client, Document, KeyPlace, KeyRules, KeySet, Sharding, Use,
};
use crate::message::{CanonicalPath, PathRules, canonical_host, is_method};
use crate::secret::Secret;
use crate::time::{Leeway, Timestamp, utc};

/// A request with a key, as it reaches the gateway.
pub struct Presented<'a> {
    /// The key.
    pub key: &'a Secret<Vec<u8>>,
    /// The client's address; `None`: it cannot be read.
    pub address: Option<IpAddr>,
    /// The method.
    pub method: &'a str,
    /// The host, as its header has it.
    pub host: &'a str,
    /// The path, perhaps with a query.
    pub path: &'a str,
    /// Whether the key stands in the URL.
    pub is_in_url: bool,
}

/// What the gateway would say.
pub struct Answer {
    /// Whether the key lets the request in.
    pub is_allowed: bool,
    /// One object.
    pub json: String,
    /// One line.
    pub text: String,
}

/// What a gateway with this document would say, whatever else it is configured to.
///
/// # Errors
/// [`KeyError::Input`] if nobody could send such a request, and [`KeyError::TooLarge`].
pub fn check(
    document: &Document,
    rules: &KeyRules,
    presented: &Presented<'_>,
    now: Timestamp,
) -> Result<Answer, KeyError> {
    let path = CanonicalPath::parse(presented.path.as_bytes(), PathRules::default())
        .map_err(|_| KeyError::Input("the path: the gateway refuses it"))?;
    let host = canonical_host(presented.host.as_bytes())
        .map_err(|_| KeyError::Input("the host: the gateway refuses it"))?;
    if !is_method(presented.method.as_bytes()) {
        return Err(KeyError::Input("the method"));
    }
    let wanted = Use {
        now,
        leeway: Leeway::new(std::time::Duration::ZERO).unwrap_or(Leeway::DEFAULT),
        client: Client::At(presented.address),
        from: if presented.is_in_url { KeyPlace::Query } else { KeyPlace::Header },
        asked: Asked { method: presented.method, host: &host, path: path.as_str() },
    };
    let keys = key_set(document)?;
    Ok(match rules.judge(&keys, presented.key.expose(), &wanted) {
        Ok(grant) => {
            let ends = utc::written(grant.expires_at);
            let (tenant, subtenant) = (grant.tenancy.tenant(), grant.tenancy.subtenant());
            let object = json!({
                "allowed": true,
                "key": grant.name,
                "user": grant.user,
                "tenant": tenant.map(|tenant| tenant.as_str()),
                "subtenant": subtenant.map(|subtenant| subtenant.as_str()),
                "expires_at": ends,
            });
            let text = format!("allowed: `{}` as `{}` until {ends}\n", grant.name, grant.user);
            Answer { is_allowed: true, json: format!("{object:#}\n"), text }
        }
        Err(refusal) => {
            let (code, reason) = (refusal.refused.code().text(), refusal.refused.reason());
            let object = json!({
                "allowed": false,
                "key": refusal.name,
                "code": code,
                "reason": reason,
            });
            let key = refusal.name.map(|name| format!(": `{name}`")).unwrap_or_default();
            let text = format!("refused{key}: {reason}; the caller is told `{code}`\n");
            Answer { is_allowed: false, json: format!("{object:#}\n"), text }
        }
    })
}

/// Tried one after the other.
const SHARDS: [usize; 3] = [1, 16, 256];

/// All keys, in one shard, or in as many as a large document needs.
fn key_set(document: &Document) -> Result<KeySet, KeyError> {
    for count in SHARDS {
        let Some(sharding) = Sharding::of(count) else { continue };
        let shards = (0..count).filter_map(|index| sharding.shard(index));
        let blocks = shards.map(|shard| Block::of(document, shard).map(Arc::new));
        match blocks.collect::<Result<Vec<_>, BlockError>>() {
            Ok(blocks) => {
                return KeySet::new(sharding, blocks).map_err(|_| KeyError::TooLarge);
            }
            Err(_) => continue,
        }
    }
    Err(KeyError::TooLarge)
}
