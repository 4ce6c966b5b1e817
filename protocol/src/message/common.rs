//! Parts of messages that concern every board.

use super::define::{wire_enum, wire_struct};

wire_enum! {
    /// Why a request was refused instead of answered.
    open Refusal {
        /// The peer cannot take this request now; asking again later may succeed. The request had no effect.
        Busy = 1,
        /// The peer does not know this message. It is older, or has another role.
        UnknownMessage = 2,
        /// The body could not be read.
        Malformed = 3,
        /// The message is longer than the peer can take.
        TooLong = 4,
        /// The peer speaks a version in which this is not possible.
        WrongVersion = 5,
        /// The request is known but makes no sense for this peer or in its state.
        NotPossible = 6,
    }
}

wire_struct! {
    /// Which firmware or program a peer runs.
    #[derive(Copy, Default, Hash)]
    Firmware {
        /// Incompatible changes.
        major: u8,
        /// New functions.
        minor: u8,
        /// Corrections.
        patch: u8,
        /// Which build: the first eight hexadecimal digits of the source revision, or 0.
        build: u32,
    }
}

wire_struct! {
    /// What a link has counted since boot; each counter wraps around at 2^32. A gauge is no counter but a present value.
    #[derive(Copy, Default)]
    LinkCounters {
        /// Frames sent, repeats included.
        frames_sent: u32,
        /// Frames received whole and intact.
        frames_received: u32,
        /// Bytes sent, delimiters included.
        bytes_sent: u32,
        /// Bytes received, delimiters included.
        bytes_received: u32,
        /// Frames thrown away because their checksum was wrong.
        crc_errors: u32,
        /// Frames thrown away because their byte stuffing was wrong or they were too short.
        framing_errors: u32,
        /// Frames thrown away because they were longer than the receiver's buffer.
        oversize: u32,
        /// Intact frames of another session, or of a kind that this version does not know.
        stray: u32,
        /// Frames received again, and not delivered again.
        duplicates: u32,
        /// Frames thrown away for want of room.
        no_room: u32,
        /// Frames sent again.
        retransmissions: u32,
        /// Messages received that could not be decoded.
        undecodable: u32,
        /// How often the peer was seen to have restarted.
        peer_restarts: u32,
        /// How often the peer fell silent.
        silences: u32,
        /// How often the time-out passed before an acknowledgement came, in either lane. Few beside many `retransmissions`
        /// tell of noise, many of a peer that is slow or away.
        #[since(2, else 0)]
        timeouts: u32,
        /// Requests of the peer that were refused, by the link or its owner.
        #[since(2, else 0)]
        refusals_sent: u32,
        /// Gauge: the smoothed round trip of the control lane in microseconds; 0 before it was measured.
        #[since(2, else 0)]
        round_trip_us: u32,
        /// Gauge: the most bytes in a piece of an object that would be sent now; it falls with the line's errors.
        #[since(2, else 0)]
        bulk_piece: u16,
    }
}

wire_enum! {
    /// Why a board started.
    open ResetCause {
        /// It is not known.
        Unknown = 0,
        /// Power was switched on.
        PowerOn = 1,
        /// The host asked for it.
        Requested = 2,
        /// The watchdog: a task was stuck.
        Watchdog = 3,
        /// The firmware gave up and said why.
        Panic = 4,
        /// The processor refused an instruction or an access.
        Fault = 5,
        /// The stack outgrew its place.
        StackOverflow = 6,
        /// To start a new firmware.
        Updated = 7,
        /// The new firmware was not confirmed; this is the one before.
        RolledBack = 8,
    }
}

wire_enum! {
    /// How a board's durable storage is.
    open StorageState {
        /// The board has none, and needs none.
        None = 0,
        /// It works.
        Ok = 1,
        /// There is no card.
        Missing = 2,
        /// The card holds something else, which is not written over.
        Foreign = 3,
        /// It is full of records that the host has not taken.
        Full = 4,
        /// It does not work.
        Failed = 5,
    }
}

wire_enum! {
    /// Why a firmware was not taken.
    open UpdateRefusal {
        /// This board's firmware cannot be changed over the link.
        NotSupported = 1,
        /// It is for another board or role.
        WrongBoard = 2,
        /// It is longer than its place.
        TooLong = 3,
        /// The signature is not of the key that this board trusts.
        BadSignature = 4,
        /// Another update is under way, or the board serves somebody.
        Busy = 5,
        /// It is older than the one that runs.
        Older = 6,
    }
}

wire_enum! {
    /// How far an update is.
    open UpdatePhase {
        /// The image is coming.
        Receiving = 0,
        /// It is there, and has the hash that was signed. The board starts it now.
        Verified = 1,
        /// It has not come: the transfer ended early.
        Interrupted = 2,
        /// It has another hash than the one that was signed.
        WrongHash = 3,
        /// The board's flash could not be written.
        FlashFailed = 4,
    }
}
