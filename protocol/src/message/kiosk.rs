//! Parts of the kiosk's messages.

use heapless::String;

use super::define::{wire_enum, wire_struct};

wire_struct! {
    /// A service that a resident can take a number for.
    Service {
        /// Which service; unique within a configuration.
        id: u8,
        /// Letter in front of its numbers: ASCII `A` to `Z`.
        prefix: u8,
        /// What residents call it, in Indonesian.
        name_id: String<24>,
        /// The same in English.
        name_en: String<24>,
    }
}

wire_struct! {
    /// Numbers that are lent for one service, and the tickets that they are of.
    LentRange {
        /// Which service, by its id in `Configure`.
        service: u8,
        /// Letter of the numbers: ASCII `A` to `Z`.
        prefix: u8,
        /// The first number.
        first: u16,
        /// How many.
        count: u16,
        /// The ticket of the first number; each further number has the next.
        first_ticket_id: u64,
    }
}

wire_enum! {
    /// Why no number was given.
    open TicketDenial {
        /// The office gives no numbers now.
        Closed = 1,
        /// All numbers of the day are given.
        Full = 2,
        /// The office does not offer this service.
        UnknownService = 3,
        /// The number could not be written to durable storage, so it was not given.
        Storage = 4,
    }
}

wire_enum! {
    /// What became of the paper.
    closed PrintOutcome {
        /// The printer says that the ticket is out.
        Printed = 0,
        /// Nothing legible came out.
        NotPrinted = 1,
        /// It cannot be told; somebody has to look.
        Unknown = 2,
    }
}

wire_enum! {
    /// Why a ticket was not printed, or may not have been.
    open PrintCause {
        /// No cause: it was printed.
        None = 0,
        /// The paper ran out.
        PaperOut = 1,
        /// The cover is open.
        CoverOpen = 2,
        /// The printer says that it is off line.
        Offline = 3,
        /// The printer did not answer.
        NoAnswer = 4,
        /// The printer reports an error, such as a jammed cutter.
        Error = 5,
        /// The kiosk lost power or started anew while it printed.
        Restarted = 6,
    }
}

wire_enum! {
    /// How much paper is left.
    open PaperState {
        /// Enough.
        Ok = 0,
        /// The roll ends soon.
        NearEnd = 1,
        /// None.
        Out = 2,
        /// The printer did not say.
        Unknown = 3,
    }
}

wire_enum! {
    /// What stands in a printer's way, beside paper, cover and error.
    open PrinterTrouble {
        /// Nothing that is known.
        None = 0,
        /// It does not answer.
        Silent = 1,
        /// It answers what makes no sense.
        Garbled = 2,
        /// It answers, but too slowly for tickets.
        Slow = 3,
    }
}
