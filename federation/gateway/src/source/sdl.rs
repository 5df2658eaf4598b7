//! Asks subgraphs for their schemas, and services that are none.

use axum::{
    body::{Body, to_bytes},
    http::{Request, header},
};
use federation_composition::Subgraph;
use platform_error::{Code, Result};
use platform_http::Client;
use platform_service::Peer;
use serde::Deserialize;

use super::config;
use crate::{
    Error,
    stitch::{self, Stitch},
    subgraph::{Peers, path_of},
};

const QUESTION: &str = r#"{"query":"{ _service { sdl } }"}"#;
/// A schema larger than this is not one.
const LARGEST: usize = 32 << 20;

#[derive(Deserialize)]
struct Told {
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "_service")]
    service: Service,
}

#[derive(Deserialize)]
struct Service {
    sdl: String,
}

/// A subgraph with the schema it tells.
pub(super) async fn told(name: &str, url: &str, client: &Client, peers: &Peers) -> Result<Subgraph> {
    let refuse = |reason: String| Error::Sdl {
        name: name.to_owned(),
        url: url.to_owned(),
        reason,
    };
    let away = |reason: String| Error::Away {
        name: name.to_owned(),
        url: url.to_owned(),
        reason,
    };
    let body = match peers.get(name) {
        Some(Peer::Local(app)) => {
            let request = Request::post(path_of(url))
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(QUESTION))
                .map_err(|error| refuse(error.to_string()))?;
            to_bytes(app.answer(request).await.into_body(), LARGEST)
                .await
                .map_err(|error| refuse(error.to_string()))?
        }
        peer => {
            let client = match peer {
                Some(Peer::Remote(_, own)) => own,
                _ => client,
            };
            let request = client
                .post(url)
                .header(header::CONTENT_TYPE, "application/json")
                .body(QUESTION);
            // What answers like that is not there yet, or something before it says so; anything else is an answer.
            let response = client.send(request).await.map_err(|error| match error.code() {
                Code::Unavailable | Code::Timeout | Code::RateLimited => away(error.to_string()),
                _ => refuse(error.to_string()),
            })?;
            let body = response.bytes().await;
            body.map_err(|_| away("its answer broke off".into()))?
        }
    };
    let told: Told = serde_json::from_slice(&body)
        .map_err(|_| refuse("it does not answer { _service { sdl } }; is it a federated subgraph?".into()))?;
    let data = told
        .data
        .ok_or_else(|| refuse("it does not answer { _service { sdl } }".into()))?;
    Ok(Subgraph {
        name: name.to_owned(),
        url: url.to_owned(),
        sdl: data.service.sdl,
    })
}

/// The subgraph that a service becomes by its description.
pub(super) async fn stitched(name: &str, stitch: &Stitch, client: &Client) -> Result<Subgraph> {
    let Some(url) = &stitch.url else {
        return Err(Error::Setting(format!(
            "stitch.{name}.url must say where the service answers, for instance http://127.0.0.1:8000/graphql"
        ))
        .into());
    };
    let text = match &stitch.schema {
        Some(file) => config::read(file).await?,
        None => stitch::told(name, url, client).await?,
    };
    Ok(Subgraph {
        name: name.to_owned(),
        url: url.clone(),
        sdl: stitch::subgraph_sdl(name, stitch, &text)?,
    })
}
