//! Parquet's structures, as `parquet.thrift` of the format defines them.

use super::thrift::{Field, Kind};

/// A file's footer.
pub(super) const FILE: &[Field] = &[
    (1, Kind::I32),
    (2, Kind::List(&Kind::Struct(SCHEMA_ELEMENT))),
    (3, Kind::I64),
    (4, Kind::List(&Kind::Struct(ROW_GROUP))),
    (5, Kind::List(&Kind::Struct(KEY_VALUE))),
    (6, Kind::Bytes),
    (7, Kind::List(&Kind::Struct(COLUMN_ORDER))),
    (8, Kind::Struct(&[])),
    (9, Kind::Bytes),
];

/// What stands before a page.
pub(super) const PAGE: &[Field] = &[
    (1, Kind::I32),
    (2, Kind::I32),
    (3, Kind::I32),
    (4, Kind::I32),
    (
        5,
        Kind::Struct(&[
            (1, Kind::I32),
            (2, Kind::I32),
            (3, Kind::I32),
            (4, Kind::I32),
            (5, Kind::Struct(STATISTICS)),
        ]),
    ),
    (6, Kind::Struct(&[])),
    (7, Kind::Struct(&[(1, Kind::I32), (2, Kind::I32), (3, Kind::Bool)])),
    (8, Kind::Struct(DATA_PAGE_V2)),
];

const DATA_PAGE_V2: &[Field] = &[
    (1, Kind::I32),
    (2, Kind::I32),
    (3, Kind::I32),
    (4, Kind::I32),
    (5, Kind::I32),
    (6, Kind::I32),
    (7, Kind::Bool),
    (8, Kind::Struct(STATISTICS)),
];

const SCHEMA_ELEMENT: &[Field] = &[
    (1, Kind::I32),
    (2, Kind::I32),
    (3, Kind::I32),
    (4, Kind::Bytes),
    (5, Kind::I32),
    (6, Kind::I32),
    (7, Kind::I32),
    (8, Kind::I32),
    (9, Kind::I32),
    (10, Kind::Struct(LOGICAL_TYPE)),
];

const EMPTY: Kind = Kind::Struct(&[]);
const TIME: Kind = Kind::Struct(&[
    (1, Kind::Bool),
    (2, Kind::Struct(&[(1, EMPTY), (2, EMPTY), (3, EMPTY)])),
]);

const LOGICAL_TYPE: &[Field] = &[
    (1, EMPTY),
    (2, EMPTY),
    (3, EMPTY),
    (4, EMPTY),
    (5, Kind::Struct(&[(1, Kind::I32), (2, Kind::I32)])),
    (6, EMPTY),
    (7, TIME),
    (8, TIME),
    (10, Kind::Struct(&[(1, Kind::I8), (2, Kind::Bool)])),
    (11, EMPTY),
    (12, EMPTY),
    (13, EMPTY),
    (14, EMPTY),
    (15, EMPTY),
    (16, Kind::Struct(&[(1, Kind::I8)])),
    (17, Kind::Struct(&[(1, Kind::Bytes)])),
    (18, Kind::Struct(&[(1, Kind::Bytes), (2, Kind::I32)])),
];

const ROW_GROUP: &[Field] = &[
    (1, Kind::List(&Kind::Struct(COLUMN_CHUNK))),
    (2, Kind::I64),
    (3, Kind::I64),
    (
        4,
        Kind::List(&Kind::Struct(&[(1, Kind::I32), (2, Kind::Bool), (3, Kind::Bool)])),
    ),
    (5, Kind::I64),
    (6, Kind::I64),
    (7, Kind::I16),
];

const COLUMN_CHUNK: &[Field] = &[
    (1, Kind::Bytes),
    (2, Kind::I64),
    (3, Kind::Struct(COLUMN)),
    (4, Kind::I64),
    (5, Kind::I32),
    (6, Kind::I64),
    (7, Kind::I32),
    (8, Kind::Struct(&[])),
    (9, Kind::Bytes),
];

const COLUMN: &[Field] = &[
    (1, Kind::I32),
    (2, Kind::List(&Kind::I32)),
    (3, Kind::List(&Kind::Bytes)),
    (4, Kind::I32),
    (5, Kind::I64),
    (6, Kind::I64),
    (7, Kind::I64),
    (8, Kind::List(&Kind::Struct(KEY_VALUE))),
    (9, Kind::I64),
    (10, Kind::I64),
    (11, Kind::I64),
    (12, Kind::Struct(STATISTICS)),
    (
        13,
        Kind::List(&Kind::Struct(&[(1, Kind::I32), (2, Kind::I32), (3, Kind::I32)])),
    ),
    (14, Kind::I64),
    (15, Kind::I32),
    (
        16,
        Kind::Struct(&[(1, Kind::I64), (2, Kind::List(&Kind::I64)), (3, Kind::List(&Kind::I64))]),
    ),
    (17, Kind::Struct(&[(1, Kind::Struct(BOX)), (2, Kind::List(&Kind::I32))])),
];

const BOX: &[Field] = &[
    (1, Kind::F64),
    (2, Kind::F64),
    (3, Kind::F64),
    (4, Kind::F64),
    (5, Kind::F64),
    (6, Kind::F64),
    (7, Kind::F64),
    (8, Kind::F64),
];

const STATISTICS: &[Field] = &[
    (1, Kind::Bytes),
    (2, Kind::Bytes),
    (3, Kind::I64),
    (4, Kind::I64),
    (5, Kind::Bytes),
    (6, Kind::Bytes),
    (7, Kind::Bool),
    (8, Kind::Bool),
];

const KEY_VALUE: &[Field] = &[(1, Kind::Bytes), (2, Kind::Bytes)];

const COLUMN_ORDER: &[Field] = &[(1, EMPTY)];
