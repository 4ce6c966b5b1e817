//! Whose firmware this board takes.

/// The public key of which the private half is in everybody's hands (`cargo rig firmware sign` makes it from a sentence): firmware
/// built without another trusts it, so that updates can be tried. **Not for a board in a lobby.**
pub const DEVELOPMENT_KEY: [u8; 32] = [
    0x8b, 0x1c, 0xd9, 0xe2, 0x56, 0x9a, 0xad, 0x83, 0x82, 0xc1, 0xd0, 0x04, 0x79, 0x0f, 0x3a, 0x72, 0x88,
    0x7c, 0x79, 0xe6, 0x07, 0x12, 0x27, 0x8e, 0xcc, 0x7d, 0x49, 0x5b, 0xab, 0xc7, 0xba, 0x2d,
];

/// The key that this firmware trusts: 64 hexadecimal digits in the environment variable `LOKET_UPDATE_KEY` when it was compiled, else
/// [`DEVELOPMENT_KEY`].
pub const TRUSTED_KEY: [u8; 32] = match option_env!("LOKET_UPDATE_KEY") {
    Some(digits) => from_hexadecimal(digits.as_bytes()),
    None => DEVELOPMENT_KEY,
};

/// A key that cannot be read must not become another key in silence: it does not compile.
const fn from_hexadecimal(digits: &[u8]) -> [u8; 32] {
    assert!(
        digits.len() == 64,
        "LOKET_UPDATE_KEY is a key of 64 hexadecimal digits"
    );
    let mut key = [0; 32];
    let mut place = 0;
    while place < 64 {
        let value = match digits[place] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            _ => panic!("LOKET_UPDATE_KEY is a key of 64 hexadecimal digits"),
        };
        key[place / 2] |= value << (4 * (1 - place % 2));
        place += 1;
    }
    key
}

#[cfg(any(test, feature = "update"))]
pub(super) use checked::{Hash, signed_by};
#[cfg(not(any(test, feature = "update")))]
pub(super) use unchecked::{Hash, signed_by};

#[cfg(any(test, feature = "update"))]
mod checked {
    use sha2::{Digest, Sha256};

    /// Whether `signature` is `key`'s of `message` (Ed25519, RFC 8032).
    pub(in crate::update) fn signed_by(key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
        let (Ok(key), Ok(signature)) = (salty::PublicKey::try_from(key), <&[u8; 64]>::try_from(signature))
        else {
            return false;
        };
        key.verify(message, &salty::Signature::from(signature)).is_ok()
    }

    /// SHA-256.
    pub(in crate::update) struct Hash(Sha256);

    impl Hash {
        pub(in crate::update) fn new() -> Self {
            Self(Sha256::new())
        }

        pub(in crate::update) fn update(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }

        pub(in crate::update) fn value(self) -> [u8; 32] {
            self.0.finalize().into()
        }
    }
}

/// A board that takes no firmware trusts nobody and needs no cryptography.
#[allow(clippy::unused_self)] // The same functions as with it.
#[cfg(not(any(test, feature = "update")))]
mod unchecked {
    pub(in crate::update) const fn signed_by(_key: &[u8; 32], _message: &[u8], _signature: &[u8]) -> bool {
        false
    }

    pub(in crate::update) struct Hash;

    impl Hash {
        pub(in crate::update) const fn new() -> Self {
            Self
        }

        pub(in crate::update) const fn update(&mut self, _bytes: &[u8]) {}

        pub(in crate::update) const fn value(self) -> [u8; 32] {
            [0; 32]
        }
    }
}
