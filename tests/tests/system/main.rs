//! The system from outside: processes killed at every step, several of them on one lake, other engines beside it.

mod crash;
mod engines;
mod model;
mod processes;
