//! What workers share of a store of application keys.

use tenantgate::shared::KeyBoard;

/// Reads a board. What is read is what was written: each board has one spelling.
pub fn run(data: &[u8]) {
    let Some(board) = KeyBoard::decode(data) else { return };
    assert!(board.shards.len() <= 256 && board.tag.len() <= KeyBoard::TAG_LIMIT);
    assert_eq!(board.encode(), data);
}
