//! Who is called next: by the time at which the number was given, with priority in turns.
//!
//! While both kinds wait, so many priority tickets are called and then an ordinary one. So the first ordinary ticket waits for
//! at most that many others, and a priority ticket for at most one ordinary ticket more than there are priority tickets before it.

use super::clock::Moment;
use std::collections::VecDeque;

/// Somebody who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Row of the ticket.
    pub id: i64,
    /// Whether it has priority.
    pub priority: bool,
    /// When its number was given.
    pub since: Moment,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turns {
    /// So many priority tickets in a row, while ordinary ones wait; at least 1.
    pub each: u8,
    /// Priority tickets called since the last ordinary one.
    pub run: u32,
}

/// All who wait, in the order in which they will be called if nobody else comes.
pub fn line(waiting: &[Waiting], turns: Turns) -> Vec<Waiting> {
    let mut sorted = waiting.to_vec();
    sorted.sort_unstable_by_key(|one| (one.since, one.id));
    let (mut priority, mut ordinary): (VecDeque<_>, VecDeque<_>) =
        sorted.into_iter().partition(|one| one.priority);
    let mut run = turns.run;
    let mut line = Vec::with_capacity(waiting.len());
    loop {
        let is_ordinary_turn = priority.is_empty() || run >= u32::from(turns.each.max(1));
        let next = if is_ordinary_turn && !ordinary.is_empty() {
            run = 0;
            ordinary.pop_front()
        } else {
            run = run.saturating_add(1);
            priority.pop_front()
        };
        match next {
            Some(next) => line.push(next),
            None => return line,
        }
    }
}

/// Who is called next.
pub fn next(waiting: &[Waiting], turns: Turns) -> Option<Waiting> {
    line(waiting, turns).first().copied()
}

/// How many are called before the ticket `id`, if nobody else comes.
pub fn before(waiting: &[Waiting], turns: Turns, id: i64) -> usize {
    let line = line(waiting, turns);
    line.iter().position(|one| one.id == id).unwrap_or(line.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(id: i64, priority: bool, since: i64) -> Waiting {
        Waiting {
            id,
            priority,
            since: Moment::from_millis(since),
        }
    }

    const FRESH: Turns = Turns { each: 2, run: 0 };

    fn ids(line: &[Waiting]) -> Vec<i64> {
        line.iter().map(|one| one.id).collect()
    }

    #[test]
    fn the_time_of_issue_decides_and_not_the_row() {
        // The kiosk lent number 1 early, gave it late, and was heard later still.
        let waiting = [one(1, false, 900), one(5, false, 100), one(9, false, 500)];
        assert_eq!(ids(&line(&waiting, FRESH)), [5, 9, 1]);
    }

    #[test]
    fn two_with_priority_go_before_an_ordinary_one() {
        let waiting = [
            one(1, false, 1),
            one(2, false, 2),
            one(3, true, 3),
            one(4, true, 4),
            one(5, true, 5),
        ];
        assert_eq!(ids(&line(&waiting, FRESH)), [3, 4, 1, 5, 2]);
    }

    #[test]
    fn after_their_turns_an_ordinary_one_is_next() {
        let waiting = [one(1, false, 9), one(2, true, 1)];
        let turns = Turns { each: 2, run: 2 };
        assert_eq!(next(&waiting, turns).map(|one| one.id), Some(1));
        assert_eq!(
            next(&waiting[1..], turns).map(|one| one.id),
            Some(2),
            "nobody else waits"
        );
    }

    #[test]
    fn an_elderly_resident_passes_a_full_hall() {
        let mut waiting: Vec<_> = (1..=200).map(|n| one(n, false, n)).collect();
        waiting.push(one(201, true, 201));
        assert_eq!(before(&waiting, FRESH, 201), 0);
        let just_had_their_turns = Turns { each: 2, run: 2 };
        assert_eq!(before(&waiting, just_had_their_turns, 201), 1);
    }

    #[test]
    fn nobody_waits_and_nobody_is_called() {
        assert_eq!(next(&[], FRESH), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// A day: people come (`Some`, with or without priority) and are called (`None`), in any order.
        #[test]
        fn on_a_long_day_everybody_is_called_once_and_nobody_starves(
            each in 1_u8..=9,
            day in proptest::collection::vec(proptest::option::weighted(0.55, any::<bool>()), 0..400),
        ) {
            let (mut waiting, mut run, mut called) = (Vec::new(), 0, Vec::new());
            let mut come = 0;
            // How many were called while the first of each kind waited.
            let mut passed = [(0_i64, 0_u32); 2];
            let closing = vec![None; day.len()];
            for event in day.into_iter().chain(closing) {
                if let Some(priority) = event {
                    come += 1;
                    waiting.push(one(come, priority, come));
                    continue;
                }
                let turns = Turns { each, run };
                let Some(next) = next(&waiting, turns) else { continue };
                prop_assert_eq!(before(&waiting, turns, next.id), 0);
                for kind in [false, true] {
                    let Some(first) = waiting.iter().find(|one| one.priority == kind) else { continue };
                    prop_assert!(next.priority != kind || next.id == first.id, "within a kind they keep their order");
                    let (whom, others) = passed[usize::from(kind)];
                    let others = if whom == first.id { others } else { 0 } + u32::from(next.id != first.id);
                    passed[usize::from(kind)] = (first.id, others);
                    let most = if kind { 1 } else { u32::from(each) };
                    prop_assert!(others <= most, "{} waited for {others} of the other kind", first.id);
                }
                run = if next.priority { run + 1 } else { 0 };
                waiting.retain(|one| one.id != next.id);
                called.push(next.id);
            }
            prop_assert_eq!(called.len() as i64, come);
            called.sort_unstable();
            called.dedup();
            prop_assert_eq!(called.len() as i64, come);
        }
    }
}
