//! Chance: the same seed is the same story on every machine.

use cfn::model::Version;

/// A generator of its own.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        // Small seeds differ in few bits.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    pub(super) fn of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }

    /// One time in so many.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.roll(times) == 0
    }

    pub(super) fn maybe<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if self.once_in(2) { Some(self.of(from)) } else { None }
    }

    fn version(&mut self) -> Version {
        format!("{}.{}.{}", 1 + self.roll(2), self.roll(3), self.roll(4)).parse().expect("a version")
    }

    pub(super) fn maybe_version(&mut self) -> Option<Version> {
        let version = self.version();
        self.maybe(&[version])
    }
}
