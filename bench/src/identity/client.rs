//! A client of HTTP/1.1 that costs little, because it shares two processors with what it measures.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

/// A connection that stays open.
pub(crate) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

/// A request as it is sent: a POST of JSON, in somebody's name where there is a token.
pub(crate) fn request(address: &str, path: &str, token: Option<&str>, body: &serde_json::Value) -> Vec<u8> {
    let body = body.to_string();
    let name = token.map(|token| format!("authorization: Bearer {token}\r\n"));
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n{}content-length: {}\r\n\r\n{body}",
        name.unwrap_or_default(),
        body.len()
    )
    .into()
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: &str) -> Result<Self> {
        Self::over(TcpStream::connect(address).await?)
    }

    /// Connects from an address of this machine that others do not come from.
    pub(crate) async fn open_from(number: u8, address: &str) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 1, number], 0)))?;
        Self::over(socket.connect(address.parse()?).await?)
    }

    fn over(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            answer: Vec::new(),
        })
    }

    /// Sends a request and reads the whole answer, which must be 200; gives its body.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        let body = loop {
            let read = self.stream.read_buf(&mut self.answer).await?;
            ensure!(read > 0, "the server ended a connection");
            if let Some(end) = self.answer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = std::str::from_utf8(&self.answer[..body])?.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let end = body
            + length
                .context("an answer says how long it is")?
                .trim()
                .parse::<usize>()?;
        while self.answer.len() < end {
            let read = self.stream.read_buf(&mut self.answer).await?;
            ensure!(read > 0, "the server ended a connection within an answer");
        }
        let body = &self.answer[body..end];
        let is_well = head.starts_with("http/1.1 200");
        ensure!(is_well, "{head}{}", String::from_utf8_lossy(body));
        Ok(body)
    }
}
