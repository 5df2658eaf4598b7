//! Signatures of Ed25519, beside what aws-lc says of them.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use platform_crypto::{Random, SigningKey, VerifyingKey, from_base64url};

use crate::hex;

/// A key, a message and its signature.
struct Signed {
    public: Vec<u8>,
    message: Vec<u8>,
    signature: [u8; 64],
}

impl Signed {
    fn new(length: usize) -> Self {
        let key = SigningKey::generate(Random::system());
        let message: Vec<u8> = (0..length).map(|_| Random::system().bytes::<1>()[0]).collect();
        Self {
            public: from_base64url(key.jwk()["x"].as_str().unwrap()).unwrap(),
            signature: key.sign(&message),
            message,
        }
    }

    fn is_verified(&self, signature: &[u8]) -> bool {
        let ours = VerifyingKey::from_bytes(&self.public)
            .unwrap()
            .has_signed(&self.message, signature);
        let theirs = UnparsedPublicKey::new(&ED25519, &self.public).verify(&self.message, signature);
        assert_eq!(
            ours,
            theirs.is_ok(),
            "{:?} {:?} {signature:?}",
            self.public,
            self.message
        );
        ours
    }
}

#[test]
fn the_examples_of_the_standard_are_verified() {
    // RFC 8032, 7.1, tests 1 and 3.
    let examples = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];
    for (public, message, signature) in examples {
        let key = VerifyingKey::from_bytes(&hex(public)).unwrap();
        assert!(key.has_signed(&hex(message), &hex(signature)), "{public}");
        assert!(!key.has_signed(b"another message", &hex(signature)), "{public}");
    }
}

#[test]
fn every_signature_is_verified_and_none_with_a_changed_bit() {
    for length in 0..40 {
        let signed = Signed::new(length * 7);
        assert!(signed.is_verified(&signed.signature));
        for bit in (length % 8..512).step_by(8) {
            let mut changed = signed.signature;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!signed.is_verified(&changed), "bit {bit}");
        }
    }
}

#[test]
fn what_is_no_signature_is_refused() {
    let signed = Signed::new(20);
    let longer = [signed.signature.as_slice(), &[0]].concat();

    for wrong in [
        &[][..],
        &signed.signature[..32],
        &signed.signature[..63],
        &longer,
        &[0; 64],
        &[255; 64],
    ] {
        assert!(!signed.is_verified(wrong));
    }
}

#[test]
fn nobody_makes_a_second_signature_out_of_one() {
    let signed = Signed::new(20);
    let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut second = signed.signature;
    let mut carry = 0;
    for (digit, more) in second[32..].iter_mut().zip(order) {
        let sum = u16::from(*digit) + u16::from(more) + carry;
        *digit = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }

    assert!(!signed.is_verified(&second));
}

#[test]
fn a_key_by_which_anybody_can_sign_is_none() {
    let of_small_order = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ];
    for point in of_small_order {
        assert!(VerifyingKey::from_bytes(&hex(point)).is_none(), "{point}");
    }
    let off_the_curve = "0200000000000000000000000000000000000000000000000000000000000000";
    assert!(VerifyingKey::from_bytes(&hex(off_the_curve)).is_none());
    assert!(VerifyingKey::from_bytes(&[1; 31]).is_none());
}
