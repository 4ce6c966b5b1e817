#![doc = include_str!("PROFILE.md")]

use serde::Serialize;

/// File identifier: two bytes, unique within the folder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u16);

impl FileId {
    /// The identifier as SELECT carries it.
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }
}

impl std::fmt::Display for FileId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl std::fmt::Debug for FileId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FileId({self})")
    }
}

/// What one elementary file of the chip holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DataGroup {
    /// Which profile, which office key, which application.
    CardControl,
    /// The holder's data as one line of text.
    Biodata,
    /// Portrait, JPEG.
    Photo,
    /// Handwritten signature, bitmap.
    Signature,
    /// Minutiae of the first finger, ISO/IEC 19794-2.
    FirstFinger,
    /// Minutiae of the second finger, ISO/IEC 19794-2.
    SecondFinger,
    /// The office's signature over the other data groups and the chip's UID.
    DigitalSignature,
}

impl DataGroup {
    /// All data groups in the order of their file identifiers.
    pub const ALL: [Self; 7] = [
        Self::CardControl,
        Self::Biodata,
        Self::Photo,
        Self::Signature,
        Self::FirstFinger,
        Self::SecondFinger,
        Self::DigitalSignature,
    ];

    /// Place in [`Self::ALL`], 0 to 6.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Name for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CardControl => "card control",
            Self::Biodata => "biodata",
            Self::Photo => "photo",
            Self::Signature => "signature",
            Self::FirstFinger => "first finger",
            Self::SecondFinger => "second finger",
            Self::DigitalSignature => "digital signature",
        }
    }
}

impl std::fmt::Display for DataGroup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Who may read a file of an activated chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadAccess {
    /// Anybody.
    Free,
    /// Only over secure messaging, after the reader's SAM authenticated itself.
    SecureMessaging,
}

/// One elementary file (EF) of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElementaryFile {
    /// What it holds.
    pub group: DataGroup,
    /// Its identifier under the application's folder.
    pub id: FileId,
    /// Bytes a blank gives it, length prefix included.
    pub size: usize,
    /// Who may read it once the card is issued.
    pub read_access: ReadAccess,
}

/// Bytes of the length prefix at the start of every elementary file: content length, big-endian.
pub const LENGTH_PREFIX: usize = 2;

/// Length prefix that says "being written": longer than any file, so that no reader takes it for content.
pub const BEING_WRITTEN: u16 = 0xFFFF;

/// What a chip looks like and how it is filled. The seam where a vendor's own profile goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardProfile {
    /// Name for messages.
    pub name: &'static str,
    /// Dedicated file (DF) of the application.
    pub application: FileId,
    /// Its elementary files, in the order of [`DataGroup::ALL`].
    pub files: [ElementaryFile; 7],
    /// Bytes of the chip's memory. All files and their headers must fit.
    pub memory: usize,
    /// Bytes of memory that the card's own book-keeping takes for each file (DF or EF).
    pub file_header: usize,
    /// Most data bytes in one command or reply, when the card takes extended length.
    pub block: usize,
}

impl CardProfile {
    /// The file that holds `group`.
    pub const fn file(&self, group: DataGroup) -> &ElementaryFile {
        &self.files[group.index()]
    }

    /// Bytes of content that the file of `group` can hold.
    pub const fn capacity(&self, group: DataGroup) -> usize {
        self.file(group).size - LENGTH_PREFIX
    }

    /// Bytes of memory that the application takes: folder, files, headers.
    pub const fn footprint(&self) -> usize {
        let mut total = self.file_header;
        let mut index = 0;
        while index < self.files.len() {
            total += self.file_header + self.files[index].size;
            index += 1;
        }
        total
    }
}

/// A row of the table below.
const fn ef(group: DataGroup, id: u16, size: usize, read_access: ReadAccess) -> ElementaryFile {
    ElementaryFile {
        group,
        id: FileId(id),
        size,
        read_access,
    }
}

/// The KTP-el chip: folder and files as public readers know them (facts on the card, "The KTP-el chip").
///
/// Identifiers, contents and read access are public knowledge. The sizes are this project's choice for an 8 KB chip,
/// since the maker's are not public; card control has the larger of its two known lengths (51 bytes).
pub static KTP_EL: CardProfile = CardProfile {
    name: "KTP-el",
    application: FileId(0x7F0A),
    files: [
        ef(
            DataGroup::CardControl,
            0x6FF0,
            LENGTH_PREFIX + 51,
            ReadAccess::Free,
        ),
        ef(DataGroup::Biodata, 0x6FF1, 1024, ReadAccess::SecureMessaging),
        ef(DataGroup::Photo, 0x6FF2, 4096, ReadAccess::Free),
        ef(
            DataGroup::Signature,
            0x6FF3,
            LENGTH_PREFIX + 924,
            ReadAccess::SecureMessaging,
        ),
        ef(DataGroup::FirstFinger, 0x6FF4, 768, ReadAccess::SecureMessaging),
        ef(DataGroup::SecondFinger, 0x6FF5, 768, ReadAccess::SecureMessaging),
        ef(
            DataGroup::DigitalSignature,
            0x6FF6,
            256,
            ReadAccess::SecureMessaging,
        ),
    ],
    memory: 8192,
    file_header: 32,
    block: 2048,
};

const _: () = assert!(
    KTP_EL.footprint() <= KTP_EL.memory,
    "the profile must fit the chip"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stand_in_the_order_of_the_data_groups() {
        for (group, file) in DataGroup::ALL.into_iter().zip(&KTP_EL.files) {
            assert_eq!(file.group, group);
            assert_eq!(file.id.0, 0x6FF0 + group.index() as u16);
            assert!(file.size < usize::from(BEING_WRITTEN));
        }
    }

    #[test]
    fn the_documents_table_is_the_data() {
        let document = include_str!("PROFILE.md");
        for ElementaryFile {
            group,
            id,
            size,
            read_access,
        } in KTP_EL.files
        {
            let access = if read_access == ReadAccess::Free {
                "free"
            } else {
                "secure messaging"
            };
            let row = format!("| `{id}` | {group} | {size} | {} | {access} |", id.0 & 0x1F);
            assert!(document.contains(&row), "{row}");
        }
    }

    #[test]
    fn the_card_control_file_is_the_53_bytes_that_public_readers_ask_for() {
        // 00 B0 00 00 35
        assert_eq!(KTP_EL.file(DataGroup::CardControl).size, 0x35);
    }
}
