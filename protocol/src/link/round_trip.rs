//! How long to wait for an acknowledgement.

/// Before anything was measured. A USB adapter may hold bytes back for 16 ms each way.
const INITIAL_US: u32 = 50_000;
/// The peer may be busy with its screen for this long.
const MIN_US: u32 = 10_000;
/// Where a repeat costs nothing: longer than a computer with other things to do mostly takes.
const MIN_IDLE_US: u32 = 5_000;
/// A person is waiting: try at least this often.
pub(super) const MAX_US: u32 = 1_000_000;

/// Estimate of the round trip, and the time-out that follows from it, as in RFC 6298 section 2.
///
/// Unlike there, doubling ends early: losses on a wire of one's own are noise, not congestion.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RoundTrip {
    /// Smoothed round trip and its variation, in microseconds: none is above `MAX_US`.
    estimate: Option<(u32, u32)>,
    /// How often the time-out was doubled since the last measurement.
    doublings: u8,
    /// How often the time-out passed.
    timeouts: u32,
}

impl RoundTrip {
    /// Takes a measurement. A frame that was sent more than once must not be measured: it is not known which
    /// of its copies was acknowledged (Karn's algorithm).
    ///
    /// If any acknowledgement ended the doubling, a time-out that is too short for the line would have everything sent
    /// twice, and so nothing would ever be measured.
    pub(super) fn measured(&mut self, us: u64) {
        let us = us.min(u64::from(MAX_US)) as u32;
        self.estimate = Some(match self.estimate {
            None => (us, us / 2),
            Some((smoothed, variation)) => (
                (7 * smoothed + us) / 8,
                (3 * variation + smoothed.abs_diff(us)) / 4,
            ),
        });
        self.doublings = 0;
    }

    /// A frame that was sent more than once was acknowledged, so long after its last copy was sent. If that is no less
    /// than usual, the repeat was needed: losses on a wire of one's own are noise, not congestion to wait out.
    pub(super) fn repeat_acknowledged(&mut self, us: u64) {
        if self.estimate.is_some_and(|(smoothed, _)| us >= smoothed.into()) {
            self.doublings = 0;
        }
    }

    /// Takes what another lane has measured, if nothing was measured here yet.
    pub(super) fn learn_from(&mut self, other: &Self) {
        self.estimate = self.estimate.or(other.estimate);
    }

    /// An acknowledgement did not come in time.
    pub(super) fn expired(&mut self) {
        self.timeouts = self.timeouts.wrapping_add(1);
        self.doublings = (self.doublings + 1).min(4);
    }

    /// How often an acknowledgement did not come in time since the last that was measured.
    pub(super) const fn doublings(&self) -> u8 {
        self.doublings
    }

    /// How often an acknowledgement did not come in time; wraps.
    pub(super) const fn timeouts(&self) -> u32 {
        self.timeouts
    }

    /// The smoothed round trip in microseconds; 0 before anything was measured.
    pub(super) fn smoothed_us(&self) -> u32 {
        self.estimate.map_or(0, |(smoothed, _)| smoothed)
    }

    /// How long to wait, in microseconds.
    ///
    /// A line keeps the order, so that the acknowledgement of what was sent next tells of a loss. It comes about two
    /// round trips after what was lost, and must have the time: hence not less than two and a half.
    pub(super) fn timeout_us(&self) -> u64 {
        self.at_least(MIN_US, 3)
    }

    /// When to repeat what is under way if the line has nothing else to carry, in microseconds: as soon as an answer
    /// could have come. A repeat that was not needed costs nothing then.
    pub(super) fn idle_timeout_us(&self) -> u64 {
        self.at_least(MIN_IDLE_US, 0)
    }

    /// The smoothed round trip and four times its variation, or as many halves of the round trip, if that is longer.
    // Asked for in many places: on a board, flash is dearer than the call.
    #[cfg_attr(target_os = "none", inline(never))]
    fn at_least(&self, least: u32, halves: u32) -> u64 {
        let base = self.estimate.map_or(INITIAL_US, |(smoothed, variation)| {
            smoothed + (4 * variation).max(halves * smoothed / 2)
        });
        (base.clamp(least, MAX_US) << self.doublings).min(MAX_US).into()
    }
}
