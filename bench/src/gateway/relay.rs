//! What the exchanges of the small answer cost by themselves: a program that only passes bytes, with blocking sockets.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use anyhow::{Context, Result};
use clap::Args;

/// What each subgraph is asked for the small answer.
pub(crate) const QUESTIONS: [&str; 2] = [
    r#"{"query":"{topProducts(first:3){__typename upc name}}"}"#,
    r#"{"query":"query($r:[_Any!]!){_entities(representations:$r){...on Product{inStock}}}","variables":{"r":[{"__typename":"Product","upc":"1"},{"__typename":"Product","upc":"2"},{"__typename":"Product","upc":"3"}]}}"#,
];

/// The relay as a process of its own.
#[derive(Args)]
pub(crate) struct Options {
    /// Where the two subgraphs answer, host and port
    subgraphs: Vec<String>,
}

/// Serves until the process is killed: for each request it asks both subgraphs and passes on the last answer.
pub(crate) fn serve(options: &Options) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(io::stdout(), "relay http://{}/graphql", listener.local_addr()?)?;
    for client in listener.incoming() {
        let (client, subgraphs) = (client?, options.subgraphs.clone());
        // It ends with its client.
        thread::spawn(move || relay(client, &subgraphs));
    }
    Ok(())
}

fn relay(mut client: TcpStream, subgraphs: &[String]) -> Result<()> {
    client.set_nodelay(true)?;
    let mut lines = Vec::new();
    for (address, question) in subgraphs.iter().zip(QUESTIONS) {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let length = question.len();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        lines.push((stream, head + question));
    }
    let mut buffer = vec![0; 64 << 10];
    while message(&mut client, &mut buffer)? > 0 {
        let mut length = 0;
        for (stream, request) in &mut lines {
            stream.write_all(request.as_bytes())?;
            length = message(stream, &mut buffer)?;
        }
        client.write_all(&buffer[..length])?;
    }
    Ok(())
}

/// Reads one request or answer whole; nothing at the end of the connection.
fn message(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..])?;
        if read == 0 {
            return Ok(0);
        }
        filled += read;
        let Some(head) = buffer[..filled].windows(4).position(|end| end == b"\r\n\r\n") else {
            continue;
        };
        let text = str::from_utf8(&buffer[..head])?.to_ascii_lowercase();
        let length = text
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        let length: usize = length.context("a message has a length")?.trim().parse()?;
        if head + 4 + length > buffer.len() {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge).into());
        }
        if filled >= head + 4 + length {
            return Ok(filled);
        }
    }
}
