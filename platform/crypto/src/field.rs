//! Fields encrypted at rest: AES-256-GCM, bound to their table, column and row, so that a sealed value cannot be
//! moved to another row.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::{CryptoError, KeyRing, digest::mac};

/// The version of the layout: version, length of the key's name, name, nonce, ciphertext, tag.
const VERSION: u8 = 1;

/// Where a sealed value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's key.
    pub row: &'a [u8],
}

impl KeyRing {
    /// Seals a value for one place, under the active key.
    ///
    /// Nonces are random and every column has a key of its own: after 2³² values of one column rotate the ring.
    pub fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Vec<u8> {
        let document = self.document();
        let mut sealed = header(&document.active);
        let nonce = self.random().bytes::<NONCE_LEN>();
        let master = &document.keys[&document.active];
        let aad = Aad::from(place.bound_to(&sealed));
        let mut body = plain.to_vec();
        place
            .key(master)
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut body)
            .expect("a field is shorter than 64 GiB");
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        sealed
    }

    /// Opens what was sealed for this place, by any key of the ring.
    pub fn open_sealed(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let (name, nonce, body) = parts(sealed).ok_or(CryptoError::Sealed)?;
        let document = self.document();
        let master = document.keys.get(name);
        let master = master.ok_or_else(|| CryptoError::UnknownKey(name.to_owned()))?;
        let aad = Aad::from(place.bound_to(&header(name)));
        let mut body = body.to_vec();
        let plain = place
            .key(master)
            .open_in_place(Nonce::assume_unique_for_key(nonce), aad, &mut body);
        let length = plain.map_err(|_| CryptoError::Sealed)?.len();
        body.truncate(length);
        Ok(body)
    }

    /// Seals a value again under the active key; nothing where it is already, or is under the next one. For the job that
    /// ends a rotation.
    pub fn reseal(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Option<Vec<u8>>, CryptoError> {
        if !self.document().is_behind(Self::sealed_by(sealed)?) {
            return Ok(None);
        }
        let plain = self.open_sealed(place, sealed)?;
        Ok(Some(self.seal(place, &plain)))
    }

    /// The name of the key that sealed a value, whether it is in the ring or not.
    pub fn sealed_by(sealed: &[u8]) -> Result<&str, CryptoError> {
        parts(sealed).map(|(name, ..)| name).ok_or(CryptoError::Sealed)
    }
}

impl Place<'_> {
    /// The column's own key: a nonce may repeat in another column.
    fn key(&self, master: &[u8; 32]) -> LessSafeKey {
        let key = mac(master, format!("field|{}|{}", self.table, self.column).as_bytes());
        let key = UnboundKey::new(&AES_256_GCM, &key).expect("AES-256 has keys of 32 bytes");
        LessSafeKey::new(key)
    }

    /// What is authenticated beside the value. Lengths keep ("ab", "c") apart from ("a", "bc").
    fn bound_to(&self, header: &[u8]) -> Vec<u8> {
        let mut bound = header.to_vec();
        for part in [self.table.as_bytes(), self.column.as_bytes(), self.row] {
            bound.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bound.extend_from_slice(part);
        }
        bound
    }
}

fn header(name: &str) -> Vec<u8> {
    let length = u8::try_from(name.len()).expect("a key's name is short");
    let mut header = vec![VERSION, length];
    header.extend_from_slice(name.as_bytes());
    header
}

fn parts(sealed: &[u8]) -> Option<(&str, [u8; NONCE_LEN], &[u8])> {
    let [VERSION, length, rest @ ..] = sealed else {
        return None;
    };
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    let (nonce, body) = rest.split_first_chunk()?;
    Some((std::str::from_utf8(name).ok()?, *nonce, body))
}
