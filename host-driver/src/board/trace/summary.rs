//! What a trace amounts to.

use std::fmt;

use serde_json::json;

/// One direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OneWay {
    /// Intact frames.
    pub frames: u64,
    /// Bytes on the wire, to within the byte stuffing.
    pub bytes: u64,
    /// Damaged frames: wrong checksum, wrong byte stuffing, too long.
    pub damaged: [u64; 3],
    /// Frames that had come before.
    pub repeats: u64,
    /// Places where something was missing.
    pub gaps: u64,
    /// Bytes of objects, each counted once.
    pub object_bytes: u64,
    /// How long the objects took that ended, in microseconds.
    pub object_us: u64,
}

/// Round trips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundTrips {
    /// How many were seen.
    pub count: u64,
    /// The shortest, in microseconds.
    pub least_us: u64,
    /// The longest, in microseconds.
    pub most_us: u64,
    /// All together, in microseconds.
    pub sum_us: u64,
}

impl RoundTrips {
    /// One more.
    pub(super) fn add(&mut self, us: u64) {
        self.least_us = if self.count == 0 {
            us
        } else {
            self.least_us.min(us)
        };
        self.most_us = self.most_us.max(us);
        self.sum_us = self.sum_us.saturating_add(us);
        self.count += 1;
    }
}

/// What the trace of one board amounts to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Whether the trace has times at all.
    pub timed: bool,
    /// When the first entry was, and the last.
    pub span: Option<(u64, u64)>,
    /// From the host.
    pub to_board: OneWay,
    /// From the board.
    pub from_board: OneWay,
    /// Sessions seen.
    pub sessions: u64,
    /// Times in which an end said nothing for too long.
    pub silences: u64,
    /// Requests refused.
    pub refusals: u64,
    /// Intact frames that could not be understood.
    pub misread: u64,
    /// From a message of the host to its acknowledgement.
    pub round_trip: RoundTrips,
}

impl Summary {
    pub(super) fn passed(&mut self, at: u64, timed: bool) {
        self.timed = timed;
        let (from, to) = self.span.unwrap_or((at, at));
        self.span = Some((from.min(at), to.max(at)));
    }

    /// The summary as an object.
    pub fn json(&self) -> serde_json::Value {
        let way = |way: &OneWay| {
            json!({
                "frames": way.frames,
                "bytes": way.bytes,
                "damaged": {
                    "checksum": way.damaged[0],
                    "framing": way.damaged[1],
                    "oversize": way.damaged[2],
                },
                "repeats": way.repeats,
                "gaps": way.gaps,
                "object_bytes": way.object_bytes,
                "goodput_bytes_per_second": self.timed.then(|| way.goodput()).flatten(),
            })
        };
        let trips = &self.round_trip;
        json!({
            "seconds": self.seconds(),
            "sessions": self.sessions,
            "silences": self.silences,
            "refusals": self.refusals,
            "not_understood": self.misread,
            "to_board": way(&self.to_board),
            "from_board": way(&self.from_board),
            "round_trip_us": (trips.count > 0).then(|| json!({
                "count": trips.count,
                "least": trips.least_us,
                "mean": trips.sum_us / trips.count,
                "most": trips.most_us,
            })),
        })
    }

    fn seconds(&self) -> Option<f64> {
        self.span
            .filter(|_| self.timed)
            .map(|(from, to)| (to - from) as f64 / 1e6)
    }
}

impl OneWay {
    /// Bytes of objects a second, while objects were under way.
    fn goodput(&self) -> Option<u64> {
        (self.object_us > 0).then(|| {
            let rate = u128::from(self.object_bytes) * 1_000_000 / u128::from(self.object_us);
            u64::try_from(rate).unwrap_or(u64::MAX)
        })
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(seconds) = self.seconds() {
            write!(f, "{seconds:.3} s, ")?;
        }
        writeln!(
            f,
            "sessions {}, silences {}, requests refused {}, frames not understood {}",
            self.sessions, self.silences, self.refusals, self.misread
        )?;
        for (name, way) in [("host>board", &self.to_board), ("board>host", &self.from_board)] {
            let damaged: u64 = way.damaged.iter().sum();
            write!(
                f,
                "  {name}  {} frames, {} bytes, {damaged} damaged",
                way.frames, way.bytes
            )?;
            if damaged > 0 {
                let [checksum, framing, oversize] = way.damaged;
                write!(
                    f,
                    " (checksum {checksum}, framing {framing}, oversize {oversize})"
                )?;
            }
            write!(f, ", {} repeats, {} gaps", way.repeats, way.gaps)?;
            if way.object_bytes > 0 {
                write!(f, "; objects {} bytes", way.object_bytes)?;
            }
            if let Some(rate) = way.goodput().filter(|_| self.timed) {
                write!(f, " at {rate} bytes/s")?;
            }
            writeln!(f)?;
        }
        let trips = &self.round_trip;
        if self.timed && trips.count > 0 {
            let ms = |us: u64| us as f64 / 1e3;
            writeln!(
                f,
                "  round trip  {:.1} ms at least, {:.1} ms mean, {:.1} ms at most, of {} messages",
                ms(trips.least_us),
                ms(trips.sum_us / trips.count),
                ms(trips.most_us),
                trips.count
            )?;
        }
        Ok(())
    }
}
