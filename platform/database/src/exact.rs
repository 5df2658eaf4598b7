//! A decimal that no database turns into a float.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use sea_orm::{
    ColIdx, DbErr, QueryResult, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An exact decimal, kept as text in both databases: SQLite would make a float of it (proven in a spike, where
/// `1234567890123456789.01` came back as `1234567890123456768`). Sums are worked out in Rust. Digits stay as given:
/// `1.50` is `1.50`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exact(pub Decimal);

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Exact {
    type Err = rust_decimal::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Not `Decimal::from_str`, which rounds what does not fit.
        Decimal::from_str_exact(text).map(Self)
    }
}

impl From<i64> for Exact {
    fn from(whole: i64) -> Self {
        Self(whole.into())
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Text)
    }
}

/// Reads text and whole numbers: a number with a point has been a float on its way here.
struct Text;

impl de::Visitor<'_> for Text {
    type Value = Exact;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal as text, such as \"12.50\", or a whole number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Exact, E> {
        text.parse()
            .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Exact, E> {
        Ok(Exact(number.into()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Exact, E> {
        Ok(Exact(number.into()))
    }
}

impl From<Exact> for Value {
    fn from(exact: Exact) -> Self {
        exact.to_string().into()
    }
}

impl TryGetable for Exact {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let text = String::try_get_by(row, index)?;
        let wrong = |error: rust_decimal::Error| DbErr::Type(format!("{text:?} is not an exact decimal: {error}"));
        text.parse().map_err(|error| TryGetError::DbErr(wrong(error)))
    }
}

impl ValueType for Exact {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        let text = <String as ValueType>::try_from(value)?;
        text.parse().map_err(|_| ValueTypeErr)
    }

    fn type_name() -> String {
        "Exact".into()
    }

    fn array_type() -> ArrayType {
        ArrayType::String
    }

    fn column_type() -> ColumnType {
        ColumnType::Text
    }
}

impl Nullable for Exact {
    fn null() -> Value {
        Value::String(None)
    }
}

async_graphql::scalar!(Exact, "Decimal", "An exact decimal number, as text.");
