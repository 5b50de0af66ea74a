//! A table by the host's numbers of streams, for what each request looks up. They count up and nobody chooses them, so
//! one multiplication spreads them: no secret, no call, no memory of its own for each.

/// Values by numbers.
#[derive(Debug)]
pub(crate) struct Numbered<V> {
    /// As many as a power of two, or none. Half of them are free at least, and each value stands at its home or in the
    /// unbroken row behind it.
    slots: Vec<Option<(u32, V)>>,
    taken: usize,
}

impl<V> Numbered<V> {
    /// A table of nothing, without memory.
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), taken: 0 }
    }

    /// The value of a number.
    pub(crate) fn get(&self, number: u32) -> Option<&V> {
        let (_, value) = self.slots.get(self.place(number))?.as_ref()?;
        Some(value)
    }

    /// Gives the number that value, and returns the one it had.
    pub(crate) fn insert(&mut self, number: u32, value: V) -> Option<V> {
        if self.taken.saturating_mul(2) >= self.slots.len() {
            self.grow();
        }
        let place = self.place(number);
        let before = self.slots.get_mut(place)?.replace((number, value));
        self.taken = self.taken.saturating_add(usize::from(before.is_none()));
        before.map(|(_, value)| value)
    }

    /// Takes a number out.
    pub(crate) fn remove(&mut self, number: u32) -> Option<V> {
        let mut hole = self.place(number);
        let (_, removed) = self.slots.get_mut(hole)?.take()?;
        self.taken = self.taken.saturating_sub(1);
        // Those behind it that would no longer be found move up.
        let mut at = self.after(hole);
        while let Some(Some((other, _))) = self.slots.get(at) {
            let (way, gap) = (at.wrapping_sub(home(*other)), at.wrapping_sub(hole));
            if way & self.mask() >= gap & self.mask() {
                self.slots.swap(at, hole);
                hole = at;
            }
            at = self.after(at);
        }
        Some(removed)
    }

    /// Where the number stands, or would.
    fn place(&self, number: u32) -> usize {
        let mut at = home(number) & self.mask();
        while let Some(Some((other, _))) = self.slots.get(at)
            && *other != number
        {
            at = self.after(at);
        }
        at
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let slots = self.slots.len().saturating_mul(2).max(FEW);
        let before = std::mem::take(self);
        self.slots.resize_with(slots, || None);
        for (number, value) in before.slots.into_iter().flatten() {
            self.insert(number, value);
        }
    }

    fn after(&self, place: usize) -> usize {
        place.wrapping_add(1) & self.mask()
    }

    const fn mask(&self) -> usize {
        self.slots.len().saturating_sub(1)
    }
}

impl<V> Default for Numbered<V> {
    fn default() -> Self {
        Self::new()
    }
}

/// The high half of the product tells the numbers apart best, so it comes first.
fn home(number: u32) -> usize {
    usize::try_from(number.wrapping_mul(GOLDEN).rotate_left(16)).unwrap_or_default()
}

/// 2^32 divided by the golden ratio, made odd.
const GOLDEN: u32 = 0x9E37_79B1;

/// The fewest slots.
const FEW: usize = 16;

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{FEW, Numbered, home};

    #[test]
    fn it_holds_what_the_library_s_table_holds() {
        let (mut table, mut expected) = (Numbered::new(), HashMap::new());
        let mut number: u64 = 1;
        for step in 0..20_000 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (key, act) = ((number >> 33) as u32 & 0xff, number >> 60);
            match act {
                0..7 => assert_eq!(table.insert(key, step), expected.insert(key, step)),
                7..14 => assert_eq!(table.remove(key), expected.remove(&key)),
                _ => assert_eq!(table.get(key), expected.get(&key)),
            }
            assert_eq!(table.taken, expected.len());
        }
        for key in 0..256 {
            assert_eq!(table.get(key), expected.get(&key));
        }
    }

    /// Numbers of one home, and of the one next to it, at the end of the slots and round it.
    #[test]
    fn numbers_of_one_row_are_all_found_whichever_is_removed() {
        let of_home = |place| (0..).filter(move |number| home(*number) % FEW == place);
        let numbers: Vec<u32> = of_home(14).take(3).chain(of_home(15).take(3)).collect();
        for removed in &numbers {
            let mut table = Numbered::new();
            numbers.iter().for_each(|number| assert_eq!(table.insert(*number, *number), None));
            assert_eq!(table.slots.len(), FEW);
            assert_eq!(table.remove(*removed), Some(*removed));
            for number in &numbers {
                assert_eq!(table.get(*number), (number != removed).then_some(number));
            }
        }
    }

    #[test]
    fn it_takes_no_more_room_than_for_those_that_are_there_at_once() {
        let mut table = Numbered::new();
        for number in 0..100_000 {
            table.insert(number, ());
            assert_eq!(table.remove(number.wrapping_sub(7)), (number >= 7).then_some(()));
        }
        assert_eq!(table.slots.len(), FEW, "seven at a time");
    }

    /// What nobody chooses: each stands at its home or within a few steps of it.
    #[test]
    fn numbers_that_count_up_hardly_meet() {
        for first in [1, 1000, u32::MAX - 3000] {
            let mut table = Numbered::new();
            for more in 0..5000 {
                table.insert(first.wrapping_add(more), ());
            }
            let steps = |number: u32| table.place(number).wrapping_sub(home(number)) & table.mask();
            let most = (0..5000).map(|more| steps(first.wrapping_add(more))).max();
            assert!(most < Some(4), "{most:?} from {first}");
        }
    }
}
