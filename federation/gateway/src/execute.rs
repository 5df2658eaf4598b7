//! Runs plans: asks subgraphs and brings their answers together as data that the projection writes.

mod alike;
mod compile;
mod gather;
mod json;
mod program;
mod read;
mod reply;
mod report;
mod represent;
mod run;
mod shape;
mod short;
mod value;
mod walk;

pub(crate) use self::{
    json::{Broken, Kind, Scanner},
    program::{Program, Room},
    run::{Run, State, Surroundings},
    shape::{ShapeId, Shapes, TYPE_SLOT},
    short::{Short, append},
    value::{Data, Leaf, ROOT, Value, place},
};
