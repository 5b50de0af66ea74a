//! Choices made by the bytes of an input, and after its end by what follows from them.

/// A source of choices.
pub struct Choices<'d> {
    data: &'d [u8],
    state: u64,
}

impl<'d> Choices<'d> {
    /// The choices of `data`.
    pub fn new(data: &'d [u8]) -> Self {
        // FNV-1a; never zero.
        let hash =
            |state: u64, byte: &u8| (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        let state = data.iter().fold(0xcbf2_9ce4_8422_2325, hash) | 1;
        Self { data, state }
    }

    /// A number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        let number = match self.data.split_first() {
            Some((first, rest)) => {
                self.data = rest;
                usize::from(*first)
            }
            None => {
                // xorshift64*.
                self.state ^= self.state >> 12;
                self.state ^= self.state << 25;
                self.state ^= self.state >> 27;
                (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as usize
            }
        };
        number % count
    }

    /// True once in `count` times.
    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of these.
    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        let index = self.below(all.len());
        *all.get(index).expect("a number below the length")
    }
}
