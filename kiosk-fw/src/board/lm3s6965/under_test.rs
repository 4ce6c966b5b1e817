//! What tests on the board reach that applications do not.

use embassy_executor::Spawner;

use super::uart::UART2;

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

/// Resets the board, as its button does. The test that does so is started again.
pub fn reset() -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}

/// Lets the ticket printer's UART take a word of its data register: what QEMU's UART never does, a real one may.
pub fn printer_line_takes(word: u32) {
    UART2.take(word);
}

/// Whether the ticket printer's UART lets its receive interrupts through.
pub fn printer_line_listens() -> bool {
    UART2.listens()
}
