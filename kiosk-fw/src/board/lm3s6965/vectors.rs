//! The interrupt vector table (data sheet, table 2-9).

use super::{ending, gpio, time, uart};

/// Interrupts of the chip, from UDMA-less GPIO port A (0) to hibernation (43).
const INTERRUPTS: usize = 44;

/// One entry of the table.
#[derive(Clone, Copy)]
#[repr(C)]
union Vector {
    handler: unsafe extern "C" fn(),
}

unsafe extern "C" {
    /// cortex-m-rt's handler for everything without one of its own.
    fn DefaultHandler();
}

/// What the core calls for each interrupt. cortex-m-rt's linker script places it behind the exceptions.
// SAFETY: the linker script expects exactly this symbol in exactly this section, and no other object defines it.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [Vector; INTERRUPTS] = {
    let mut table = [Vector {
        handler: DefaultHandler,
    }; INTERRUPTS];
    table[4] = Vector {
        handler: gpio::on_port_e,
    };
    table[5] = Vector {
        handler: uart::on_uart0,
    };
    table[6] = Vector {
        handler: uart::on_uart1,
    };
    table[18] = Vector {
        handler: ending::on_watchdog,
    };
    table[19] = Vector {
        handler: time::on_alarm,
    };
    table[30] = Vector {
        handler: gpio::on_port_f,
    };
    table[33] = Vector {
        handler: uart::on_uart2,
    };
    table
};
