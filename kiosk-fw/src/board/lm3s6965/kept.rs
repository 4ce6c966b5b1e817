//! Memory that a reset leaves alone: the last bytes of RAM, which the linker is not told of (see `memory.x`).
//!
//! At a fixed address rather than in a section, so that the next firmware finds what this one left.

use crate::health::kept::Kept;

const ADDRESS: usize = 0x2000_FF00;
/// What `memory.x` leaves.
const ROOM: usize = 256;

/// Reads or changes it, undisturbed by interrupts.
pub(super) fn with<T>(look: impl FnOnce(&mut Kept) -> T) -> T {
    const { assert!(size_of::<Kept>() <= ROOM && ADDRESS.is_multiple_of(align_of::<Kept>())) }
    critical_section::with(|_| {
        let kept = core::ptr::with_exposed_provenance_mut::<Kept>(ADDRESS);
        // SAFETY: it is RAM, aligned, and no object of the linker lies there; any bytes are a `Kept`. Nobody else makes a
        // reference to it, and none outlives this call: `look` cannot be interrupted but by a fault, which never comes back.
        look(unsafe { &mut *kept })
    })
}
