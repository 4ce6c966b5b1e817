//! Building what is large where it stays.

/// Builds a value in `place`, and lends it from there.
///
/// For futures. What one makes in its own code passes through its stack on the way to its place, and the room for that is taken each
/// time that it runs, for ever: here it is free again once the value is there.
#[inline(never)] // Or it would be the future's own code.
pub(crate) fn build_in<T>(place: &mut Option<T>, build: impl FnOnce() -> T) -> &mut T {
    place.insert(build())
}
