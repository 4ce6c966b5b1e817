//! Parts of the capture board's messages.

use super::define::wire_enum;

wire_enum! {
    /// Which finger; the codes of ISO/IEC 19794-2:2005, table 2.
    closed FingerPosition {
        /// Not known.
        Unknown = 0,
        /// Right thumb.
        RightThumb = 1,
        /// Right index finger.
        RightIndex = 2,
        /// Right middle finger.
        RightMiddle = 3,
        /// Right ring finger.
        RightRing = 4,
        /// Right little finger.
        RightLittle = 5,
        /// Left thumb.
        LeftThumb = 6,
        /// Left index finger.
        LeftIndex = 7,
        /// Left middle finger.
        LeftMiddle = 8,
        /// Left ring finger.
        LeftRing = 9,
        /// Left little finger.
        LeftLittle = 10,
    }
}

wire_enum! {
    /// What a finger is captured for.
    closed CapturePurpose {
        /// To compare the applicant with the record, before a card is made.
        Verify = 0,
        /// To activate the card, against the template on its chip.
        Activate = 1,
    }
}

wire_enum! {
    /// Why a capture does not start.
    open CaptureRefusal {
        /// Another capture is under way.
        Busy = 1,
        /// The fingerprint sensor does not answer.
        SensorMissing = 2,
    }
}

wire_enum! {
    /// How far a capture is.
    open CapturePhase {
        /// The board asks for the finger.
        WaitingForFinger = 0,
        /// A finger lies on the sensor.
        FingerPlaced = 1,
        /// The image is being read.
        Reading = 2,
        /// The finger may be lifted.
        Lift = 3,
        /// The finger was of no use, `quality` says why; it is asked for again.
        Again = 4,
    }
}

wire_enum! {
    /// Why a capture ended without an image.
    open CaptureFailure {
        /// No finger came in time.
        Timeout = 1,
        /// The host cancelled it.
        Cancelled = 2,
        /// The sensor does not answer.
        SensorMissing = 3,
        /// The sensor reported an error; `sensor_code` says which.
        SensorError = 4,
        /// The sensor's image was incomplete or damaged.
        BadImage = 5,
        /// The image could not be brought to the host.
        TransferFailed = 6,
        /// The sensor could make nothing of the finger, several times.
        PoorFinger = 7,
    }
}

wire_enum! {
    /// What the applicant is shown.
    closed CaptureVerdict {
        /// The finger is the right one.
        Match = 0,
        /// It is not.
        NoMatch = 1,
        /// The image could not be judged, or one more try is left.
        TryAgain = 2,
        /// Nothing more is asked for.
        Done = 3,
    }
}

wire_enum! {
    /// What a bulk object is.
    open ObjectKind {
        /// A fingerprint image. Its id is the capture's. Rows from the top, pixels from the left, 4 bits a
        /// pixel (0 = black), two pixels a byte, the left one in the high nibble.
        Image = 1,
        /// A firmware for the board. Its id is the update's.
        Firmware = 2,
    }
}

wire_enum! {
    /// What the sensor makes of a finger.
    open FingerQuality {
        /// It was not asked.
        Unknown = 0,
        /// Good enough for the sensor's own extraction.
        Good = 1,
        /// Too wet or smeared: the ridges run into each other.
        TooWet = 2,
        /// Too dry or pressed too lightly: the ridges break up, or there are too few.
        TooDry = 3,
        /// It is not a whole finger, or it moved.
        Unusable = 4,
    }
}
