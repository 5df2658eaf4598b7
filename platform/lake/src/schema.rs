//! What a table looks like: its columns as the services name them, as Iceberg stores them, as Arrow carries them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema as ArrowSchema, SchemaRef, TimeUnit};
use iceberg::TableCreation;
use iceberg::spec::{
    NestedField, NullOrder, PrimitiveType, Schema, SortDirection, SortField, SortOrder, TableMetadata, Transform, Type,
};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

use crate::catalog::TableName;
use crate::error::{LakeError, Result};

/// The type of a column, one of those every Iceberg engine reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// A calendar date.
    Date,
    /// An exact number of so many significant digits, so many of them after the point.
    Decimal(u8, i8),
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    /// True or false.
    Bool,
    /// An instant in microseconds, UTC.
    Instant,
}

impl Kind {
    fn iceberg(self) -> PrimitiveType {
        match self {
            Self::Text => PrimitiveType::String,
            Self::Date => PrimitiveType::Date,
            Self::Decimal(precision, scale) => PrimitiveType::Decimal {
                precision: u32::from(precision),
                scale: u32::from(scale.unsigned_abs()),
            },
            Self::Int => PrimitiveType::Int,
            Self::Long => PrimitiveType::Long,
            Self::Bool => PrimitiveType::Boolean,
            Self::Instant => PrimitiveType::Timestamptz,
        }
    }

    /// Whether every value of `self` is a value of `wider`, by Iceberg's rules of type promotion.
    fn widens_to(self, wider: Self) -> bool {
        match (self, wider) {
            (Self::Int, Self::Long) => true,
            (Self::Decimal(from, scale), Self::Decimal(to, same)) => scale == same && from <= to,
            (from, to) => from == to,
        }
    }
}

fn arrow_type(kind: &PrimitiveType) -> Result<DataType> {
    Ok(match kind {
        PrimitiveType::String => DataType::Utf8,
        PrimitiveType::Date => DataType::Date32,
        PrimitiveType::Decimal { precision, scale } => DataType::Decimal128(*precision as u8, *scale as i8),
        PrimitiveType::Int => DataType::Int32,
        PrimitiveType::Long => DataType::Int64,
        PrimitiveType::Boolean => DataType::Boolean,
        PrimitiveType::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
        other => return Err(LakeError::Unsupported(format!("a column of type {other}"))),
    })
}

/// One column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether every row has a value.
    pub required: bool,
    /// What it says, in a sentence; other engines show it.
    pub doc: &'static str,
}

/// A table as its owner defines it.
#[derive(Clone, Copy, Debug)]
pub struct TableDef {
    /// The Iceberg namespace.
    pub namespace: &'static str,
    /// The table's name in it.
    pub name: &'static str,
    /// Its columns; field ids are 1, 2, 3, … at creation.
    pub columns: &'static [Column],
    /// The columns that identify a row, which are also the sort order. The first is the *lead*: a text column by
    /// which points are read. The newest write of a key wins.
    pub key: &'static [&'static str],
    /// Instant columns that the lake fills with the time of the commit, last in `columns`.
    pub stamps: &'static [&'static str],
}

impl TableDef {
    pub(crate) fn table_name(&self) -> TableName {
        TableName {
            namespace: self.namespace.to_string(),
            name: self.name.to_string(),
        }
    }

    pub(crate) fn creation(&self, location: String) -> Result<TableCreation> {
        let fields = self.columns.iter().zip(1..).map(|(column, id)| {
            let field = NestedField::new(id, column.name, Type::Primitive(column.kind.iceberg()), column.required);
            Arc::new(field.with_doc(column.doc))
        });
        let key = self.key_ids();
        let schema = Schema::builder()
            .with_schema_id(0)
            .with_identifier_field_ids(key.clone())
            .with_fields(fields);
        let schema = schema.build()?;
        let mut order = SortOrder::builder();
        for id in key {
            let field = SortField::builder().source_id(id).transform(Transform::Identity);
            order.with_sort_field(
                field
                    .direction(SortDirection::Ascending)
                    .null_order(NullOrder::First)
                    .build(),
            );
        }
        let order = order.build(&schema)?;
        Ok(TableCreation::builder()
            .name(self.name.to_string())
            .location(location)
            .schema(schema)
            .sort_order(order)
            .properties(properties())
            .build())
    }

    fn key_ids(&self) -> Vec<i32> {
        let position = |name: &&str| self.columns.iter().position(|column| column.name == *name);
        self.key.iter().filter_map(position).map(|at| at as i32 + 1).collect()
    }
}

fn properties() -> [(String, String); 3] {
    [
        ("write.parquet.compression-codec", "zstd"),
        ("write.target-file-size-bytes", "134217728"),
        ("write.metadata.previous-versions-max", "20"),
    ]
    .map(|(key, value)| (key.to_string(), value.to_string()))
}

/// A change of a table's columns. Old files are read through it; nothing is rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaChange {
    /// A new column without a value in the rows there are.
    Add {
        /// Its name.
        name: String,
        /// Its type.
        kind: Kind,
        /// What it says.
        doc: String,
    },
    /// A new name for a column.
    Rename {
        /// What it is called.
        from: String,
        /// What it will be called.
        to: String,
    },
    /// A wider type: int to long, or a decimal of more digits before the point.
    Widen {
        /// The column.
        name: String,
        /// Its new type.
        kind: Kind,
    },
}

/// The schema that `changes` make of a table's current one.
pub(crate) fn evolve(table: &TableMetadata, changes: &[SchemaChange]) -> Result<Schema> {
    let schema = table.current_schema();
    let mut fields: Vec<NestedField> = schema
        .as_struct()
        .fields()
        .iter()
        .map(|field| (**field).clone())
        .collect();
    // Files may hold columns that another engine has dropped: their ids are not given again.
    let mut next = table.last_column_id() + 1;
    for change in changes {
        match change {
            SchemaChange::Add { name, kind, doc } => {
                refuse_taken(&fields, name)?;
                fields.push(NestedField::optional(next, name, Type::Primitive(kind.iceberg())).with_doc(doc));
                next += 1;
            }
            SchemaChange::Rename { from, to } => {
                refuse_taken(&fields, to)?;
                named(&mut fields, from)?.name = to.clone();
            }
            SchemaChange::Widen { name, kind } => widen(named(&mut fields, name)?, *kind)?,
        }
    }
    let evolved = Schema::builder()
        .with_schema_id(schema.schema_id() + 1)
        .with_identifier_field_ids(schema.identifier_field_ids())
        .with_fields(fields.into_iter().map(Arc::new))
        .build()?;
    Ok(evolved)
}

fn refuse_taken(fields: &[NestedField], name: &str) -> Result<()> {
    match fields.iter().any(|field| field.name == name) {
        true => Err(LakeError::Invalid(format!("there is a column {name} already"))),
        false => Ok(()),
    }
}

fn named<'a>(fields: &'a mut [NestedField], name: &str) -> Result<&'a mut NestedField> {
    let known = fields
        .iter()
        .map(|field| field.name.clone())
        .collect::<Vec<_>>()
        .join(", ");
    let found = fields.iter_mut().find(|field| field.name == name);
    found.ok_or_else(|| LakeError::Invalid(format!("there is no column {name}; there are {known}")))
}

fn widen(field: &mut NestedField, to: Kind) -> Result<()> {
    let from = match field.field_type.as_primitive_type() {
        Some(PrimitiveType::Int) => Kind::Int,
        Some(PrimitiveType::Decimal { precision, scale }) => Kind::Decimal(*precision as u8, *scale as i8),
        _ => to,
    };
    if !from.widens_to(to) || *field.field_type != Type::Primitive(from.iceberg()) {
        return Err(LakeError::Invalid(format!(
            "column {} of type {} cannot widen to {to:?}",
            field.name, field.field_type
        )));
    }
    *field.field_type = Type::Primitive(to.iceberg());
    Ok(())
}

/// The Arrow schema of an Iceberg schema, with field ids in the metadata as Parquet wants them.
pub(crate) fn arrow_schema(schema: &Schema) -> Result<SchemaRef> {
    let field = |field: &Arc<NestedField>| {
        let kind = field.field_type.as_primitive_type();
        let kind = kind.ok_or_else(|| LakeError::Unsupported(format!("nested column {}", field.name)))?;
        let id = HashMap::from([(PARQUET_FIELD_ID_META_KEY.to_string(), field.id.to_string())]);
        Ok(Field::new(&field.name, arrow_type(kind)?, !field.required).with_metadata(id))
    };
    let fields = schema
        .as_struct()
        .fields()
        .iter()
        .map(field)
        .collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(ArrowSchema::new(fields)))
}

/// The Iceberg field id that an Arrow field carries.
pub(crate) fn field_id(field: &Field) -> Option<i32> {
    field.metadata().get(PARQUET_FIELD_ID_META_KEY)?.parse().ok()
}
