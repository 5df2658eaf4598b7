//! Cells of Arrow arrays: one function per type of array that reads a row of it.

use std::io::Write;

use arrow::array::{Array, AsArray, DictionaryArray, downcast_dictionary_array, downcast_integer_array};
use arrow::datatypes::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type,
    Decimal128Type, Decimal256Type, Float32Type, Float64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, i256,
};

use crate::value::{SCALE, Value, ValueError};

use super::fault::{Fault, With, bad_value, fault};
use super::field::{self, Column};
use super::{RowErrorType, dates};

/// Reads one row of a column.
pub(super) type Cell<'a, T> = Box<dyn Fn(usize) -> T + 'a>;

const DAY_SECONDS: i64 = 86_400;

/// Text of any encoding; other types have none.
pub(super) fn texts(array: &dyn Array) -> Cell<'_, Option<&str>> {
    if let Some(array) = array.as_string_opt::<i32>() {
        return Box::new(move |at| array.is_valid(at).then(|| array.value(at)));
    }
    if let Some(array) = array.as_string_opt::<i64>() {
        return Box::new(move |at| array.is_valid(at).then(|| array.value(at)));
    }
    if let Some(array) = array.as_string_view_opt() {
        return Box::new(move |at| array.is_valid(at).then(|| array.value(at)));
    }
    downcast_dictionary_array! {
        array => dictionary(array),
        _ => Box::new(|_| None),
    }
}

fn dictionary<K: ArrowDictionaryKeyType>(array: &DictionaryArray<K>) -> Cell<'_, Option<&str>> {
    let values = texts(array.values().as_ref());
    Box::new(move |at| array.key(at).and_then(&values))
}

/// Whole numbers of any width; those beyond 64 bits with a sign read as the largest.
pub(super) fn integers(array: &dyn Array) -> Cell<'_, Option<i64>> {
    downcast_integer_array! {
        array => Box::new(move |at| array.is_valid(at).then(|| i64::try_from(i128::from(array.value(at))).unwrap_or(i64::MAX))),
        _ => Box::new(|_| None),
    }
}

/// Days since 1970-01-01 that a series can have.
pub(super) fn days(column: Column, array: &dyn Array) -> Cell<'_, Result<Option<i32>, Fault>> {
    match array.data_type() {
        DataType::Date32 => {
            let array = array.as_primitive::<Date32Type>();
            Box::new(move |at| {
                array
                    .is_valid(at)
                    .then(|| in_range(column, i64::from(array.value(at))))
                    .transpose()
            })
        }
        DataType::Date64 => ticks::<Date64Type>(column, array, 1000),
        DataType::Timestamp(TimeUnit::Second, _) => ticks::<TimestampSecondType>(column, array, 1),
        DataType::Timestamp(TimeUnit::Millisecond, _) => ticks::<TimestampMillisecondType>(column, array, 1000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => ticks::<TimestampMicrosecondType>(column, array, 1_000_000),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => ticks::<TimestampNanosecondType>(column, array, 1_000_000_000),
        _ => {
            let read = texts(array);
            Box::new(move |at| match read(at).unwrap_or_default().trim_ascii() {
                "" => Ok(None),
                text => field::date(column, text.as_bytes()).map(Some),
            })
        }
    }
}

/// Days from times of `per_second` ticks. A time of day would be lost without a word, so it is refused.
fn ticks<T: ArrowPrimitiveType<Native = i64>>(
    column: Column,
    array: &dyn Array,
    per_second: i64,
) -> Cell<'_, Result<Option<i32>, Fault>> {
    let array = array.as_primitive::<T>();
    let per_day = DAY_SECONDS * per_second;
    Box::new(move |at| {
        if array.is_null(at) {
            return Ok(None);
        }
        let time = array.value(at);
        if time.rem_euclid(per_day) != 0 {
            return Err(fault(
                column,
                time.to_string().as_bytes(),
                RowErrorType::InvalidDateFormat,
                "has a time of day in UTC",
            )
            .with("cast the column to a date"));
        }
        in_range(column, time.div_euclid(per_day)).map(Some)
    })
}

#[inline]
fn in_range(column: Column, days: i64) -> Result<i32, Fault> {
    i32::try_from(days)
        .ok()
        .filter(|days| dates::in_range(*days))
        .ok_or_else(|| {
            fault(
                column,
                format!("{days} days since 1970-01-01").as_bytes(),
                RowErrorType::InvalidDateFormat,
                "is outside 1600-01-01 to 2200-12-31",
            )
        })
}

/// What the source says of rows being original releases.
pub(super) fn flags(array: &dyn Array) -> Cell<'_, Result<i8, Fault>> {
    if let Some(array) = array.as_boolean_opt() {
        return Box::new(move |at| {
            Ok(if array.is_valid(at) {
                i8::from(array.value(at))
            } else {
                -1
            })
        });
    }
    let read = texts(array);
    Box::new(move |at| field::flag(read(at).unwrap_or_default().trim_ascii().as_bytes()))
}

/// Values; `None` is a withdrawal.
pub(super) fn numbers(array: &dyn Array) -> Cell<'_, Result<Option<Value>, Fault>> {
    match array.data_type() {
        DataType::Decimal32(_, scale) => scaled(array.as_primitive::<Decimal32Type>(), *scale),
        DataType::Decimal64(_, scale) => scaled(array.as_primitive::<Decimal64Type>(), *scale),
        DataType::Decimal128(_, scale) => scaled(array.as_primitive::<Decimal128Type>(), *scale),
        DataType::Decimal256(_, scale) => wide(array.as_primitive::<Decimal256Type>(), *scale),
        DataType::Float32 => {
            let array = array.as_primitive::<Float32Type>();
            Box::new(move |at| array.is_valid(at).then(|| shortest(array.value(at))).transpose())
        }
        DataType::Float64 => {
            let array = array.as_primitive::<Float64Type>();
            Box::new(move |at| {
                array
                    .is_valid(at)
                    .then(|| exact(array.value(at)).map_or_else(|| shortest(array.value(at)), Ok))
                    .transpose()
            })
        }
        integer if integer.is_integer() => whole(array),
        _ => {
            let read = texts(array);
            Box::new(move |at| read(at).map_or(Ok(None), |text| field::value(text.trim_ascii().as_bytes())))
        }
    }
}

fn whole(array: &dyn Array) -> Cell<'_, Result<Option<Value>, Fault>> {
    downcast_integer_array! {
        array => scaled(array, 0),
        _ => Box::new(|_| Ok(None)),
    }
}

fn scaled<T: ArrowPrimitiveType<Native: Into<i128>>>(
    array: &arrow::array::PrimitiveArray<T>,
    scale: i8,
) -> Cell<'_, Result<Option<Value>, Fault>> {
    Box::new(move |at| {
        array
            .is_valid(at)
            .then(|| fit(array.value(at).into(), scale))
            .transpose()
    })
}

#[inline]
fn fit(integer: i128, scale: i8) -> Result<Value, Fault> {
    Value::scaled(integer, i64::from(scale))
        .map_err(|error| bad_value(format!("{integer}e{}", -i16::from(scale)).as_bytes(), error))
}

/// Decimals of 256 bits lose trailing zeros until they fit 128.
fn wide(array: &arrow::array::PrimitiveArray<Decimal256Type>, scale: i8) -> Cell<'_, Result<Option<Value>, Fault>> {
    let (ten, zero) = (i256::from_i128(10), i256::from_i128(0));
    Box::new(move |at| {
        if array.is_null(at) {
            return Ok(None);
        }
        let (mut integer, mut scale) = (array.value(at), scale);
        while i32::from(scale) > SCALE as i32 && integer.to_i128().is_none() && integer % ten == zero {
            (integer, scale) = (integer / ten, scale - 1);
        }
        match integer.to_i128() {
            Some(integer) => fit(integer, scale).map(Some),
            None => Err(bad_value(
                format!("{integer}e{}", -i16::from(scale)).as_bytes(),
                ValueError::TooLarge,
            )),
        }
    })
}

/// The shortest decimal of a number that has one of at most 15 digits: no other decimal as short reads back as it.
fn exact(number: f64) -> Option<Value> {
    const POWERS: [f64; SCALE as usize + 1] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];
    let (digits, integer) = POWERS.iter().enumerate().find_map(|(digits, power)| {
        let integer = (number * power).round();
        // Both are exact, so their quotient is what the decimal would be read as.
        (integer.abs() < 1e15 && integer / power == number).then_some((digits, integer))
    })?;
    Value::scaled(integer as i128, digits as i64).ok()
}

/// The shortest decimal that reads back as the same binary number.
fn shortest(number: impl std::fmt::LowerExp) -> Result<Value, Fault> {
    let mut buffer = [0; 48];
    let mut room = &mut buffer[..];
    // The longest binary number, -1.2345678901234567e-308, has half as many letters as there is room for.
    let _ = write!(room, "{number:e}");
    let left = room.len();
    let text = &buffer[..buffer.len() - left];
    Value::parse_bytes(text).map_err(|error| bad_value(text, error))
}
