//! Logging through defmt where there is a board to log from, and nothing on the host.

/// Logs what a technician wants to follow.
#[macro_export]
#[doc(hidden)]
macro_rules! log_info {
    ($format:literal $(, $value:expr)* $(,)?) => {{
        #[cfg(feature = "defmt")]
        defmt::info!($format $(, $value)*);
        #[cfg(not(feature = "defmt"))]
        { $(let _ = &$value;)* }
    }};
}

/// Logs what should not happen but can.
#[macro_export]
#[doc(hidden)]
macro_rules! log_warn {
    ($format:literal $(, $value:expr)* $(,)?) => {{
        #[cfg(feature = "defmt")]
        defmt::warn!($format $(, $value)*);
        #[cfg(not(feature = "defmt"))]
        { $(let _ = &$value;)* }
    }};
}
