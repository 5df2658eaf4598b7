//! The kinds of value settings are made of: durations, sizes and secrets.

use std::{collections::BTreeMap, fmt, ops::Deref, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a secret prints as.
pub const HIDDEN: &str = "(hidden)";
const DAY: u64 = 24 * 3600;

/// A length of time, written `"30s"`, `"5m"`, `"250ms"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub std::time::Duration);

impl Duration {
    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(std::time::Duration::from_secs(seconds))
    }

    /// So many milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(std::time::Duration::from_millis(milliseconds))
    }
}

impl Deref for Duration {
    type Target = std::time::Duration;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.as_secs() / DAY, self.as_secs() % DAY);
        if days > 0 && rest == 0 && self.subsec_nanos() == 0 {
            // The library counts long times in months and years of its own.
            return write!(f, "{days}{}", if days == 1 { "day" } else { "days" });
        }
        // Without the spaces of "1h 30m", so that what is printed can be pasted as a flag.
        f.write_str(&humantime::format_duration(self.0).to_string().replace(' ', ""))
    }
}

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = humantime::parse_duration(text).map(Self);
        parsed.map_err(|_| format!("expected a duration such as \"30s\" or \"5m\", got {text:?}"))
    }
}

/// A number of bytes, written `"512MB"` (10⁶), `"64KiB"` (2¹⁰) or as a plain number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1_000),
    ("B", 1),
];

impl ByteSize {
    /// So many bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// So many millions of bytes.
    pub const fn mb(millions: u64) -> Self {
        Self(millions * 1_000_000)
    }

    /// The size for an index or a buffer; on a machine with narrower pointers it is cut to what fits.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS
            .iter()
            .find(|(_, size)| self.0 >= *size && self.0.is_multiple_of(*size));
        let (unit, size) = whole.copied().unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / size)
    }
}

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("expected a size such as \"512MB\" or \"64KiB\", got {text:?}");
        let digits = text.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = &text.trim()[digits.len()..];
        let size = match unit {
            "" => 1,
            _ => {
                UNITS
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case(unit))
                    .ok_or_else(refuse)?
                    .1
            }
        };
        let count: u64 = digits.trim().parse().map_err(|_| refuse())?;
        count.checked_mul(size).map(Self).ok_or_else(refuse)
    }
}

/// A value that is never printed: neither by `Debug` nor when the settings are shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Do not log it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

/// Secrets by names that no struct knows. Each may be given as `NAME-file`, as the fields of a struct may.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "hansa-secrets")]
pub struct Secrets(pub BTreeMap<String, Secret<String>>);

/// How serde calls [`Secrets`].
pub(crate) const SECRETS: &str = "hansa-secrets";

/// Text parsed by `FromStr`, or a plain number where a unit is not needed.
struct Parsed<T>(fn(u64) -> Option<T>);

impl<T: FromStr<Err = String>> de::Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its unit, in quotes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        (self.0)(number).ok_or_else(|| E::invalid_type(de::Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        let refuse = || E::invalid_type(de::Unexpected::Signed(number), &self);
        u64::try_from(number).ok().and_then(self.0).ok_or_else(refuse)
    }
}

macro_rules! as_text {
    ($type:ty, $from_number:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Parsed($from_number))
            }
        }
    };
}
as_text!(Duration, |_| None);
as_text!(ByteSize, |bytes| Some(ByteSize(bytes)));
