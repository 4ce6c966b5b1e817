//! Numbers of the line: instructions and confirmations.

/// One definition for numbers and names.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$variant_doc])* $variant = $code,)*
        }

        impl $name {
            /// The number on the line.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The name of a number, if it has one.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// What a sensor can be told to do.
    Instruction {
        /// Take an image.
        GenImg = 0x01,
        /// Make a template from the image, into a character buffer.
        Img2Tz = 0x02,
        /// Compare the two character buffers.
        Match = 0x03,
        /// Look for a character buffer's finger among the stored templates.
        Search = 0x04,
        /// Join the two character buffers to one template.
        RegModel = 0x05,
        /// Store a character buffer.
        Store = 0x06,
        /// Load a stored template into a character buffer.
        Load = 0x07,
        /// Send a character buffer to the host.
        UpChar = 0x08,
        /// Receive a character buffer from the host.
        DownChar = 0x09,
        /// Send the image to the host.
        UpImage = 0x0A,
        /// Receive an image from the host.
        DownImage = 0x0B,
        /// Delete stored templates.
        Delete = 0x0C,
        /// Delete all stored templates.
        Empty = 0x0D,
        /// Set baud rate, security level or packet size.
        SetSysPara = 0x0E,
        /// Tell state and parameters.
        ReadSysPara = 0x0F,
        /// Set the password.
        SetPwd = 0x12,
        /// Verify the password.
        VfyPwd = 0x13,
        /// Give a random number.
        GetRandom = 0x14,
        /// Set the address.
        SetAdder = 0x15,
        /// Switch the line on or off; answered, without effect here.
        PortControl = 0x17,
        /// Write a page of the note pad.
        WriteNotepad = 0x18,
        /// Read a page of the note pad.
        ReadNotepad = 0x19,
        /// Look for a finger, faster.
        HiSpeedSearch = 0x1B,
        /// Tell how many templates are stored.
        TemplateNum = 0x1D,
        /// Tell which places are taken.
        ReadIndex = 0x1F,
        /// R503: set the light.
        AuraLed = 0x35,
        /// R503: tell model, serial number and sizes.
        ProductInfo = 0x3C,
        /// R503: start again.
        SoftReset = 0x3D,
        /// Tell that it is there.
        GetEcho = 0x53,
    }
}

codes! {
    /// First byte of every acknowledgement.
    Confirmation {
        /// Done.
        Ok = 0x00,
        /// The command did not come through, or is none.
        ReceiveError = 0x01,
        /// No finger on the glass.
        NoFinger = 0x02,
        /// No image could be taken.
        ImageFailed = 0x03,
        /// The image is too messy for a template.
        ImageMessy = 0x06,
        /// The image shows too little for a template.
        TooFewFeatures = 0x07,
        /// The two fingers differ.
        NoMatch = 0x08,
        /// No stored template is of this finger.
        NotFound = 0x09,
        /// The two impressions are not of one finger.
        MergeFailed = 0x0A,
        /// There is no such place.
        BadLocation = 0x0B,
        /// Nothing usable is stored there.
        LoadFailed = 0x0C,
        /// The character buffer cannot be sent.
        UpCharFailed = 0x0D,
        /// Data packets cannot be received.
        DataReceiveFailed = 0x0E,
        /// The image cannot be sent.
        UpImageFailed = 0x0F,
        /// The password is wrong.
        WrongPassword = 0x13,
        /// There is no image yet.
        NoImage = 0x15,
        /// There is no such parameter or value.
        BadRegister = 0x1A,
        /// The address is not this sensor's.
        WrongAddress = 0x20,
        /// The password must be verified first.
        PasswordRequired = 0x21,
        /// The answer to `GetEcho`, and the byte sent after a reset: "here I am".
        Here = 0x55,
    }
}
