//! Every message. Codes and fields are append-only.
//!
//! 0x0000.. concern every board, 0x0100.. the kiosk, 0x0200.. the capture board.

use heapless::{String, Vec};

use super::define::messages;
use super::{
    CaptureFailure, CapturePhase, CapturePurpose, CaptureRefusal, CaptureVerdict, DecodeError, Direction,
    FingerPosition, Firmware, LinkCounters, MessageSpec, NoRoom, PaperState, PrintCause, PrintOutcome,
    Service, TicketDenial, Usage, Writer, field,
};

messages! {
    /// Done, or will be done: the answer to requests that have nothing else to say.
    0x0001 Accepted (Reply, Either) {}

    /// Sets the board's idea of the time of day. Answered by `Accepted`.
    0x0002 SetClock (Request, HostToBoard) {
        /// Seconds since 1970-01-01 00:00:00 UTC.
        unix_seconds: u64,
        /// Minutes that local time is ahead of UTC: -720 to 840.
        utc_offset_minutes: i16,
    }

    /// Asks how the board is. Answered by `Status`.
    0x0003 StatusRequest (Request, HostToBoard) {}

    /// How the board is.
    0x0004 Status (Reply, BoardToHost) {
        /// Milliseconds since boot.
        uptime_ms: u64,
        /// Bytes lost by the board's UARTs because they were not read in time, since boot.
        uart_overruns: u32,
        /// Which firmware.
        firmware: Firmware,
        /// What the board's end of the link has counted.
        link: LinkCounters,
    }

    /// What the kiosk offers. Replaces the configuration before. Answered by `Accepted`.
    0x0101 Configure (Request, HostToKiosk) {
        /// Name of the office, as on the ticket.
        office: String<32>,
        /// Whether numbers are given now.
        tickets_open: bool,
        /// The services, in the order of the screen: 1 to 4.
        services: Vec<Service, 4>,
    }

    /// A resident wants a number. Answered by `TicketGranted` or `TicketDenied`; the same press always gets
    /// the same number.
    0x0102 TicketRequest (Request, KioskToHost) {
        /// Which press of the button: unique for ever (the kiosk's boot id in the upper 32 bits, a counter below).
        press: u64,
        /// Which service, by its id in `Configure`.
        service: u8,
        /// Whether the resident is entitled to priority (elderly, disabled, pregnant).
        priority: bool,
    }

    /// A number was given and is in durable storage.
    0x0103 TicketGranted (Reply, HostToKiosk) {
        /// The press it belongs to.
        press: u64,
        /// Which ticket, unique for ever; the QR code shows it as `LOKET-` and 16 hexadecimal digits.
        ticket_id: u64,
        /// Letter of the number: ASCII `A` to `Z`.
        prefix: u8,
        /// The number: 1 to 999.
        number: u16,
        /// How many people wait before this one.
        people_before: u16,
        /// How long that may take, in minutes.
        wait_minutes: u16,
        /// When the number was given, in seconds since 1970-01-01 00:00:00 UTC.
        issued_unix: u64,
        /// Minutes that the office's time is ahead of UTC.
        utc_offset_minutes: i16,
    }

    /// No number was given.
    0x0104 TicketDenied (Reply, HostToKiosk) {
        /// The press it belongs to.
        press: u64,
        /// Why.
        reason: TicketDenial,
    }

    /// What became of the ticket on paper. Answered by `Accepted` when that is in durable storage.
    0x0105 TicketPrinted (Request, KioskToHost) {
        /// The press it belongs to.
        press: u64,
        /// Which ticket.
        ticket_id: u64,
        /// What became of the paper.
        outcome: PrintOutcome,
        /// Why, if it was not printed.
        cause: PrintCause,
    }

    /// How the ticket printer is; sent when the link comes up and on every change.
    0x0106 PrinterStatus (Notification, KioskToHost) {
        /// Whether the printer answers and is on line.
        online: bool,
        /// How much paper is left.
        paper: PaperState,
        /// Whether the cover is open.
        cover_open: bool,
        /// Whether it reports an error.
        error: bool,
    }

    /// A number is called; the kiosk shows it. Answered by `Accepted`.
    0x0107 Called (Request, HostToKiosk) {
        /// Letter of the number: ASCII `A` to `Z`.
        prefix: u8,
        /// The number: 1 to 999.
        number: u16,
        /// Which counter to go to.
        counter: u8,
    }

    /// Starts a capture. Answered by `Accepted`, then `CaptureProgress` and an `Image` object or
    /// `CaptureFailed` follow; or answered by `CaptureRefused`.
    0x0201 Capture (Request, HostToCapture) {
        /// Which capture; chosen by the host, not used again within a session.
        capture_id: u32,
        /// The finger to ask for.
        finger: FingerPosition,
        /// What for.
        purpose: CapturePurpose,
        /// Which try this is, from 1.
        attempt: u8,
        /// How many tries there are.
        attempts: u8,
        /// How long to wait for the finger, in milliseconds.
        timeout_ms: u32,
    }

    /// The capture does not start.
    0x0202 CaptureRefused (Reply, CaptureToHost) {
        /// Which capture.
        capture_id: u32,
        /// Why.
        reason: CaptureRefusal,
    }

    /// How far the capture is.
    0x0203 CaptureProgress (Notification, CaptureToHost) {
        /// Which capture.
        capture_id: u32,
        /// How far.
        phase: CapturePhase,
    }

    /// The image is complete at the host (sent after its bulk object was confirmed).
    0x0204 Captured (Notification, CaptureToHost) {
        /// Which capture; also the id of the image.
        capture_id: u32,
        /// Pixels in a row.
        width: u16,
        /// Rows.
        height: u16,
        /// Bits of a pixel: 4.
        bits_per_pixel: u8,
    }

    /// The capture ended without an image.
    0x0205 CaptureFailed (Notification, CaptureToHost) {
        /// Which capture.
        capture_id: u32,
        /// Why.
        reason: CaptureFailure,
        /// The sensor's confirmation code, if the reason is a sensor error; else 0.
        sensor_code: u8,
    }

    /// Stops the capture, if it is still under way. Answered by `Accepted`; `CaptureFailed` follows if it was.
    0x0206 CancelCapture (Request, HostToCapture) {
        /// Which capture.
        capture_id: u32,
    }

    /// Shows the applicant what became of the capture.
    0x0207 ShowVerdict (Notification, HostToCapture) {
        /// Which capture.
        capture_id: u32,
        /// What to show.
        verdict: CaptureVerdict,
    }
}
