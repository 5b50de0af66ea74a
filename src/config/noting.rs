//! `filter_state`: which requests leave something there.

/// Which requests leave what in filter state. Each value costs the proxy about a microsecond, and a flood is
/// made of refusals.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Noting {
    /// All, all that is known.
    Always,
    /// None, nothing.
    Never,
    /// Those that are refused: why, where and who asks. Those that would be refused or would wait (report-only), and
    /// those that we answer: all that is known.
    Refusals,
}
