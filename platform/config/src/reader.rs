//! Reads a module's struct out of a table: knows the struct's keys, reads secret files, and turns text from the
//! environment into the type that the struct wants.

mod files;

use std::{cell::RefCell, collections::BTreeSet, fmt};

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use toml::{Table, Value};

use crate::{
    ConfigError,
    error::nearest,
    refused::{Origins, Refused, origin},
    values::SECRETS,
};

/// One value of the tree, the key it stands at, and where keys came from.
pub(crate) struct Reader<'a> {
    key: String,
    value: Value,
    origins: &'a Origins,
    /// Set for a section, whose unknown keys are left alone: collects the keys the struct has.
    known: Option<&'a RefCell<BTreeSet<String>>>,
}

impl<'a> Reader<'a> {
    /// What `T` knows of a section, and the keys it knows.
    pub(crate) fn read_section<T: DeserializeOwned>(
        name: &str,
        table: Table,
        origins: &'a Origins,
    ) -> Result<(T, BTreeSet<String>), ConfigError> {
        let known = RefCell::default();
        let reader = Reader {
            key: name.into(),
            value: Value::Table(table),
            origins,
            known: Some(&known),
        };
        let value = T::deserialize(reader).map_err(|refused| refused.at(name, origins))?;
        Ok((value, known.into_inner()))
    }

    fn child(&self, key: impl fmt::Display, value: Value) -> Self {
        Reader {
            key: format!("{}.{key}", self.key),
            value,
            origins: self.origins,
            known: None,
        }
    }

    /// The table behind a struct: secret files read, keys checked against the struct's fields.
    fn fields(mut self, fields: &[&str]) -> Result<Entries<'a>, Refused> {
        let Value::Table(mut table) = std::mem::replace(&mut self.value, Value::Boolean(false)) else {
            return Err(Refused::Bare(format!("expected a section, written [{}]", self.key)));
        };
        for field in fields {
            let is_field = |key: &str| fields.contains(&key);
            if !is_field(&format!("{field}-file")) {
                self.secret(&mut table, field)?;
            }
        }
        let is_known = |key: &str| fields.contains(&key);
        if let Some(known) = self.known {
            known.borrow_mut().extend(
                fields
                    .iter()
                    .flat_map(|field| [field.to_string(), format!("{field}-file")]),
            );
            table.retain(|key, _| is_known(key));
        } else if let Some(key) = table.keys().find(|key| !is_known(key)) {
            let key = format!("{}.{key}", self.key);
            let nearest = nearest(&key[self.key.len() + 1..], fields.iter().copied());
            let origin = origin(self.origins, &key);
            return Err(Refused::Located(ConfigError::UnknownKey { key, origin, nearest }));
        }
        Ok(Entries {
            parent: self,
            entries: table.into_iter(),
            next: None,
        })
    }

    fn refuse(&self, reason: impl fmt::Display) -> Refused {
        Refused::Located(Refused::Bare(reason.to_string()).at(&self.key, self.origins))
    }

    /// Parses text as the wanted type, or hands on what is there.
    fn scalar<'de, P: std::str::FromStr, V: Visitor<'de>>(
        self,
        wanted: &str,
        visitor: V,
        visit: fn(V, P) -> Result<V::Value, Refused>,
    ) -> Result<V::Value, Refused> {
        let Value::String(text) = &self.value else {
            return de::Deserializer::deserialize_any(self, visitor);
        };
        let parsed = text
            .trim()
            .parse()
            .map_err(|_| self.refuse(format!("expected {wanted}, got {text:?}")))?;
        visit(visitor, parsed).map_err(|refused| self.locate(refused))
    }

    fn locate(&self, refused: Refused) -> Refused {
        Refused::Located(refused.at(&self.key, self.origins))
    }
}

impl<'de> de::Deserializer<'de> for Reader<'_> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        let result = match std::mem::replace(&mut self.value, Value::Boolean(false)) {
            Value::String(text) => visitor.visit_string(text),
            Value::Integer(number) => visitor.visit_i64(number),
            Value::Float(number) => visitor.visit_f64(number),
            Value::Boolean(is) => visitor.visit_bool(is),
            Value::Datetime(moment) => visitor.visit_string(moment.to_string()),
            Value::Array(items) => {
                let items: Vec<_> = items
                    .into_iter()
                    .enumerate()
                    .map(|(i, item)| self.child(i, item))
                    .collect();
                visitor.visit_seq(de::value::SeqDeserializer::new(items.into_iter()))
            }
            Value::Table(table) => {
                if let Some(known) = self.known {
                    known.borrow_mut().extend(table.keys().cloned());
                }
                let parent = Reader {
                    known: None,
                    key: self.key.clone(),
                    ..self
                };
                return visitor.visit_map(Entries {
                    parent,
                    entries: table.into_iter(),
                    next: None,
                });
            }
        };
        result.map_err(|refused| self.locate(refused))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_map(self.fields(fields)?)
    }

    /// A list from the environment is separated by commas.
    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        if let Value::String(text) = &self.value {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            self.value = Value::Array(items.map(|item| Value::String(item.into())).collect());
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        if name == SECRETS {
            self.secrets()?;
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        match &self.value {
            Value::String(text) => visitor
                .visit_enum(text.as_str().into_deserializer())
                .map_err(|refused| self.locate(refused)),
            _ => Err(self.refuse("expected one of a few words")),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.scalar("true or false", visitor, V::visit_bool)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.scalar("a whole number", visitor, V::visit_u64)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.scalar("a whole number", visitor, V::visit_i64)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.scalar("a number", visitor, V::visit_f64)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u128 f32 char str string bytes byte_buf unit unit_struct tuple tuple_struct map identifier
        ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Refused> for Reader<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The entries of a table on their way into a struct or a map.
struct Entries<'a> {
    parent: Reader<'a>,
    entries: toml::map::IntoIter<String, Value>,
    next: Option<(String, Value)>,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        self.next = self.entries.next();
        self.next
            .as_ref()
            .map(|(key, _)| seed.deserialize(key.as_str().into_deserializer()))
            .transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Refused> {
        let (key, value) = self.next.take().expect("serde asks for a key before its value");
        let reader = self.parent.child(&key, value);
        let (key, origins) = (reader.key.clone(), reader.origins);
        seed.deserialize(reader)
            .map_err(|refused| Refused::Located(refused.at(&key, origins)))
    }
}
