//! How well the board is: signs of life, what it tells the host about itself, what it remembers of its end.
//!
//! Each loop of an application gives signs of life to the [`Pulse`]. [`Housekeeping`] looks at them, feeds the watchdog while
//! all are well, and answers what every board is asked.

mod housekeeping;
pub mod kept;
pub mod load;
pub mod pulse;
pub mod self_test;

pub use housekeeping::{Housekeeping, StorageHealth};
pub use pulse::{Pulse, Task};
