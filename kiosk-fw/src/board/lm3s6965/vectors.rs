//! The interrupt vector table (data sheet, table 2-9) and the fault handler.

use super::{gpio, time, uart};
use cortex_m_rt::{ExceptionFrame, exception};

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

/// Any fault ends here, a stack that grew into its guard among them: `MemManage` is left disabled on purpose, because the
/// MPU does not act during `HardFault` (HFNMIENA = 0), so this handler has a stack again.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    // Armv7-M ARM, B3.2.15 to B3.2.18: the fault status registers tell why.
    let scb = cortex_m::peripheral::SCB::PTR;
    // SAFETY: these registers of the core can always be read, and nothing else runs any more.
    let (cfsr, address) = unsafe { ((*scb).cfsr.read(), (*scb).mmfar.read()) };
    defmt::error!(
        "hard fault: CFSR {=u32:#010x} MMFAR {=u32:#010x} pc {=u32:#010x}",
        cfsr,
        address,
        frame.pc()
    );
    super::die()
}

#[exception]
unsafe fn DefaultHandler(interrupt: i16) {
    defmt::panic!("interrupt {=i16} has no handler", interrupt);
}
