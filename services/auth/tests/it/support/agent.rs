//! A browser or a program: an address, cookies, and tokens that it was given.

use std::{collections::BTreeMap, net::SocketAddr};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{HeaderValue, Method, Request, header},
};
use platform_testing::Answer;
use serde_json::{Value, json};

use super::Site;

/// Whoever sends requests.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    address: String,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) access: Option<String>,
    pub(crate) refresh: Option<String>,
    pub(crate) device: Option<String>,
    /// Whether the page's scripts send the CSRF token back, as they should.
    pub(crate) is_ours: bool,
    /// What it likes to be answered in, where it says so.
    accepts: Option<&'static str>,
}

impl Agent {
    pub(crate) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            cookies: BTreeMap::new(),
            access: None,
            refresh: None,
            device: None,
            is_ours: true,
            accepts: None,
        }
    }

    /// The same, seen from another site's page: the browser sends the cookies, and the page cannot read them.
    pub(crate) fn seen_elsewhere(&self) -> Self {
        Self {
            is_ours: false,
            ..self.clone()
        }
    }

    /// The same, who would be answered in this.
    pub(crate) fn accepting(self, accepts: Option<&'static str>) -> Self {
        Self { accepts, ..self }
    }

    /// The same person at another address.
    pub(crate) fn at(&self, address: &str) -> Self {
        Self {
            address: address.to_owned(),
            ..self.clone()
        }
    }

    pub(crate) async fn get(&mut self, site: &Site, path: &str) -> Answer {
        self.send(site, Method::GET, path, None).await
    }

    pub(crate) async fn post(&mut self, site: &Site, path: &str, body: Value) -> Answer {
        self.send(site, Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&mut self, site: &Site, path: &str, body: Value) -> Answer {
        self.send(site, Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&mut self, site: &Site, path: &str) -> Answer {
        self.send(site, Method::DELETE, path, None).await
    }

    pub(crate) async fn sign_in(&mut self, site: &Site, email: &str, password: &str, mode: &str) -> Answer {
        let body = json!({ "email": email, "password": password, "mode": mode });
        let answer = self.post(site, "/auth/sign-in", body).await;
        if answer.status.is_success() {
            self.take(&answer.json());
        }
        answer
    }

    /// Uses the refresh token it holds, whichever way it came.
    pub(crate) async fn renew(&mut self, site: &Site) -> Answer {
        let body = match &self.refresh {
            Some(refresh) => json!({ "refreshToken": refresh }),
            None => json!({}),
        };
        let answer = self.post(site, "/auth/refresh", body).await;
        if answer.status.is_success() {
            self.take(&answer.json());
        }
        answer
    }

    /// Keeps the tokens of an answer.
    pub(crate) fn take(&mut self, granted: &Value) {
        let text = |name: &str| granted[name].as_str().map(str::to_owned);
        self.access = text("accessToken").or(self.access.take());
        self.refresh = text("refreshToken").or(self.refresh.take());
        self.device = text("deviceToken").or(self.device.take());
    }

    pub(crate) async fn send(&mut self, site: &Site, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        if let Some(csrf) = self.cookies.get("csrf").filter(|_| self.is_ours) {
            request = request.header("x-csrf-token", csrf);
        }
        if let Some(access) = &self.access {
            request = request.header(header::AUTHORIZATION, format!("Bearer {access}"));
        }
        if let Some(accepts) = self.accepts {
            request = request.header(header::ACCEPT, accepts);
        }
        if let Some(device) = &self.device {
            request = request.header("x-device-token", device);
        }
        let request = match body {
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        let mut request = request.unwrap();
        let peer = SocketAddr::new(self.address.parse().unwrap(), 40_000);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = site.service.request(request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            self.keep(cookie);
        }
        answer
    }

    fn keep(&mut self, cookie: &HeaderValue) {
        let text = cookie.to_str().unwrap();
        let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
        match text.contains("Max-Age=0") {
            true => self.cookies.remove(name),
            false => self.cookies.insert(name.to_owned(), value.to_owned()),
        };
    }
}
