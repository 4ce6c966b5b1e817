//! The office's signature over a chip's content, so that content copied to another chip, or changed, is found.
//!
//! ECDSA over P-256 with SHA-256, deterministic as in RFC 6979: no randomness is needed to sign, and the same content
//! on the same chip always has the same signature. This key vouches for content only. It opens no chip: keys for that
//! stay in the reader's SAM.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use p256::{
    ecdsa::{
        Signature, SigningKey, VerifyingKey,
        signature::{Signer, Verifier},
    },
    pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding},
};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{
    content::{ChipContent, ChipImage, ContentError, DataGroups, KeyId},
    profile::{DataGroup, KTP_EL},
    uid::Uid,
};

/// Bytes of a signature: r and s, 32 each.
pub const SIGNATURE_LENGTH: usize = 64;

/// Starts every signed message, so that this key's signatures mean nothing elsewhere.
const DOMAIN: &[u8] = b"Loket chip content 1\0";

/// What is wrong with a key or a key file.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The key file cannot be read or made.
    #[error("office key file {}: {source}: check that the folder exists and belongs to the user running loket", .path.display())]
    File {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may read the key file.
    #[error("office key file {} can be read by others: run `chmod 600` on it, and renew the key if that was not meant", .0.display())]
    Exposed(PathBuf),
    /// Not a P-256 key in PKCS #8 PEM.
    #[error("not a P-256 key in PEM form: restore the office key from its backup")]
    Malformed,
    /// No randomness to make a key from.
    #[error("the system gives no random numbers")]
    NoRandomness,
}

/// The chip's content is not what the office signed for this chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the digital signature does not fit this chip and its content: do not hand the card over, reject it and report it"
)]
pub struct SignatureWrong;

/// The office's private key.
pub struct OfficeKey(SigningKey);

/// The office's public key, for checking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficePublicKey(VerifyingKey);

/// What is signed: domain, UID with its length, then id, length and content of files 6FF0 to 6FF5; lengths and ids big-endian.
fn message(uid: &Uid, image: &ChipImage) -> Vec<u8> {
    let mut message = DOMAIN.to_vec();
    message.push(uid.as_bytes().len() as u8);
    message.extend_from_slice(uid.as_bytes());
    for group in DataGroup::ALL
        .into_iter()
        .filter(|group| *group != DataGroup::DigitalSignature)
    {
        let content = image.get(group);
        message.extend_from_slice(&KTP_EL.file(group).id.to_bytes());
        message.extend_from_slice(&(content.len() as u32).to_be_bytes());
        message.extend_from_slice(content);
    }
    message
}

impl OfficeKey {
    /// Makes the key from 32 random bytes.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] for the one value in 2^32 that is no key; take other bytes then.
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self, KeyError> {
        SigningKey::from_slice(secret)
            .map(Self)
            .map_err(|_| KeyError::Malformed)
    }

    /// Loads the key from a PKCS #8 PEM file, or makes a new key and stores it there, readable by its owner only.
    ///
    /// # Errors
    /// [`KeyError`] when the file cannot be read or made, is no key, or can be read by others.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File {
            path: path.to_owned(),
            source,
        };
        match fs::read_to_string(path) {
            Ok(pem) => {
                if fs::metadata(path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
                    return Err(KeyError::Exposed(path.to_owned()));
                }
                SigningKey::from_pkcs8_pem(&pem)
                    .map(Self)
                    .map_err(|_| KeyError::Malformed)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(path),
            Err(error) => Err(failed(error)),
        }
    }

    /// Makes a new key. The file appears whole or not at all, and an existing one is never replaced.
    fn create(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File {
            path: path.to_owned(),
            source,
        };
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|_| KeyError::NoRandomness)?;
        let key = Self::from_secret(&secret)?;
        let pem = key
            .0
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|_| KeyError::Malformed)?;
        let draft = path.with_extension(format!("new-{}", std::process::id()));
        let written = (|| {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&draft)?;
            file.write_all(pem.as_bytes())?;
            file.sync_all()?;
            // A link, unlike a rename, fails when another process was faster.
            fs::hard_link(&draft, path)
        })();
        // Whether linked or failed, the draft has served; a leftover would only be untidy.
        let _ = fs::remove_file(&draft);
        match written {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.exists() => {
                Self::load_or_create(path)
            }
            written => written.map(|()| key).map_err(failed),
        }
    }

    /// The key's public half.
    pub fn public(&self) -> OfficePublicKey {
        OfficePublicKey(*self.0.verifying_key())
    }

    /// Signs data groups for the chip with this UID, and notes in card control which key did.
    ///
    /// # Errors
    /// [`ContentError`] when a part cannot be encoded.
    pub fn sign(&self, uid: &Uid, mut groups: DataGroups) -> Result<ChipContent, ContentError> {
        groups.card_control.key = self.public().id();
        let signature: Signature = self.0.sign(&message(uid, &groups.encode()?));
        Ok(ChipContent {
            groups,
            digital_signature: signature.to_bytes().to_vec(),
        })
    }
}

/// Shows which key, never the key.
impl std::fmt::Debug for OfficeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OfficeKey({})", self.public().id())
    }
}

impl OfficePublicKey {
    /// Reads a PEM file's text (`SubjectPublicKeyInfo`).
    ///
    /// # Errors
    /// [`KeyError::Malformed`] when it is no P-256 public key.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        VerifyingKey::from_public_key_pem(pem)
            .map(Self)
            .map_err(|_| KeyError::Malformed)
    }

    /// The key as PEM text, for other offices.
    ///
    /// # Errors
    /// [`KeyError::Malformed`], which a key that exists does not cause.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        self.0
            .to_public_key_pem(LineEnding::LF)
            .map_err(|_| KeyError::Malformed)
    }

    /// Short name of the key: the first bytes of SHA-256 over its DER form.
    pub fn id(&self) -> KeyId {
        let mut id = KeyId::default();
        // A valid point always encodes; should it not, the id is zero and verification finds it.
        if let Ok(der) = self.0.to_public_key_der() {
            id.0.copy_from_slice(&Sha256::digest(der.as_bytes())[..8]);
        }
        id
    }

    /// Checks that `image` was signed by this key for the chip with this UID.
    ///
    /// # Errors
    /// [`SignatureWrong`] when content, chip or key are others.
    pub fn verify(&self, uid: &Uid, image: &ChipImage) -> Result<(), SignatureWrong> {
        let signature =
            Signature::from_slice(image.get(DataGroup::DigitalSignature)).map_err(|_| SignatureWrong)?;
        self.0
            .verify(&message(uid, image), &signature)
            .map_err(|_| SignatureWrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::content::tests::invented;

    fn key() -> OfficeKey {
        OfficeKey::from_secret(&[0x11; 32]).unwrap()
    }

    fn uid(last: u8) -> Uid {
        Uid::try_from([4, 1, 2, 3, 4, 5, last].as_slice()).unwrap()
    }

    #[test]
    fn signed_content_verifies_on_its_chip_only() {
        let content = key().sign(&uid(1), invented(2000)).unwrap();
        assert_eq!(content.digital_signature.len(), SIGNATURE_LENGTH);
        assert_eq!(content.groups.card_control.key, key().public().id());
        let image = content.encode().unwrap();
        assert_eq!(key().public().verify(&uid(1), &image), Ok(()));
        assert_eq!(
            key().public().verify(&uid(2), &image),
            Err(SignatureWrong),
            "copied to another chip"
        );
        let other = OfficeKey::from_secret(&[0x22; 32]).unwrap().public();
        assert_eq!(
            other.verify(&uid(1), &image),
            Err(SignatureWrong),
            "another office"
        );
    }

    #[test]
    fn a_changed_byte_in_any_data_group_is_found() {
        let image = key().sign(&uid(1), invented(2000)).unwrap().encode().unwrap();
        for group in DataGroup::ALL {
            let mut changed = image.clone();
            let mut content = image.get(group).to_vec();
            content[20] ^= 0x01;
            changed.set(group, content);
            assert_eq!(
                key().public().verify(&uid(1), &changed),
                Err(SignatureWrong),
                "{group}"
            );
        }
    }

    #[test]
    fn signing_needs_no_chance() {
        let sign = || key().sign(&uid(1), invented(2000)).unwrap();
        assert_eq!(sign(), sign());
    }

    #[test]
    fn the_key_file_is_made_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("office.pem");
        let made = OfficeKey::load_or_create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(OfficeKey::load_or_create(&path).unwrap().public(), made.public());
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no draft left behind"
        );
    }

    #[test]
    fn a_key_file_that_others_can_read_or_that_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("office.pem");
        OfficeKey::load_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            OfficeKey::load_or_create(&path),
            Err(KeyError::Exposed(_))
        ));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "no key").unwrap();
        assert!(matches!(
            OfficeKey::load_or_create(&path),
            Err(KeyError::Malformed)
        ));
        let nowhere = folder.path().join("missing/office.pem");
        assert!(matches!(
            OfficeKey::load_or_create(&nowhere),
            Err(KeyError::File { .. })
        ));
    }

    #[test]
    fn a_public_key_survives_pem() {
        let public = key().public();
        assert_eq!(
            OfficePublicKey::from_pem(&public.to_pem().unwrap()).unwrap(),
            public
        );
    }
}
