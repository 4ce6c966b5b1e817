//! The board's supply, which can fail between any two things that the board does.

use std::cell::Cell;

/// The supply. Each thing that the board does to the world outside of its memory takes one step: a byte that leaves, a byte of
/// a sector, a picture shown, a turn of the processor. Between two of them power can fail.
#[derive(Debug, Default)]
pub struct Power {
    steps: Cell<u64>,
    fails_at: Cell<Option<u64>>,
    off: Cell<bool>,
}

impl Power {
    /// Steps since this supply was made.
    pub fn steps(&self) -> u64 {
        self.steps.get()
    }

    /// Lets power fail `steps` steps from now: with 0, before the next.
    pub fn fail_after(&self, steps: u64) {
        self.fails_at.set(Some(self.steps.get() + steps));
    }

    /// Takes the failure back that is to come.
    pub fn hold(&self) {
        self.fails_at.set(None);
    }

    /// Whether power has failed.
    pub fn is_off(&self) -> bool {
        self.off.get()
    }

    /// Power goes now.
    pub fn cut(&self) {
        self.off.set(true);
    }

    /// Power is back.
    pub fn restore(&self) {
        self.off.set(false);
        self.fails_at.set(None);
    }

    /// One step. False: there is no power for it, and it does not happen.
    pub(crate) fn step(&self) -> bool {
        if self.off.get() {
            return false;
        }
        let steps = self.steps.get();
        if self.fails_at.get().is_some_and(|at| steps >= at) {
            self.off.set(true);
            return false;
        }
        self.steps.set(steps + 1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_fails_before_the_step_that_it_was_told() {
        let power = Power::default();
        assert!(power.step());
        power.fail_after(2);
        assert!(power.step() && power.step());
        assert!(!power.step() && power.is_off());
        assert_eq!(power.steps(), 3);
        power.restore();
        assert!(power.step());
    }
}
