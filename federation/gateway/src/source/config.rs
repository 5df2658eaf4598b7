//! A list of subgraphs in the format of Rover's `supergraph.yaml`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use federation_composition::Subgraph;
use futures::future::join_all;
use platform_error::Result;
use platform_http::Client;
use serde::Deserialize;

use super::{all, sdl};
use crate::{
    Error,
    stitch::{self, Stitch},
    subgraph::Peers,
};

/// The subgraphs to compose.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupergraphConfig {
    /// Which Federation to compose for. There is one composer here; the subgraphs' own versions count.
    #[serde(default)]
    pub federation_version: Option<serde_yaml_ng::Value>,
    /// The subgraphs by name.
    pub(crate) subgraphs: BTreeMap<String, SubgraphEntry>,
    /// The folder that files are relative to.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

/// One subgraph.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubgraphEntry {
    /// Where queries are sent. Where the schema is asked for, if this is absent.
    #[serde(default)]
    pub routing_url: Option<String>,
    /// Where its schema is. A service that is stitched in tells it to introspection, if nothing is said here.
    #[serde(default)]
    pub schema: SchemaSource,
    /// How it is stitched in, if it knows nothing of federation. Rover has no such key.
    #[serde(default)]
    pub stitch: Option<Stitch>,
}

/// Where a schema is: exactly one of the three.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SchemaSource {
    /// In a file, relative to the list.
    pub file: Option<PathBuf>,
    /// The subgraph tells it.
    pub subgraph_url: Option<String>,
    /// Here.
    pub sdl: Option<String>,
}

impl SupergraphConfig {
    /// Reads the list.
    pub async fn read(file: &Path) -> Result<Self> {
        let text = read(file).await?;
        let mut config: Self = serde_yaml_ng::from_str(&text).map_err(|error| unreadable(file, error.to_string()))?;
        config.folder = file.parent().unwrap_or(Path::new(".")).to_path_buf();
        if config.subgraphs.is_empty() {
            return Err(unreadable(file, "it lists no subgraph".into()).into());
        }
        Ok(config)
    }

    /// The subgraphs with their schemas.
    pub async fn subgraphs(&self, client: &Client, peers: &Peers) -> Result<Vec<Subgraph>> {
        let mut asked = Vec::with_capacity(self.subgraphs.len());
        for (name, entry) in &self.subgraphs {
            asked.push(self.subgraph(name, entry, client, peers));
        }
        all(join_all(asked).await)
    }

    async fn subgraph(&self, name: &str, entry: &SubgraphEntry, client: &Client, peers: &Peers) -> Result<Subgraph> {
        if let Some(stitch) = &entry.stitch {
            return self.stitched(name, entry, stitch, client).await;
        }
        let source = &entry.schema;
        let mut subgraph = match (&source.file, &source.subgraph_url, &source.sdl) {
            (Some(file), None, None) => Subgraph {
                name: name.to_owned(),
                url: String::new(),
                sdl: read(&self.folder.join(file)).await?,
            },
            (None, Some(url), None) => sdl::told(name, url, client, peers).await?,
            (None, None, Some(sdl)) => Subgraph { name: name.to_owned(), url: String::new(), sdl: sdl.clone() },
            _ => return Err(Error::Setting(format!(
                "subgraph {name} must say where its schema is by exactly one of schema.file, schema.subgraph_url and schema.sdl"
            ))
            .into()),
        };
        if let Some(url) = &entry.routing_url {
            subgraph.url.clone_from(url);
        }
        match subgraph.url.is_empty() {
            true => Err(Error::Setting(format!("subgraph {name} must have a routing_url")).into()),
            false => Ok(subgraph),
        }
    }
}

impl SupergraphConfig {
    async fn stitched(&self, name: &str, entry: &SubgraphEntry, stitch: &Stitch, client: &Client) -> Result<Subgraph> {
        let refuse = |reason: &str| Err(Error::Setting(format!("subgraph {name} {reason}")).into());
        if stitch.url.is_some() || stitch.schema.is_some() {
            return refuse("must say its address with routing_url and its schema with schema, not below stitch");
        }
        let SchemaSource {
            file,
            subgraph_url,
            sdl,
        } = &entry.schema;
        let Some(url) = entry.routing_url.as_ref().or(subgraph_url.as_ref()) else {
            return refuse("must have a routing_url");
        };
        let text = match (file, subgraph_url, sdl) {
            (Some(file), None, None) => read(&self.folder.join(file)).await?,
            (None, None, Some(sdl)) => sdl.clone(),
            (None, asked, None) => stitch::told(name, asked.as_ref().unwrap_or(url), client).await?,
            _ => return refuse("must not say in several ways where its schema is"),
        };
        Ok(Subgraph {
            name: name.to_owned(),
            url: url.clone(),
            sdl: stitch::subgraph_sdl(name, stitch, &text)?,
        })
    }
}

/// The text of a file.
pub(super) async fn read(file: &Path) -> Result<String> {
    let text = tokio::fs::read_to_string(file).await;
    text.map_err(|error| unreadable(file, error.to_string()).into())
}

fn unreadable(file: &Path, reason: String) -> Error {
    Error::File {
        file: file.to_path_buf(),
        reason,
    }
}
