//! Mail leaves over TLS to a server whose certificate the machine's authorities vouch for, and to no other.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, mpsc},
    time::Duration,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};

use crate::program::{Folder, Server};

const PATIENCE: Duration = Duration::from_secs(60);

/// A mail server that asks for TLS before all else, and hands out what it hears after that.
struct MailServer {
    port: u16,
    certificate: String,
    heard: mpsc::Receiver<String>,
}

impl MailServer {
    fn start() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = Arc::new(config.with_single_cert(vec![made.cert.der().clone()], key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, heard) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // Who hangs up while shaking hands does not trust us, which the test hears from nobody else.
                let outcome = converse(stream.unwrap(), config.clone(), &tell);
                let _ = tell.send(outcome.map_or_else(|error| format!("hung up: {error}"), |()| "bye".into()));
            }
        });
        Self {
            port,
            certificate: made.cert.pem(),
            heard,
        }
    }

    /// What it hears, until it hears something that begins like this.
    fn until(&self, beginning: &str) -> Vec<String> {
        let mut heard = Vec::new();
        loop {
            let next = self.heard.recv_timeout(PATIENCE);
            heard.push(next.unwrap_or_else(|_| panic!("{beginning} was never heard, only {heard:?}")));
            if heard.last().unwrap().starts_with(beginning) {
                return heard;
            }
        }
    }
}

fn converse(mut stream: TcpStream, config: Arc<ServerConfig>, tell: &mpsc::Sender<String>) -> std::io::Result<()> {
    stream.write_all(b"220 localhost ESMTP\r\n")?;
    line(&mut stream)?;
    stream.write_all(b"250-localhost\r\n250 STARTTLS\r\n")?;
    let asked = line(&mut stream)?;
    if asked != "STARTTLS" {
        return Err(std::io::Error::other(asked));
    }
    stream.write_all(b"220 2.0.0 go on\r\n")?;
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    loop {
        let said = line(&mut stream)?;
        let reply: &[u8] = match said.split(' ').next().unwrap_or_default() {
            "EHLO" => b"250-localhost\r\n250 AUTH PLAIN\r\n",
            "AUTH" => b"235 2.7.0 you are known\r\n",
            "DATA" => b"354 end with a dot\r\n",
            "QUIT" => return stream.write_all(b"221 2.0.0 bye\r\n"),
            _ => b"250 2.0.0 go on\r\n",
        };
        let is_data = said == "DATA";
        tell.send(said).map_err(std::io::Error::other)?;
        stream.write_all(reply)?;
        if is_data {
            while line(&mut stream)? != "." {}
            tell.send("delivered".into()).map_err(std::io::Error::other)?;
            stream.write_all(b"250 2.0.0 taken\r\n")?;
        }
    }
}

fn line(stream: &mut impl Read) -> std::io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") {
        stream.read_exact(&mut byte)?;
        line.extend(byte);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

/// Somebody registers at a process that trusts these authorities and sends its mail here.
fn register(folder: &Folder, server: &MailServer, authorities: &str) -> Server {
    let smtp = format!("mail.smtp=smtp://hansa:secret@localhost:{}?tls=required", server.port);
    let args = [
        "up",
        "--no-gateway",
        "--only",
        "auth",
        "--data",
        "data",
        "--set",
        "auth.port=0",
        "--set",
        &smtp,
    ];
    let running = folder.start_with(&args, &[("SSL_CERT_FILE", authorities)]);
    let body = r#"{"email": "ada@example.com", "password": "a quiet harbour at dawn"}"#;
    let answer = running.send("auth", "POST /auth/register HTTP/1.0", body);
    assert!(answer.contains(" 202 "), "{answer}");
    running
}

#[test]
fn a_mail_goes_over_tls_to_a_server_that_is_vouched_for() {
    let (folder, server) = (Folder::new(), MailServer::start());
    folder.file("authorities.pem", &server.certificate);

    let _running = register(&folder, &server, "authorities.pem");

    let heard = server.until("delivered");
    assert!(heard.iter().any(|said| said.starts_with("AUTH PLAIN ")), "{heard:?}");
    assert!(heard.contains(&"RCPT TO:<ada@example.com>".to_owned()), "{heard:?}");
}

#[test]
fn nothing_is_said_to_a_server_that_nobody_vouches_for() {
    let (folder, server) = (Folder::new(), MailServer::start());
    folder.file("authorities.pem", &MailServer::start().certificate);

    let _running = register(&folder, &server, "authorities.pem");

    let heard = server.until("hung up");
    assert_eq!(heard.len(), 1, "{heard:?}");
}
