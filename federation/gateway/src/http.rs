//! GraphQL over HTTP.

mod answer;
mod ask;
mod route;
