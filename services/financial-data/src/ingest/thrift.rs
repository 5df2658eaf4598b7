//! A walk over Thrift's compact protocol that allocates nothing, to judge Parquet's structures before they are decoded.
//!
//! The library decodes a field by its number and does not look at the type it is written with, so a wrong type would
//! make it read other bytes as lengths than we have seen. Every known field is held to its type here.

/// Structures within structures; Parquet needs 7.
const MAX_DEPTH: u32 = 24;

/// A field's number and what it holds.
pub(super) type Field = (i16, Kind);

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Bool,
    I8,
    I16,
    I32,
    I64,
    F64,
    Bytes,
    List(&'static Kind),
    /// The fields that are known; others may follow them.
    Struct(&'static [Field]),
}

impl Kind {
    fn is_written_as(self, code: u8) -> bool {
        match self {
            Self::Bool => matches!(code, 1 | 2),
            Self::I8 => code == 3,
            Self::I16 => code == 4,
            Self::I32 => code == 5,
            Self::I64 => code == 6,
            Self::F64 => code == 7,
            Self::Bytes => code == 8,
            Self::List(_) => code == 9,
            Self::Struct(_) => code == 12,
        }
    }
}

/// A whole number, or how many elements a list has.
pub(super) struct Seen {
    /// The field that holds the structure this field is in; 0 at the top.
    pub(super) parent: i16,
    pub(super) field: i16,
    pub(super) number: i64,
}

/// Why a walk ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The bytes end within the structure.
    Short,
    /// It is not what it should be.
    Malformed,
}

/// A walk over one structure.
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    see: &'a mut dyn FnMut(Seen),
}

impl<'a> Walk<'a> {
    /// `see` is told the numbers at the top of the structure and one level below.
    pub(super) fn new(bytes: &'a [u8], see: &'a mut dyn FnMut(Seen)) -> Self {
        Self { bytes, at: 0, see }
    }

    /// Walks over a structure and says how many bytes it has.
    pub(super) fn structure(mut self, known: &[Field]) -> Result<usize, Broken> {
        self.fields(known, 0, 0).map(|()| self.at)
    }

    fn fields(&mut self, known: &[Field], depth: u32, parent: i16) -> Result<(), Broken> {
        if depth > MAX_DEPTH {
            return Err(Broken::Malformed);
        }
        let mut field = 0_i16;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            let next = match head >> 4 {
                0 => i16::try_from(self.zigzag()?).map_err(|_| Broken::Malformed)?,
                step => field.checked_add(i16::from(step)).ok_or(Broken::Malformed)?,
            };
            let code = head & 15;
            let kind = known.iter().find(|(number, _)| *number == next).map(|(_, kind)| *kind);
            // A field that comes twice may be read once by the library, and not the one we have judged.
            if next <= field || kind.is_some_and(|kind| !kind.is_written_as(code)) {
                return Err(Broken::Malformed);
            }
            field = next;
            // The value of a boolean stands in the head of its field.
            if matches!(code, 1 | 2) {
                continue;
            }
            let inner = if depth == 0 { field } else { -1 };
            if let Some(number) = self.value((code, kind), depth, inner)?
                && depth <= 1
                && parent >= 0
            {
                (self.see)(Seen { parent, field, number });
            }
        }
    }

    fn value(&mut self, (code, kind): (u8, Option<Kind>), depth: u32, field: i16) -> Result<Option<i64>, Broken> {
        match code {
            1..=3 => return self.byte().map(|byte| Some(i64::from(byte))),
            4..=6 => return self.zigzag().map(Some),
            7 => self.skip(8)?,
            8 => {
                let length = self.varint()?;
                self.skip(usize::try_from(length).map_err(|_| Broken::Malformed)?)?;
            }
            9 | 10 => {
                let element = match kind {
                    Some(Kind::List(element)) => Some(*element),
                    _ => None,
                };
                return self.list(element, depth).map(Some);
            }
            11 => self.map(depth)?,
            12 => {
                let known = match kind {
                    Some(Kind::Struct(known)) => known,
                    _ => &[],
                };
                self.fields(known, depth + 1, field)?;
            }
            13 => self.skip(16)?,
            _ => return Err(Broken::Malformed),
        }
        Ok(None)
    }

    fn list(&mut self, element: Option<Kind>, depth: u32) -> Result<i64, Broken> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        if count > 0 && element.is_some_and(|element| !element.is_written_as(head & 15)) {
            return Err(Broken::Malformed);
        }
        self.elements(count, &[(head & 15, element)], depth)?;
        i64::try_from(count).map_err(|_| Broken::Malformed)
    }

    fn map(&mut self, depth: u32) -> Result<(), Broken> {
        let count = self.varint()?;
        if count == 0 {
            return Ok(());
        }
        let codes = self.byte()?;
        self.elements(count, &[(codes >> 4, None), (codes & 15, None)], depth)
    }

    /// Every element has at least a byte, so a count beyond the bytes that are left is a lie.
    fn elements(&mut self, count: u64, kinds: &[(u8, Option<Kind>)], depth: u32) -> Result<(), Broken> {
        if count > (self.bytes.len() - self.at) as u64 {
            return Err(Broken::Short);
        }
        if depth > MAX_DEPTH {
            return Err(Broken::Malformed);
        }
        for _ in 0..count {
            for kind in kinds {
                self.value(*kind, depth + 1, -1)?;
            }
        }
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, Broken> {
        let byte = *self.bytes.get(self.at).ok_or(Broken::Short)?;
        self.at += 1;
        Ok(byte)
    }

    fn skip(&mut self, count: usize) -> Result<(), Broken> {
        if count > self.bytes.len() - self.at {
            return Err(Broken::Short);
        }
        self.at += count;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Broken::Malformed)
    }

    fn zigzag(&mut self) -> Result<i64, Broken> {
        self.varint().map(|value| (value >> 1) as i64 ^ -((value & 1) as i64))
    }
}
