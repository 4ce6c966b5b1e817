//! What can be wrong from the start, or go wrong in the middle, of a demonstration.

use clap::ValueEnum;

/// A fault to demonstrate. Each must end in a clear message, an exit code that is not 0, and every blank accounted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// The hopper holds no blank.
    HopperEmpty,
    /// The hopper holds cards that were activated before.
    UsedBlank,
    /// The hopper holds cards of another kind.
    ForeignBlank,
    /// The hopper holds cards without a chip.
    BlankWithoutChip,
    /// There is no smart-card service.
    NoPcscd,
    /// There is no capture board on its port.
    NoBoard,
    /// The capture board's cable is pulled out while it waits for the finger.
    PortLost,
    /// Nobody puts a finger on the sensor.
    NoFinger,
}

impl Fault {
    /// The name that `--fault` takes.
    pub fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
