//! How much is kept of requests that wait, all of a worker together: its memory never shrinks.

use std::cell::Cell;
use std::rc::Rc;

use crate::message::{RequestHead, Withheld};

/// The room for what is kept.
#[derive(Debug, Default)]
pub(super) struct Room {
    taken: Rc<Cell<usize>>,
}

/// What is kept of a request. It gives its room back when it goes.
#[derive(Debug, Eq, PartialEq)]
pub struct Kept {
    withheld: Withheld,
    taken: Rc<Cell<usize>>,
}

impl Room {
    /// Keeps that, if there is room for it.
    pub(super) fn keep(&self, withheld: Withheld) -> Option<Rc<Kept>> {
        let taken = self.taken.get().saturating_add(withheld.size());
        if taken > LIMIT {
            return None;
        }
        self.taken.set(taken);
        Some(Rc::new(Kept { withheld, taken: Rc::clone(&self.taken) }))
    }
}

impl Kept {
    /// The head as it was, of what is left of it in the proxy.
    #[must_use]
    pub fn restore<'h>(&'h self, head: &RequestHead<'h>) -> RequestHead<'h> {
        self.withheld.restore(head)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.taken.set(self.taken.get().saturating_sub(self.withheld.size()));
    }
}

/// How many bytes all of them have at most. A key with the path, the referer and the cookies around it has some hundred.
const LIMIT: usize = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::HeaderEdit;

    fn withheld(size: usize) -> Withheld {
        let value = vec![b'a'; size];
        let head = RequestHead::new(vec![(b"appkey", value.as_slice())]);
        Withheld::of(&head, &[HeaderEdit::Remove(Box::from(b"appkey".as_slice()))])
    }

    #[test]
    fn what_is_kept_is_bounded_and_gives_its_room_back() {
        let room = Room::default();
        let most = room.keep(withheld(LIMIT - 10)).unwrap();
        assert!(room.keep(withheld(11)).is_none());
        let rest = room.keep(withheld(10)).unwrap();
        assert!(room.keep(withheld(1)).is_none());
        drop(rest);
        assert!(room.keep(withheld(11)).is_none());
        drop(most);
        assert!(room.keep(withheld(LIMIT)).is_some());
        assert!(room.keep(withheld(LIMIT + 1)).is_none());
        assert_eq!(room.taken.get(), 0);
    }
}
