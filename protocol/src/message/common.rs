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
