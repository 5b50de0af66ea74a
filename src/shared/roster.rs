//! The root contexts that have served no request: those that heavy work is left to.
//!
//! Each one that is there writes itself down again and again, by the queue that wakes it; the others read
//! whom they may ask. Like all that is shared, the list is a hint: whoever is asked in vain costs a moment.

use std::time::Duration;

use super::{Cas, SharedData, WriteError};
use crate::time::Timestamp;

/// The list of one process. It has a fixed key and at most [`IdleRoots::MOST`] entries.
#[derive(Clone, Copy, Debug)]
pub struct IdleRoots;

impl IdleRoots {
    /// How many are listed. Where there are more, the others are not: any one is enough.
    pub const MOST: usize = 64;

    /// An entry is believed for so long after it was written, and whoever is idle writes once a second.
    pub const LIFE: Duration = Duration::from_secs(3);

    /// Writes down that the root which this queue wakes is idle.
    pub fn list(self, queue: u32, now: Timestamp, shared: &mut dyn SharedData) {
        rewrite(queue, Some(now), now, shared);
    }

    /// Takes it off the list.
    pub fn strike(self, queue: u32, now: Timestamp, shared: &mut dyn SharedData) {
        rewrite(queue, None, now, shared);
    }

    /// Tells the queues of all that are idle, but for the one of whoever asks.
    pub fn others(
        self,
        own: Option<u32>,
        now: Timestamp,
        shared: &mut dyn SharedData,
        tell: &mut dyn FnMut(u32),
    ) {
        if let Some((bytes, _)) = shared.read(KEY) {
            entries(&bytes, own, now, &mut |queue, _| tell(queue));
        }
    }
}

/// Tells all entries that are believed, with their queues, but for the one of this queue.
fn entries(
    bytes: &[u8],
    own: Option<u32>,
    now: Timestamp,
    tell: &mut dyn FnMut(u32, &[u8; ENTRY]),
) {
    let (all, _) = bytes.as_chunks::<ENTRY>();
    for entry in all.iter().take(IdleRoots::MOST) {
        let [a, b, c, d, time @ ..] = *entry;
        let queue = u32::from_le_bytes([a, b, c, d]);
        let at = Timestamp::from_millis(u64::from_le_bytes(time));
        // What is from far ahead was written under another clock.
        let is_believed = now.since(at) <= IdleRoots::LIFE && at.since(now) <= IdleRoots::LIFE;
        if is_believed && Some(queue) != own {
            tell(queue, entry);
        }
    }
}

fn rewrite(queue: u32, seen: Option<Timestamp>, now: Timestamp, shared: &mut dyn SharedData) {
    for _ in 0..TRIES {
        let (before, cas) = shared.read(KEY).unwrap_or((Vec::new(), Cas::CREATE));
        let mut list = Vec::with_capacity(IdleRoots::MOST * ENTRY + 1);
        entries(&before, Some(queue), now, &mut |_, entry| list.extend_from_slice(entry));
        if let Some(seen) = seen.filter(|_| list.len() < IdleRoots::MOST * ENTRY) {
            list.extend_from_slice(&queue.to_le_bytes());
            list.extend_from_slice(&seen.as_millis().to_le_bytes());
        }
        // The host does not tell a value of no bytes from none.
        list.push(0);
        if shared.write(KEY, &list, cas) != Err(WriteError::CasMismatch) {
            return;
        }
    }
}

const KEY: &str = "tenantgate/2/idle_roots";

/// The bytes of an entry: queue, and when it was written.
const ENTRY: usize = 12;

/// Whoever loses so often writes a second later.
const TRIES: u32 = 4;

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[derive(Default)]
    struct Map(HashMap<String, (Vec<u8>, u32)>);

    impl SharedData for Map {
        /// As the host does, which does not tell a value of no bytes from none.
        fn read(&mut self, key: &str) -> Option<(Vec<u8>, Cas)> {
            self.0
                .get(key)
                .filter(|(value, _)| !value.is_empty())
                .map(|(value, cas)| (value.clone(), Cas::from_host(*cas)))
        }

        fn write(&mut self, key: &str, value: &[u8], expected: Cas) -> Result<(), WriteError> {
            let cas = self.0.get(key).map_or(0, |(_, cas)| *cas);
            if cas != 0 && cas != expected.to_host() {
                return Err(WriteError::CasMismatch);
            }
            self.0.insert(key.to_owned(), (value.to_vec(), cas + 1));
            Ok(())
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1000);
    const NONE: [u32; 0] = [];

    fn others(own: Option<u32>, now: Timestamp, map: &mut Map) -> Vec<u32> {
        let mut others = Vec::new();
        IdleRoots.others(own, now, map, &mut |queue| others.push(queue));
        others
    }

    #[test]
    fn each_is_listed_once_and_sees_the_others_until_it_is_struck_off() {
        let mut map = Map::default();
        assert_eq!(others(None, NOW, &mut map), NONE);
        for queue in [1, 2, 1, 3] {
            IdleRoots.list(queue, NOW, &mut map);
        }
        assert_eq!(others(None, NOW, &mut map), [2, 1, 3]);
        assert_eq!(others(Some(1), NOW, &mut map), [2, 3]);
        IdleRoots.strike(2, NOW, &mut map);
        IdleRoots.strike(9, NOW, &mut map);
        assert_eq!(others(None, NOW, &mut map), [1, 3]);
    }

    #[test]
    fn who_is_not_heard_of_for_three_seconds_is_not_asked_nor_who_wrote_under_another_clock() {
        let mut map = Map::default();
        IdleRoots.list(1, NOW, &mut map);
        let over = IdleRoots::LIFE + Duration::from_millis(1);
        assert_eq!(others(None, NOW + IdleRoots::LIFE, &mut map), [1]);
        assert_eq!(others(None, NOW + over, &mut map), NONE);
        assert_eq!(others(None, NOW.before(IdleRoots::LIFE), &mut map), [1]);
        assert_eq!(others(None, NOW.before(over), &mut map), NONE);
        IdleRoots.list(2, NOW + over, &mut map);
        assert_eq!(map.0[KEY].0.len(), ENTRY + 1, "who is gone gives way");
    }

    #[test]
    fn a_list_that_nobody_stands_on_any_more_can_be_written_again() {
        let mut map = Map::default();
        IdleRoots.list(1, NOW, &mut map);
        IdleRoots.strike(1, NOW, &mut map);
        assert_eq!(others(None, NOW, &mut map), NONE);
        IdleRoots.list(2, NOW, &mut map);
        assert_eq!(others(None, NOW, &mut map), [2]);
    }

    #[test]
    fn the_list_is_bounded_and_what_no_root_wrote_is_no_entry() {
        let mut map = Map::default();
        for queue in 0..100 {
            IdleRoots.list(queue, NOW, &mut map);
        }
        assert_eq!(others(None, NOW, &mut map).len(), IdleRoots::MOST);
        assert_eq!(map.0[KEY].0.len(), IdleRoots::MOST * ENTRY + 1);
        map.0.insert(KEY.to_owned(), (vec![0; 5], 1));
        assert_eq!(others(None, NOW, &mut map), NONE);
        map.0.insert(KEY.to_owned(), (vec![0xff; 100_000], 1));
        assert_eq!(others(None, NOW, &mut map), NONE);
        IdleRoots.list(7, NOW, &mut map);
        assert_eq!(others(None, NOW, &mut map), [7]);
    }
}
