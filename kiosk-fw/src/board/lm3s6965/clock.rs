//! System clock and the clocks of the peripherals (data sheet, chapter 5 "System control").

use protocol::message::ResetCause;

use super::registers::Register;

const SYSTEM_CONTROL: u32 = 0x400F_E000;
/// Raw interrupt status: the PLL has locked.
const RIS: Register = Register::at(SYSTEM_CONTROL, 0x050);
const RIS_PLLLRIS: u32 = 1 << 6;
/// Masked interrupt status and clear: a 1 clears.
const MISC: Register = Register::at(SYSTEM_CONTROL, 0x058);
/// Run-mode clock configuration.
const RCC: Register = Register::at(SYSTEM_CONTROL, 0x060);
const RCC_SYSDIV: u32 = 0xF << 23;
const RCC_USESYSDIV: u32 = 1 << 22;
const RCC_PWRDN: u32 = 1 << 13;
const RCC_BYPASS: u32 = 1 << 11;
const RCC_XTAL: u32 = 0xF << 6;
const RCC_OSCSRC: u32 = 0x3 << 4;
const RCC_MOSCDIS: u32 = 1 << 0;
/// The evaluation board's crystal is 8 MHz (data sheet, table 5-5: XTAL = 0xE).
const XTAL_8_MHZ: u32 = 0xE << 6;
/// 200 MHz from the PLL divided by 3 + 1.
const SYSDIV_50_MHZ: u32 = 3 << 23;
/// Why the chip was reset; written by software to be cleared.
const RESC: Register = Register::at(SYSTEM_CONTROL, 0x05C);
const RESC_POWER: u32 = 1 << 1;
const RESC_WATCHDOG: u32 = 1 << 3;
/// Run-mode clock gating: the watchdog.
const RCGC0: Register = Register::at(SYSTEM_CONTROL, 0x100);
const RCGC0_WATCHDOG: u32 = 1 << 3;
/// Run-mode clock gating: timers, SSI and UARTs; GPIO ports.
const RCGC1: Register = Register::at(SYSTEM_CONTROL, 0x104);
const RCGC1_UART0: u32 = 1 << 0;
const RCGC1_UART1: u32 = 1 << 1;
const RCGC1_UART2: u32 = 1 << 2;
const RCGC1_SSI0: u32 = 1 << 4;
const RCGC1_TIMER0: u32 = 1 << 16;
const RCGC2: Register = Register::at(SYSTEM_CONTROL, 0x108);
/// Ports A to G.
const RCGC2_GPIO: u32 = 0x7F;

/// The system clock, in Hz.
pub(super) const SYSTEM_HZ: u32 = 50_000_000;
/// System clocks per microsecond.
pub(super) const TICKS_PER_MICROSECOND: u64 = SYSTEM_HZ as u64 / 1_000_000;
/// How often the lock of the PLL is looked at before giving up: far more than its 0.5 ms (data sheet, table 22-9).
const LOCK_POLLS: u32 = 100_000;

/// Runs the core at 50 MHz from the PLL and gives the used peripherals their clocks.
///
/// The order is that of the data sheet, 5.3 "Initialization and configuration". If the PLL never locks (a broken crystal),
/// the core stays on the bypassed oscillator and all timing is wrong, but the board still speaks. `false` then.
pub(super) fn start() -> bool {
    // 1. Bypass the PLL and the divider.
    let mut rcc = (RCC.read() | RCC_BYPASS) & !RCC_USESYSDIV;
    RCC.write(rcc);
    // 2. Choose the crystal and power the PLL.
    rcc &= !(RCC_XTAL | RCC_OSCSRC | RCC_PWRDN | RCC_MOSCDIS);
    rcc |= XTAL_8_MHZ;
    MISC.write(RIS_PLLLRIS);
    RCC.write(rcc);
    // 3. Choose the divider.
    rcc = (rcc & !RCC_SYSDIV) | SYSDIV_50_MHZ | RCC_USESYSDIV;
    RCC.write(rcc);
    // 4. Wait for the lock. 5. Use it.
    let locked = (0..LOCK_POLLS).any(|_| RIS.read() & RIS_PLLLRIS != 0);
    if locked {
        RCC.write(rcc & !RCC_BYPASS);
    }
    RCGC0.modify(|on| on | RCGC0_WATCHDOG);
    RCGC1.modify(|on| on | RCGC1_UART0 | RCGC1_UART1 | RCGC1_UART2 | RCGC1_SSI0 | RCGC1_TIMER0);
    RCGC2.modify(|on| on | RCGC2_GPIO);
    // A peripheral may be touched three system clocks after its clock is on (data sheet, register RCGC1).
    cortex_m::asm::delay(8);
    locked
}

/// What the chip knows of the reset: not who asked for it in software. QEMU knows nothing.
pub(super) fn reset_cause() -> ResetCause {
    let causes = RESC.read();
    RESC.write(0);
    if causes & RESC_POWER != 0 {
        ResetCause::PowerOn
    } else if causes & RESC_WATCHDOG != 0 {
        ResetCause::Watchdog
    } else {
        ResetCause::Unknown
    }
}
