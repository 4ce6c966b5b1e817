//! What tests on the board reach that applications do not.

use embassy_executor::Spawner;

/// The board's executor, in the shape that `embedded_test::tests` wants.
pub struct Executor;

impl Executor {
    /// Starts the board and runs tasks for ever.
    pub fn run(&'static mut self, first_task: impl FnOnce(Spawner)) -> ! {
        super::run(first_task)
    }
}

/// The slot of the SD card. To be taken once, and not beside the board's parts.
pub fn card_slot() -> super::CardSlot {
    super::card_slot()
}
