//! People in front of the kiosk.

use desk_board::Key;
use rand::Rng;

use super::Happening;

/// What somebody does with the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Chooses a service and takes a number.
    Ordinary,
    /// Presses SELECT again and again, because nothing seems to happen.
    Impatient,
    /// Presses two keys at the same time.
    TwoKeys,
    /// Holds SELECT for long.
    Holds,
    /// Looks at the services, and goes.
    WalksAway,
    /// Reads the other language first.
    Guest,
    /// Looks at the list for the elderly, disabled and pregnant first.
    Priority,
}

impl Habit {
    /// Who comes: mostly people who do what was thought of.
    pub fn draw(rng: &mut impl Rng) -> Self {
        match rng.random_range(0..100) {
            0..60 => Self::Ordinary,
            60..70 => Self::Impatient,
            70..76 => Self::TwoKeys,
            76..82 => Self::Holds,
            82..88 => Self::WalksAway,
            88..94 => Self::Guest,
            _ => Self::Priority,
        }
    }
}

/// What such a person does from `at` (µs) on, in order of time.
pub fn keys(habit: Habit, at: u64, rng: &mut impl Rng) -> Vec<(u64, Happening)> {
    let mut hands = Hands { at, done: Vec::new() };
    match habit {
        Habit::Guest => hands.press(Key::Right, rng),
        Habit::Priority => hands.press(Key::Left, rng),
        _ => {}
    }
    for _ in 0..rng.random_range(0..3) {
        hands.press(Key::Down, rng);
    }
    match habit {
        Habit::Ordinary | Habit::Guest | Habit::Priority => hands.press(Key::Select, rng),
        Habit::Impatient => {
            for _ in 0..rng.random_range(3..9) {
                hands.press(Key::Select, rng);
            }
        }
        Habit::TwoKeys => {
            let other = if rng.random() { Key::Up } else { Key::Down };
            let apart = rng.random_range(0..40_000);
            hands.hold(other, 0, 120_000, rng);
            hands.hold(Key::Select, apart, 120_000, rng);
            hands.at += 300_000;
        }
        Habit::Holds => {
            let long = rng.random_range(2_000_000..40_000_000);
            hands.hold(Key::Select, 0, long, rng);
            hands.at += long;
        }
        Habit::WalksAway => {}
    }
    hands.done.sort_by_key(|(at, _)| *at);
    hands.done
}

struct Hands {
    at: u64,
    done: Vec<(u64, Happening)>,
}

impl Hands {
    fn press(&mut self, key: Key, rng: &mut impl Rng) {
        let long = rng.random_range(50_000..200_000);
        self.hold(key, 0, long, rng);
        self.at += long + rng.random_range(100_000..600_000);
    }

    /// A contact that bounces for up to 5 ms when it closes and when it opens.
    fn hold(&mut self, key: Key, after: u64, long: u64, rng: &mut impl Rng) {
        for (begin, closed) in [(self.at + after, true), (self.at + after + long, false)] {
            let mut at = begin;
            for _ in 0..rng.random_range(0..4) {
                self.done.push((at, Happening::Key(key, closed)));
                at += rng.random_range(50..700);
                self.done.push((at, Happening::Key(key, !closed)));
                at += rng.random_range(50..700);
            }
            self.done.push((at, Happening::Key(key, closed)));
        }
    }
}
