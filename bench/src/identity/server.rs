//! The services in a process of their own, and people who are signed in there.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{
    Options,
    client::{Connection, request},
    inside::{PASSWORD, Person},
};
use crate::gateway::process::{self, Process};

/// The process under load.
pub(crate) struct Server {
    pub(crate) process: Process,
    /// Host and port of the gateway.
    pub(crate) gateway: String,
    /// Host and port of the service that signs people in.
    pub(crate) auth: String,
    pub(crate) people: Vec<Person>,
    /// A token of each of the people.
    pub(crate) tokens: Vec<String>,
    /// The database that it asks.
    pub(crate) postgres: String,
}

impl Server {
    /// Starts the process over what was made before, and signs everybody in.
    pub(crate) async fn start(options: &Options, (postgres, home): (&str, &Path), people: Vec<Person>) -> Result<Self> {
        let hansa = options.measured.binary()?;
        let (home, database) = (home.display().to_string(), format!("database.url={postgres}"));
        let mut arguments = vec!["--only", "auth,security,users", "--gateway-port", "0", "--log", "off"];
        arguments.extend(["--data", &home, "--set", &database]);
        // Each request is worked for by itself, nobody's token expires meanwhile, and who is quiet stays connected.
        let usual = [
            "gateway.traffic.dedupe=false",
            "auth.access-lifetime=1h",
            "connections.header-timeout=1m",
        ];
        let ports = ["auth.port=0", "security.port=0", "users.port=0"];
        let asked = options.set.iter().map(String::as_str);
        let settings = usual.into_iter().chain(ports).chain(asked);
        arguments.extend(settings.flat_map(|setting| ["--set", setting]));
        let mut process = process::services(&hansa, &arguments)?;
        let gateway = process.url.trim_start_matches("http://").trim_end_matches("/graphql");
        let gateway = gateway.to_owned();
        let auth = process.address_of("auth")?;
        let mut server = Self {
            process,
            gateway,
            auth,
            people,
            tokens: Vec::new(),
            postgres: postgres.to_owned(),
        };
        server.sign_in().await?;
        Ok(server)
    }

    async fn sign_in(&mut self) -> Result<()> {
        let mut connection = Connection::open(&self.auth).await?;
        for person in &self.people {
            let answer = connection.ask(&self.credentials(person)).await?;
            let answer: Value = serde_json::from_slice(answer)?;
            let token = answer["accessToken"].as_str().context("signed in")?;
            self.tokens.push(token.to_owned());
        }
        Ok(())
    }

    /// The request that signs somebody in.
    pub(crate) fn credentials(&self, person: &Person) -> Vec<u8> {
        let body = json!({ "email": person.email, "password": PASSWORD, "mode": "bearer" });
        request(&self.auth, "/auth/sign-in", None, &body)
    }

    /// A query to the gateway in somebody's name.
    pub(crate) fn query(&self, token: &str, query: &str) -> Vec<u8> {
        request(&self.gateway, "/graphql", Some(token), &json!({ "query": query }))
    }
}
