//! Register addresses of the LM3S6965, and the one place that touches them.
//!
//! Offsets and bits are those of the LM3S6965 data sheet; each module names the section. The UART is ARM's PL011
//! (TRM DDI 0183) and the SSI is ARM's PL022 (TRM DDI 0194).

/// A 32-bit memory-mapped register at a fixed address.
#[derive(Clone, Copy)]
pub(super) struct Register(u32);

impl Register {
    /// The register at `base + offset`.
    ///
    /// # Panics
    ///
    /// If the address is not a word of the peripheral region. All calls have constant arguments, so this is decided by
    /// the compiler.
    pub(super) const fn at(base: u32, offset: u32) -> Self {
        let address = base + offset;
        // Peripherals (0x4000_0000..0x4400_0000) and the core's private peripherals (0xE000_0000..0xE010_0000).
        assert!(address.is_multiple_of(4), "registers are words");
        assert!(
            (address >= 0x4000_0000 && address < 0x4400_0000)
                || (address >= 0xE000_0000 && address < 0xE010_0000),
            "not a peripheral"
        );
        Self(address)
    }

    /// Reads the register, with whatever effect the peripheral gives to a read.
    pub(super) fn read(self) -> u32 {
        // SAFETY: `at` allows only aligned words of the peripheral regions, which are always mapped and hold no Rust
        // object, so the access cannot alias memory that the compiler knows of.
        unsafe { core::ptr::read_volatile(self.0 as *const u32) }
    }

    /// Writes the register.
    pub(super) fn write(self, value: u32) {
        // SAFETY: as in `read`. What a write makes the peripheral do cannot break memory safety, because no
        // peripheral of this chip that this crate names can reach memory by itself (there is no DMA controller).
        unsafe { core::ptr::write_volatile(self.0 as *mut u32, value) }
    }

    /// Reads, changes and writes back, undisturbed by interrupts.
    pub(super) fn modify(self, change: impl FnOnce(u32) -> u32) {
        critical_section::with(|_| self.write(change(self.read())));
    }
}

/// Interrupt numbers (data sheet, table 2-9 "Interrupts"), as positions in the NVIC.
pub(super) mod irq {
    use cortex_m::interrupt::InterruptNumber;

    use super::Register;

    /// A byte for each interrupt; the chip has the upper three bits (data sheet, table 3-8; Armv7-M ARM, B3.4.9). Less is more urgent.
    const NVIC_IPR: u32 = 0xE000_E400;
    /// After the most urgent, 0, which all have from reset.
    const SECOND: u32 = 1 << 5;
    /// Urgency of `SysTick`, in the upper byte (Armv7-M ARM, B3.2.12).
    const SHPR3: Register = Register::at(0xE000_ED20, 0);

    /// Lets the watchdog's interrupt go before `SysTick`.
    pub(in super::super) fn put_systick_second() {
        SHPR3.modify(|levels| (levels & 0x00FF_FFFF) | (SECOND << 24));
    }

    /// A peripheral's line into the NVIC.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub(in super::super) struct Irq(pub(in super::super) u16);

    // SAFETY: every constant below is one of the 44 interrupts of this chip, and the number is fixed for ever.
    unsafe impl InterruptNumber for Irq {
        fn number(self) -> u16 {
            self.0
        }
    }

    pub(in super::super) const GPIO_E: Irq = Irq(4);
    pub(in super::super) const UART0: Irq = Irq(5);
    pub(in super::super) const UART1: Irq = Irq(6);
    pub(in super::super) const WATCHDOG: Irq = Irq(18);
    pub(in super::super) const TIMER0A: Irq = Irq(19);
    pub(in super::super) const GPIO_F: Irq = Irq(30);
    pub(in super::super) const UART2: Irq = Irq(33);

    impl Irq {
        /// Lets the interrupt through to the core, where only the watchdog's goes before it.
        pub(in super::super) fn enable(self) {
            let byte = u32::from(self.0);
            let place = (byte % 4) * 8;
            Register::at(NVIC_IPR, byte / 4 * 4)
                .modify(|levels| (levels & !(0xFF << place)) | (SECOND << place));
            self.enable_before_all();
        }

        /// Lets the interrupt through to the core, before all others.
        pub(in super::super) fn enable_before_all(self) {
            // SAFETY: unmasking breaks no critical section here: those mask all interrupts with PRIMASK and rely
            // on no single mask. Every enabled interrupt has its handler in `vectors`.
            unsafe { cortex_m::peripheral::NVIC::unmask(self) }
        }

        /// Makes the handler run as if the peripheral had asked for it.
        pub(in super::super) fn pend(self) {
            cortex_m::peripheral::NVIC::pend(self);
        }
    }
}
