//! What a data command works on: a data directory or a running server, asked the same way.

use std::path::PathBuf;

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::Response,
};
use bytes::Bytes;
use platform_config::{Config, Duration};
use platform_error::Error;
use platform_http::{Client, ClientSettings, Tls, Url};
use platform_service::{Clock, Host, Peer, Running};
use platform_telemetry::Format;
use serde_json::Value;

use crate::{
    cli::Place,
    failure::{Failure, Result},
    serve::SERVICE,
    settings::{self, Setup},
};

/// An import is answered when all of it is stored, which takes as long as it takes.
const PATIENCE: Duration = Duration::from_secs(6 * 3600);
/// What one answer may have when it is read whole.
const LARGEST: usize = 4 << 30;

/// Whether a command makes sense where there is no data yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Data,
    Nothing,
}

/// A service to ask. It needs no closing: what it has answered is durable, and its tasks end with the process.
pub(crate) enum Target {
    /// The service opened in this process on a data directory.
    Local { running: Running, peer: Peer },
    /// A running server.
    Remote {
        peer: Peer,
        address: String,
        /// Who asks.
        authorization: Option<HeaderValue>,
    },
}

impl Target {
    /// Opens what `place`, or else the environment, names.
    pub(crate) async fn open(place: &Place, setup: Setup, need: Need) -> Result<Self> {
        let setup = setup
            .with("host.data", place.data.as_ref().map(|data| data.display()))
            .with("financial-data.maintenance", Some(false))
            // Whoever has the files has no use for a token. A running server asks by its own settings.
            .with("financial-data.access", Some("open"));
        let config = setup.config()?;
        setup.telemetry(&config, ("error", Format::Text))?;
        setup.heed_environment();
        // The settings may be those of a whole system.
        settings::read_all(&config)?;
        let address = place
            .url
            .clone()
            .or_else(|| place.data.is_none().then(|| setup.address()).flatten());
        match address {
            Some(address) => Self::remote(address, authorization(place, &setup)?, &config),
            None => Self::local(config, need).await,
        }
    }

    async fn local(config: Config, need: Need) -> Result<Self> {
        if let Some(catalog) = settings::catalog_path(&config)?
            && !catalog.exists()
        {
            let folder = catalog.parent().unwrap_or(&catalog).to_owned();
            if need == Need::Data {
                return Err(Failure::new(format!("there is no data in {}", folder.display()))
                    .with_hint("name the directory with --data, or fill it with `hansa up --demo` or `hansa import`"));
            }
            std::fs::create_dir_all(&folder).map_err(|error| Failure::file("make", &folder, &error))?;
        }
        let running = Host::new(config, Clock::system())
            .services([financial_data::service()])
            .embed()
            .await?;
        let peer = running.peer(SERVICE).expect("the host has the service it was given");
        Ok(Self::Local { running, peer })
    }

    fn remote(address: String, authorization: Option<HeaderValue>, config: &Config) -> Result<Self> {
        let wrong = || {
            Failure::new(format!("{address} is not the address of a server"))
                .with_hint("write it with its scheme, for instance http://127.0.0.1:8001")
        };
        let base: Uri = settings::without_endpoint(&address).parse().map_err(|_| wrong())?;
        if !matches!(base.scheme_str(), Some("http" | "https")) || base.authority().is_none() {
            return Err(wrong());
        }
        let settings = ClientSettings {
            read_timeout: PATIENCE,
            ..ClientSettings::default()
        };
        // As a process asks one of its peers.
        let tls = match base.scheme_str() {
            Some("https") => Tls::open(&config.section("tls")?).map_err(Error::from)?.client(),
            _ => None,
        };
        let client = match tls {
            Some(tls) => Client::secured(&settings, &tls)?,
            None => Client::new(&settings)?,
        };
        Ok(Self::Remote {
            peer: Peer::Remote(base, client),
            address,
            authorization,
        })
    }

    /// Where the data is, for people.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Local { running, .. } => {
                let folder = running
                    .context(SERVICE)
                    .map(|context| context.data_dir().display().to_string());
                folder.unwrap_or_default()
            }
            Self::Remote { address, .. } => address.clone(),
        }
    }

    /// Sends a request and gives back the answer, whatever its status.
    pub(crate) async fn call(&self, mut request: Request) -> Result<Response> {
        let peer = match self {
            Self::Local { peer, .. } => peer,
            Self::Remote {
                peer, authorization, ..
            } => {
                request
                    .headers_mut()
                    .extend(authorization.clone().map(|value| (header::AUTHORIZATION, value)));
                peer
            }
        };
        Ok(peer.call(request).await?)
    }

    /// Sends a request; a refusal is a failure that says what the service said.
    pub(crate) async fn send(&self, request: Request) -> Result<Response> {
        let response = self.call(request).await?;
        match response.status().is_success() {
            true => Ok(response),
            false => Err(refused(response).await),
        }
    }

    /// GETs a path.
    pub(crate) async fn get(&self, path: &Path) -> Result<Response> {
        self.send(path.request(Method::GET, Body::empty())?).await
    }

    /// GETs a path and reads the whole answer.
    pub(crate) async fn read(&self, path: &Path) -> Result<Bytes> {
        whole(self.get(path).await?).await
    }

    /// GETs a path that answers with JSON.
    pub(crate) async fn json(&self, path: &Path) -> Result<Value> {
        parsed(&self.read(path).await?)
    }
}

/// An answer that is JSON.
pub(crate) fn parsed(answer: &[u8]) -> Result<Value> {
    serde_json::from_slice(answer).map_err(|error| Failure::new(format!("the answer is not JSON: {error}")))
}

/// What is said to a server of who asks.
fn authorization(place: &Place, setup: &Setup) -> Result<Option<HeaderValue>> {
    let read = |file: &PathBuf| std::fs::read_to_string(file).map_err(|error| Failure::file("read", file, &error));
    let given = place.token_file.as_ref().map(read).transpose()?;
    let Some(token) = given.as_deref().or_else(|| setup.token()) else {
        return Ok(None);
    };
    let value = HeaderValue::try_from(format!("Bearer {}", token.trim()));
    let mut value = value.map_err(|_| Failure::new("the token has characters that no token has"))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// The whole body of an answer.
pub(crate) async fn whole(response: Response) -> Result<Bytes> {
    to_bytes(response.into_body(), LARGEST)
        .await
        .map_err(|_| Failure::new("the answer broke off"))
}

/// What a refusal says.
async fn refused(response: Response) -> Failure {
    let status = response.status();
    let body = whole(response).await.unwrap_or_default();
    problem(status, &serde_json::from_slice(&body).unwrap_or_default())
}

/// What a problem document says.
pub(crate) fn problem(status: StatusCode, problem: &Value) -> Failure {
    let failure = match problem["detail"].as_str() {
        Some(detail) => Failure::new(detail),
        None => Failure::new(format!("the server answered {status}")),
    };
    match (problem["hint"].as_str(), problem["code"].as_str()) {
        _ if status == StatusCode::UNAUTHORIZED => {
            failure.with_hint("show who you are: name a file with an API key by --token-file, or set HANSA_TOKEN")
        }
        (Some(hint), _) => failure.with_hint(hint),
        (None, Some("INTERNAL")) => {
            failure.with_hint("the log of the server says why; of a data directory, run it again with -v")
        }
        (None, None) => failure.with_hint("is this the address of a hansa server?"),
        (None, Some(_)) => failure,
    }
}

/// A path with a query, each part of it encoded.
pub(crate) struct Path(Url);

impl Path {
    /// A path of the financial data's REST interface; a part may hold any character.
    pub(crate) fn new(parts: &[&str]) -> Self {
        Self::below("api/v1/financial-data", parts)
    }

    /// A path of the lake's REST interface.
    pub(crate) fn lake(part: &str) -> Self {
        Self::below("api/v1/lake", &[part])
    }

    /// A path below the service's root.
    pub(crate) fn root(path: &str) -> Self {
        Self::below(path, &[])
    }

    fn below(root: &str, parts: &[&str]) -> Self {
        let mut url: Url = format!("http://service/{root}").parse().expect("this is an address");
        url.path_segments_mut()
            .expect("an http address has a path")
            .extend(parts);
        Self(url)
    }

    /// Adds `key=value` when there is a value.
    pub(crate) fn with(mut self, key: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.0.query_pairs_mut().append_pair(key, &value.to_string());
        }
        self
    }

    /// A request for it.
    pub(crate) fn request(&self, method: Method, body: Body) -> Result<Request> {
        let query = self.0.query().map(|query| format!("?{query}")).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{query}", self.0.path()))
            .body(body);
        request.map_err(|error| Failure::new(format!("this cannot be asked: {error}")))
    }
}
