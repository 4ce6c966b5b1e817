//! Every message. Codes and fields are append-only.
//!
//! 0x0000.. concern every board, 0x0100.. the kiosk, 0x0200.. the capture board.

use heapless::{String, Vec};

use super::define::messages;
use super::{
    CaptureFailure, CapturePhase, CapturePurpose, CaptureRefusal, CaptureVerdict, DecodeError, Direction,
    FingerPosition, FingerQuality, Firmware, LentRange, LinkCounters, MessageSpec, NoRoom, PaperState,
    PrintCause, PrintOutcome, PrinterTrouble, Reader, ResetCause, Service, StorageState, TicketDenial,
    UpdatePhase, UpdateRefusal, Usage, Writer,
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

    /// Why the board started, and what the end before has left. Said once in each session until it was answered by
    /// `Accepted`, which the host does when it is in durable storage; then the board forgets it.
    0x0005 Restarted (Request, BoardToHost, since 3) {
        /// Why the board started.
        cause: ResetCause,
        /// Which firmware ran before. It may be another than the one that tells.
        firmware: Firmware,
        /// How long that had run, in milliseconds; 0 if it is not known.
        uptime_ms: u64,
        /// Watchdog: the tasks that had not reported, one bit each, in the order of the firmware's documentation. Else 0.
        tasks: u16,
        /// Program counter at the end; 0 if it is not known.
        pc: u32,
        /// Link register at the end; 0 if it is not known.
        lr: u32,
        /// Fault: the configurable fault status register. Else 0.
        fault_status: u32,
        /// Fault: the address that was accessed, if the fault has one. Else 0.
        address: u32,
        /// Panic: its words, cut off where the room ends.
        words: String<96>,
    }

    /// Asks how well the board is. Answered by `Health`.
    0x0006 HealthRequest (Request, HostToBoard, since 3) {}

    /// How well the board is. Counters count since boot.
    0x0007 Health (Reply, BoardToHost, since 3) {
        /// Milliseconds since boot.
        uptime_ms: u64,
        /// Why the board started.
        cause: ResetCause,
        /// Restarts since power was switched on, that for the power included.
        starts: u32,
        /// Self-test at boot: a bit for each part that failed, in the order of the firmware's documentation; 0 is all well.
        self_test: u16,
        /// Whether this firmware is on trial: it goes back to the one before unless `UpdateConfirm` comes.
        on_trial: bool,
        /// Bytes from the host that were lost because nobody took them in time.
        host_overruns: u32,
        /// Bytes from the host that came with a framing or parity error.
        host_damaged: u32,
        /// The same from the device: the ticket printer or the fingerprint sensor.
        device_overruns: u32,
        /// The same from the device.
        device_damaged: u32,
        /// Bytes of the stack that have never been used.
        stack_free: u32,
        /// The longest time that the processor was kept from all other tasks, in microseconds.
        longest_block_us: u32,
        /// Share of the time that the processor was at work in the last minute, in thousandths.
        busy_permille: u16,
        /// The durable storage.
        storage: StorageState,
        /// Records written to it.
        storage_writes: u32,
        /// Writes and reads of it that failed.
        storage_errors: u32,
        /// Records in it that the host has not taken yet.
        storage_waiting: u16,
        /// Bytes of the log that were lost for want of room.
        log_lost: u32,
    }

    /// Restarts the board once it has answered. Answered by `Accepted`.
    0x0008 Restart (Request, HostToBoard, since 3) {}

    /// Offers a new firmware. Answered by `Accepted`, then the host sends a `Firmware` object with the same id and
    /// `UpdateProgress` follows; or answered by `UpdateRefused`.
    0x0010 UpdateBegin (Request, HostToBoard, since 3) {
        /// Which update: the id of the object.
        update_id: u32,
        /// The board that it is made for, as the board's own name.
        board: String<16>,
        /// The role that it is made for, as in `Hello`.
        role: u8,
        /// Which firmware it is.
        firmware: Firmware,
        /// Its length in bytes.
        length: u32,
        /// SHA-256 of its bytes: 32 bytes.
        hash: Vec<u8, 32>,
        /// Ed25519 signature of the manifest: 64 bytes.
        signature: Vec<u8, 64>,
    }

    /// The firmware is not taken.
    0x0011 UpdateRefused (Reply, BoardToHost, since 3) {
        /// Which update.
        update_id: u32,
        /// Why.
        reason: UpdateRefusal,
    }

    /// How far an update is.
    0x0012 UpdateProgress (Notification, BoardToHost, since 3) {
        /// Which update.
        update_id: u32,
        /// How far.
        phase: UpdatePhase,
        /// Bytes of it that are in the board's flash.
        written: u32,
    }

    /// The host is content with the firmware that is on trial: it stays. Answered by `Accepted`.
    0x0013 UpdateConfirm (Request, HostToBoard, since 3) {}

    /// What the kiosk offers. Replaces the configuration before. Answered by `Accepted`.
    0x0101 Configure (Request, HostToKiosk) {
        /// Name of the office, as on the ticket.
        office: String<32>,
        /// Whether numbers are given now.
        tickets_open: bool,
        /// The services, in the order of the screen: 1 to 4.
        services: Vec<Service, 4>,
        /// Width of the ticket printer's paper in millimetres: 58 or 80.
        #[since(3, else 58)]
        paper_mm: u8,
        /// Whether residents can ask for priority (elderly, disabled, pregnant).
        #[since(3, else false)]
        priority: bool,
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
        /// Which ticket; 0 if the kiosk was never told: it stopped waiting for the host's answer. If the host has given the press a
        /// number, that is for nobody.
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
        /// What else stands in the way.
        #[since(3, else PrinterTrouble::None)]
        trouble: PrinterTrouble,
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

    /// What residents have to bring for a service, for its tickets. Answered by `Accepted`.
    0x0108 ServiceDetails (Request, HostToKiosk, since 3) {
        /// Which service, by its id in `Configure`.
        service: u8,
        /// What to bring, a line each, in Indonesian.
        bring: Vec<String<40>, 4>,
    }

    /// Lends numbers that the kiosk may give while the host does not answer. Replaces the loan before, of which no further number
    /// is given. Answered by `Accepted` when it is in the kiosk's durable storage.
    0x0109 LendNumbers (Request, HostToKiosk, since 3) {
        /// Which loan: unique for ever, growing.
        loan: u32,
        /// The local day that it is for, counted from 1970-01-01.
        day: u32,
        /// The numbers, at most one range for each service.
        ranges: Vec<LentRange, 4>,
    }

    /// A number of a loan was given, while the host did not answer. Told in the order in which they were given. Answered by
    /// `Accepted` when it is in durable storage; `TicketPrinted` of the same press follows.
    0x010a TicketTaken (Request, KioskToHost, since 3) {
        /// The press it belongs to.
        press: u64,
        /// Of which loan.
        loan: u32,
        /// Which ticket: the loan's range says it.
        ticket_id: u64,
        /// Which service.
        service: u8,
        /// Letter of the number: ASCII `A` to `Z`.
        prefix: u8,
        /// The number.
        number: u16,
        /// Whether the resident asked for priority.
        priority: bool,
        /// When it was given, in seconds since 1970-01-01 00:00:00 UTC; 0 if the kiosk did not know the time.
        taken_unix: u64,
    }

    /// Prints a ticket again, for staff, marked as a copy. Answered by `Reprinted` when its end is known.
    0x010b Reprint (Request, HostToKiosk, since 3) {
        /// Which ticket.
        ticket_id: u64,
        /// Which service.
        service: u8,
        /// Letter of the number: ASCII `A` to `Z`.
        prefix: u8,
        /// The number.
        number: u16,
        /// Whether it has priority.
        priority: bool,
        /// When the number was given, in seconds since 1970-01-01 00:00:00 UTC; 0 if that is not known.
        issued_unix: u64,
        /// Minutes that the office's time is ahead of UTC.
        utc_offset_minutes: i16,
        /// Which copy this is, from 1.
        copy: u8,
    }

    /// What became of a copy.
    0x010c Reprinted (Reply, KioskToHost, since 3) {
        /// Which ticket.
        ticket_id: u64,
        /// What became of the paper.
        outcome: PrintOutcome,
        /// Why, if it was not printed.
        cause: PrintCause,
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
        /// How many images to take, the finger lifted in between: 1 to 8. Each is an `Image` object with the capture's id,
        /// followed by its `Captured`.
        #[since(3, else 1)]
        impressions: u8,
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
        /// Which impression, from 1.
        #[since(3, else 1)]
        impression: u8,
        /// What the sensor makes of the finger.
        #[since(3, else FingerQuality::Unknown)]
        quality: FingerQuality,
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
        /// Which impression, from 1.
        #[since(3, else 1)]
        impression: u8,
        /// What the sensor made of the finger.
        #[since(3, else FingerQuality::Unknown)]
        quality: FingerQuality,
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
