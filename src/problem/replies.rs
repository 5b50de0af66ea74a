//! The replies to refusals, each written once: a flood is made of the same few.

use std::rc::Rc;

use super::{Protocol, Refusal, Schemes, reply};
use crate::message::Reply;

/// The replies that were given so far. There are no more of them than two for each public code and status.
#[derive(Debug)]
pub struct Replies {
    schemes: Schemes,
    written: Vec<Written>,
}

#[derive(Debug)]
struct Written {
    code: &'static str,
    status: u16,
    protocol: Protocol,
    reply: Rc<Reply>,
}

impl Replies {
    /// No replies yet, for callers who may prove in this way who they are.
    pub const fn new(schemes: Schemes) -> Self {
        Self { schemes, written: Vec::new() }
    }

    /// The public code of a refusal, and the reply to it.
    pub fn find(&mut self, refusal: &Refusal, protocol: Protocol) -> (&'static str, Rc<Reply>) {
        let row = refusal.row();
        let (code, status) = (row.code, row.kind.status());
        // INVARIANT: without these two, code, status and protocol say all that is in a reply.
        if refusal.allowed_methods().is_some() || refusal.retry_after().is_some() {
            return (code, Rc::new(reply(refusal, protocol, self.schemes)));
        }
        let is_it =
            |one: &&Written| one.status == status && one.protocol == protocol && one.code == code;
        if let Some(written) = self.written.iter().find(is_it) {
            return (code, Rc::clone(&written.reply));
        }
        let reply = Rc::new(reply(refusal, protocol, self.schemes));
        self.written.push(Written { code, status, protocol, reply: Rc::clone(&reply) });
        (code, reply)
    }
}
