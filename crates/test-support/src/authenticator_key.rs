use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};

/// What a passkey signs with, by its number in the registry of COSE algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    Es256 = -7,
    EdDsa = -8,
    Rs256 = -257,
}

impl KeyKind {
    /// # Panics
    /// Where no passkey of the tests can sign so.
    pub fn of_number(alg: i64) -> Self {
        let known = [Self::Es256, Self::EdDsa, Self::Rs256];
        known.into_iter().find(|kind| *kind as i64 == alg).unwrap_or_else(|| panic!("no key of {alg}"))
    }
}

/// A passkey's private key.
pub(crate) enum Key {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl Key {
    pub fn generate(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Es256 => Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()),
            KeyKind::EdDsa => Self::EdDsa(Ed25519KeyPair::generate().unwrap()),
            KeyKind::Rs256 => Self::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
        }
    }

    pub fn kind(&self) -> KeyKind {
        match self {
            Self::Es256(_) => KeyKind::Es256,
            Self::EdDsa(_) => KeyKind::EdDsa,
            Self::Rs256(_) => KeyKind::Rs256,
        }
    }

    /// As Web Authentication wants it, section 6.5.5.
    #[expect(clippy::disallowed_methods, reason = "an authenticator has a generator of its own")]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let rng = aws_lc_rs::rand::SystemRandom::new();
        match self {
            Self::Es256(pair) => pair.sign(&rng, message).unwrap().as_ref().to_vec(),
            Self::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &rng, message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// The public half as a COSE key (RFC 9052, section 7), in CBOR.
    pub fn cose(&self) -> Vec<u8> {
        match self {
            // {1: 2, 3: -7, -1: 1, -2: x, -3: y}
            Self::Es256(pair) => {
                let point = pair.public_key().as_ref();
                let head = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
                [&head[..], &point[1..33], &[0x22, 0x58, 0x20], &point[33..]].concat()
            }
            // {1: 1, 3: -8, -1: 6, -2: x}
            Self::EdDsa(pair) => {
                let head = [0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20];
                [&head[..], pair.public_key().as_ref()].concat()
            }
            // {1: 3, 3: -257, -1: n, -2: e}
            Self::Rs256(pair) => {
                let (n, e) = rsa_numbers(pair.public_key().as_ref());
                let head = [0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01, 0x00];
                [&head[..], n, &[0x21, 0x43], e].concat()
            }
        }
    }
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017, appendix A.1.1) of 2048 bits, whose numbers stand at fixed places.
fn rsa_numbers(der: &[u8]) -> (&[u8], &[u8]) {
    assert_eq!((der.len(), &der[265..267]), (270, &[0x02, 0x03][..]));
    (&der[9..265], &der[267..])
}
