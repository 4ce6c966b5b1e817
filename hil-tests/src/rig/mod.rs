//! `cargo rig`: sets the machine up, runs the emulated office, and tests it.
//!
//! | module | is about |
//! |---|---|
//! | [`setup`], [`toolchain`] | what the machine lacks, and installing it |
//! | [`mod@bench`] | figures beside their limits |
//! | [`fuzz`] | looking for inputs that the protocol does not survive |
//! | [`firmware`] | signed images for updates |
//! | [`build`], [`project`] | the firmwares and the operator's program |
//! | [`on_target`] | the firmware's tests that run on the board itself |
//! | [`isolation`], [`process`] | a private place for PC/SC and the network; child processes |
//! | [`qemu`], [`card`], [`mod@line`], [`pcscd`], [`counter`] | the real parts: boards, SD cards, cables, readers, the operator's program |
//! | `hands`, `supplies` | what people do at the counter, and what it is given before it opens |
//! | [`evidence`], [`screens`], [`defmt_log`], [`terminal_screen`] | what a run leaves behind |

pub mod bench;
pub mod build;
pub mod card;
pub mod counter;
pub mod defmt_log;
pub mod demo;
pub mod device;
pub mod evidence;
pub mod fault;
pub mod firmware;
pub mod fuzz;
mod hands;
pub mod isolation;
pub mod line;
pub mod office;
pub mod on_target;
pub mod pcscd;
pub mod process;
pub mod project;
pub mod qemu;
pub mod screens;
pub mod setup;
mod supplies;
pub mod terminal_screen;
pub mod test;
pub mod toolchain;
