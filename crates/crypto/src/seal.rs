//! Secrets at rest, sealed under a master key that can be rotated, and MACs under keys derived from it.
//!
//! A sealed value is `version (1) ‖ key id (4) ‖ nonce (24) ‖ ciphertext ‖ tag (16)`. The cipher is XAES-256-GCM
//! (C2SP): AES-256-GCM under a key derived for each nonce, so that random nonces stay safe for any number of values.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{cmac, hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::constant_time_eq;
use crate::rng::{Rng, random};

/// The 256 bits that everything at rest is sealed under.
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Names a master key and tells nothing of it: four bytes that are derived from it, and that all it seals carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

/// The text is not the base64 of 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a master key is 32 bytes, written in base64")]
pub struct InvalidMasterKey;

/// Why a sealed value does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenError {
    #[error("this is no sealed value")]
    Malformed,
    #[error("sealed under a key that is not at hand")]
    UnknownKey,
    #[error("altered, or sealed for another context")]
    Forged,
}

/// Seals under the current master key, and opens under that and the previous ones.
pub struct Sealer {
    current: Keys,
    previous: Vec<Keys>,
    rng: Arc<dyn Rng>,
}

impl MasterKey {
    pub fn generate(rng: &dyn Rng) -> Self {
        Self(Zeroizing::new(random(rng)))
    }

    /// Reads standard base64 with padding; white space around it is allowed, as files end in a line break.
    pub fn from_base64(text: &str) -> Result<Self, InvalidMasterKey> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| InvalidMasterKey)?);
        let bytes = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| InvalidMasterKey)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    pub fn to_base64(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(44));
        STANDARD.encode_string(self.0.as_slice(), &mut text);
        text
    }
}

impl KeyId {
    /// The first bytes of everything that is sealed under this key: version and key id.
    pub fn prefix(self) -> [u8; HEADER] {
        let mut prefix = [VERSION; HEADER];
        prefix[1..].copy_from_slice(&self.0);
        prefix
    }

    /// The key that a sealed value, or its first bytes, names. `None` for what is no sealed value.
    pub fn of_sealed(sealed: &[u8]) -> Option<Self> {
        let (version, rest) = sealed.split_first()?;
        let id = rest.first_chunk().filter(|_| *version == VERSION)?;
        Some(Self(*id))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl Sealer {
    pub fn new(current: MasterKey, previous: Vec<MasterKey>, rng: Arc<dyn Rng>) -> Self {
        Self { current: Keys::of(&current), previous: previous.iter().map(Keys::of).collect(), rng }
    }

    /// Encrypts and authenticates. The same context must be given to open it: it says what the value is and whose.
    pub fn seal(&self, context: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let nonce = random::<NONCE>(&*self.rng);
        let mut sealed = Vec::with_capacity(HEADER + NONCE + plaintext.len() + TAG);
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.current.id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let aad = aad(&sealed[..HEADER], context);
        let (key, nonce) = xaes_key(&self.current.sealing, &nonce);
        let tag = key
            .seal_in_place_separate_tag(nonce, Aad::from(&aad), &mut sealed[HEADER + NONCE..])
            .expect("a value is far shorter than the 64 GiB that AES-GCM can seal");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Decrypts what [`Sealer::seal`] gave, under whichever of the keys it was sealed.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let header = sealed.get(..HEADER).ok_or(OpenError::Malformed)?;
        let nonce = sealed.get(HEADER..HEADER + NONCE).ok_or(OpenError::Malformed)?;
        let nonce = nonce.try_into().map_err(|_| OpenError::Malformed)?;
        let body = &sealed[HEADER + NONCE..];
        if header[0] != VERSION || body.len() < TAG {
            return Err(OpenError::Malformed);
        }
        let aad = aad(header, context);
        let mut error = OpenError::UnknownKey;
        // Key ids are short: two keys may share one, so a failure under the first is not the end.
        for keys in self.keys().filter(|keys| keys.id == header[1..]) {
            let mut plaintext = Zeroizing::new(body.to_vec());
            let (key, nonce) = xaes_key(&keys.sealing, nonce);
            if key.open_in_place(nonce, Aad::from(&aad), &mut plaintext).is_ok() {
                plaintext.truncate(body.len() - TAG);
                return Ok(plaintext);
            }
            error = OpenError::Forged;
        }
        Err(error)
    }

    /// Whether the value is sealed under the current key, or wants to be sealed again.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        KeyId::of_sealed(sealed) == Some(self.current_id())
    }

    /// Seals again, under the current key, what any of the keys sealed.
    pub fn reseal(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        Ok(self.seal(context, &self.open(context, sealed)?))
    }

    pub fn current_id(&self) -> KeyId {
        KeyId(self.current.id)
    }

    /// The previous keys, in the order in which they were given.
    pub fn previous_ids(&self) -> impl Iterator<Item = KeyId> {
        self.previous.iter().map(|keys| KeyId(keys.id))
    }

    /// HMAC-SHA256 of the parts, each with its length before it, under a key that is derived for this label.
    pub fn mac(&self, label: &str, data: &[&[u8]]) -> [u8; 32] {
        self.current.mac(label, data)
    }

    /// Whether the MAC was made for this label and data under the current key or a previous one. Compares in constant time.
    pub fn verify_mac(&self, label: &str, data: &[&[u8]], mac: &[u8]) -> bool {
        self.keys().any(|keys| constant_time_eq(&keys.mac(label, data), mac))
    }

    fn keys(&self) -> impl Iterator<Item = &Keys> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

const VERSION: u8 = 1;
const HEADER: usize = 1 + 4;
const NONCE: usize = 24;
const TAG: usize = 16;

/// What is derived from one master key (HKDF-SHA256, RFC 5869), each for one purpose.
struct Keys {
    id: [u8; 4],
    sealing: cmac::Key,
    macs: hkdf::Prk,
}

impl Keys {
    fn of(master: &MasterKey) -> Self {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"").extract(&*master.0);
        let id = *expand::<4>(&prk, &[b"key id"]);
        Self {
            id,
            sealing: cmac::Key::new(cmac::AES_256, &*expand::<32>(&prk, &[b"seal v1"]))
                .expect("the length of AES-256"),
            macs: hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, &*expand::<32>(&prk, &[b"mac v1"])),
        }
    }

    fn mac(&self, label: &str, data: &[&[u8]]) -> [u8; 32] {
        let key = expand::<32>(&self.macs, &[label.as_bytes()]);
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &*key));
        for part in data {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref().try_into().expect("HMAC-SHA256 has 32 bytes")
    }
}

fn expand<const N: usize>(prk: &hkdf::Prk, info: &[&[u8]]) -> Zeroizing<[u8; N]> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut key = Zeroizing::new([0; N]);
    prk.expand(info, Length(N)).and_then(|okm| okm.fill(&mut *key)).expect("far shorter than HKDF's limit");
    key
}

/// The header is authenticated with the context. It has a fixed length, so the two cannot run into each other.
fn aad(header: &[u8], context: &[u8]) -> Vec<u8> {
    [header, context].concat()
}

/// XAES-256-GCM: the first half of the nonce derives the key, by the counter KDF of NIST SP 800-108r1 over CMAC with the
/// label "X"; the second half is the nonce of AES-256-GCM.
fn xaes_key(key: &cmac::Key, nonce: &[u8; NONCE]) -> (LessSafeKey, Nonce) {
    let (context, rest) = nonce.split_at(12);
    let mut derived = Zeroizing::new([0; 32]);
    for (counter, half) in (1..).zip(derived.chunks_exact_mut(16)) {
        let mut block = [0, counter, b'X', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        block[4..].copy_from_slice(context);
        cmac::sign_to_buffer(key, &block, half).expect("the buffer has the length of the tag");
    }
    let key = UnboundKey::new(&aead::AES_256_GCM, &*derived).expect("the length of AES-256");
    let nonce = Nonce::try_assume_unique_for_key(rest).expect("twelve bytes");
    (LessSafeKey::new(key), nonce)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rng::SystemRng;

    fn master(byte: u8) -> MasterKey {
        MasterKey(Zeroizing::new([byte; 32]))
    }

    fn sealer(current: u8, previous: &[u8]) -> Sealer {
        Sealer::new(master(current), previous.iter().copied().map(master).collect(), Arc::new(SystemRng))
    }

    #[test]
    fn the_cipher_is_xaes_256_gcm() {
        // The vectors of the C2SP specification.
        let cases: [(u8, &[u8], &str); 2] = [
            (1, b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
            (3, b"c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
        ];
        for (key, aad, expected) in cases {
            let key = cmac::Key::new(cmac::AES_256, &[key; 32]).unwrap();
            let (key, nonce) = xaes_key(&key, b"ABCDEFGHIJKLMNOPQRSTUVWX");
            let mut text = b"XAES-256-GCM".to_vec();
            key.seal_in_place_append_tag(nonce, Aad::from(aad), &mut text).unwrap();
            let hex = text.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
            assert_eq!(hex, expected);
        }
    }

    #[test]
    fn what_is_sealed_opens_in_its_context_alone() {
        let sealer = sealer(1, &[]);
        let sealed = sealer.seal(b"seed of 7", b"secret");
        assert_eq!(sealer.open(b"seed of 7", &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(sealer.open(b"seed of 8", &sealed).unwrap_err(), OpenError::Forged);
        assert_eq!(sealer.open(b"", &sealed).unwrap_err(), OpenError::Forged);
        assert_eq!(sealer.open(b"c", &sealer.seal(b"c", b"")).unwrap().as_slice(), b"");
        assert_ne!(sealed, sealer.seal(b"seed of 7", b"secret"));
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }

    #[test]
    fn a_previous_key_opens_but_is_not_current_and_a_dropped_one_does_not_open() {
        let sealed = sealer(1, &[]).seal(b"c", b"secret");
        let rotated = sealer(2, &[1]);
        assert!(sealer(1, &[]).is_current(&sealed) && !rotated.is_current(&sealed));
        assert_eq!(rotated.open(b"c", &sealed).unwrap().as_slice(), b"secret");
        assert!(rotated.is_current(&rotated.seal(b"c", b"secret")));
        assert_eq!(sealer(2, &[]).open(b"c", &sealed).unwrap_err(), OpenError::UnknownKey);
    }

    #[test]
    fn what_is_sealed_again_is_under_the_current_key_and_says_the_same() {
        let old = sealer(1, &[]).seal(b"c", b"secret");
        let rotated = sealer(2, &[1]);
        let resealed = rotated.reseal(b"c", &old).unwrap();
        assert!(rotated.is_current(&resealed));
        assert_eq!(sealer(2, &[]).open(b"c", &resealed).unwrap().as_slice(), b"secret");
        assert_eq!(rotated.reseal(b"other", &old).unwrap_err(), OpenError::Forged);
    }

    #[test]
    fn a_key_is_named_by_all_that_it_seals() {
        let (first, second) = (sealer(1, &[]), sealer(2, &[1]));
        let sealed = first.seal(b"c", b"secret");
        assert_eq!(KeyId::of_sealed(&sealed), Some(first.current_id()));
        assert_eq!(sealed[..5], first.current_id().prefix());
        assert_eq!(KeyId::of_sealed(&first.current_id().prefix()), Some(first.current_id()));
        assert_eq!(second.previous_ids().collect::<Vec<_>>(), [first.current_id()]);
        assert_ne!(first.current_id(), second.current_id());
        assert_eq!(first.current_id().to_string().len(), 8);
        for wrong in [&[][..], &[1, 2, 3, 4], &[2, 0, 0, 0, 0]] {
            assert_eq!(KeyId::of_sealed(wrong), None);
        }
    }

    #[test]
    fn a_value_cut_or_changed_anywhere_does_not_open() {
        let sealer = sealer(1, &[]);
        let sealed = sealer.seal(b"c", b"secret");
        for length in 0..sealed.len() {
            assert!(sealer.open(b"c", &sealed[..length]).is_err(), "cut to {length}");
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open(b"c", &changed).is_err(), "changed at {at}");
        }
        assert_eq!(sealer.open(b"c", b"").unwrap_err(), OpenError::Malformed);
    }

    #[test]
    fn a_mac_holds_for_its_label_its_data_and_its_division_into_parts() {
        let sealer = sealer(1, &[]);
        let mac = sealer.mac("codes", &[b"ab", b"c"]);
        assert!(sealer.verify_mac("codes", &[b"ab", b"c"], &mac));
        assert!(!sealer.verify_mac("chain", &[b"ab", b"c"], &mac));
        assert!(!sealer.verify_mac("codes", &[b"a", b"bc"], &mac));
        assert!(!sealer.verify_mac("codes", &[b"abc"], &mac));
        assert!(!sealer.verify_mac("codes", &[b"ab", b"c", b""], &mac));
        assert!(!sealer.verify_mac("codes", &[b"ab", b"c"], &mac[..31]));
        assert!(!sealer.verify_mac("codes", &[b"ab", b"c"], b""));
    }

    #[test]
    fn a_mac_outlives_a_rotation() {
        let mac = sealer(1, &[]).mac("codes", &[b"123456"]);
        assert!(sealer(2, &[1]).verify_mac("codes", &[b"123456"], &mac));
        assert!(!sealer(2, &[]).verify_mac("codes", &[b"123456"], &mac));
    }

    #[test]
    fn a_master_key_is_written_and_read_in_base64() {
        let key = MasterKey::generate(&SystemRng);
        let read = MasterKey::from_base64(&format!("{}\n", *key.to_base64())).unwrap();
        assert_eq!(*read.0, *key.0);
        for wrong in ["", "AAAA", "not base64", &STANDARD.encode([0; 31]), &STANDARD.encode([0; 33])] {
            assert!(MasterKey::from_base64(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn opening_anything_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(sealer(1, &[]).open(b"c", &bytes).is_err());
        }
    }
}
