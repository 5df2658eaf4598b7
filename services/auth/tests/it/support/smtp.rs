//! A mail server on a socket: it speaks SMTP as RFC 5321 has it, keeps what it is given, and refuses when told to.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// Longer than any mail takes, also on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(10);

/// What a client that hangs up says last.
pub(crate) const GONE: &str = "(gone)";

/// A mail as it came: its envelope, and its text as it was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delivered {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) text: String,
}

#[derive(Default)]
struct State {
    delivered: Vec<Delivered>,
    commands: Vec<String>,
    refusals: usize,
}

pub(crate) struct MailServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

impl MailServer {
    /// A server that refuses so many mails for now before it takes one.
    #[expect(clippy::disallowed_methods, reason = "the server is no service of ours")]
    pub(crate) async fn start(refusals: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = Arc::new(Mutex::new(State {
            refusals,
            ..State::default()
        }));
        let (address, shared) = (listener.local_addr().unwrap(), state.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { address, state, task }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What clients said, credentials as they were meant.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.state.lock().unwrap().commands.clone()
    }

    /// The first mail, once it is there. `meanwhile` is done while waiting.
    pub(crate) async fn first(&self, meanwhile: impl Fn()) -> Delivered {
        self.until(|state| state.delivered.first().cloned(), meanwhile).await
    }

    /// Waits until a client has said this.
    pub(crate) async fn hears(&self, command: &str) {
        let heard = |state: &State| {
            state
                .commands
                .iter()
                .any(|said| said.starts_with(command))
                .then_some(())
        };
        self.until(heard, || {}).await;
    }

    async fn until<T>(&self, found: impl Fn(&State) -> Option<T>, meanwhile: impl Fn()) -> T {
        let mut waited = Duration::ZERO;
        loop {
            if let Some(found) = found(&self.state.lock().unwrap()) {
                return found;
            }
            assert!(waited < PATIENCE, "clients only said {:?}", self.commands());
            meanwhile();
            tokio::time::sleep(PAUSE).await;
            waited += PAUSE;
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut mail = Delivered::default();
    write.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        state.lock().unwrap().commands.push(said(&line));
        let verb = line.split(' ').next().unwrap().to_uppercase();
        let reply = match verb.as_str() {
            "EHLO" => "250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n",
            "AUTH" => "235 2.7.0 you are known\r\n",
            "MAIL" if is_refused(&state) => "451 4.3.0 come back later\r\n",
            "MAIL" => {
                mail = Delivered {
                    from: address(&line),
                    ..Delivered::default()
                };
                "250 2.1.0 go on\r\n"
            }
            "RCPT" => {
                mail.to.push(address(&line));
                "250 2.1.5 go on\r\n"
            }
            "DATA" => {
                write.write_all(b"354 end with a dot\r\n").await.unwrap();
                while let Ok(Some(line)) = lines.next_line().await
                    && line != "."
                {
                    mail.text += line.strip_prefix('.').unwrap_or(&line);
                    mail.text += "\r\n";
                }
                state.lock().unwrap().delivered.push(mail.clone());
                "250 2.0.0 taken\r\n"
            }
            "QUIT" => "221 2.0.0 bye\r\n",
            "NOOP" | "RSET" => "250 2.0.0 well\r\n",
            _ => "502 5.5.1 not here\r\n",
        };
        if write.write_all(reply.as_bytes()).await.is_err() || verb == "QUIT" {
            break;
        }
    }
    state.lock().unwrap().commands.push(GONE.into());
}

fn is_refused(state: &Mutex<State>) -> bool {
    let mut state = state.lock().unwrap();
    let refused = state.refusals > 0;
    state.refusals = state.refusals.saturating_sub(1);
    refused
}

fn said(line: &str) -> String {
    let Some(secret) = line.strip_prefix("AUTH PLAIN ") else {
        return line.to_owned();
    };
    let plain = BASE64_STANDARD.decode(secret).unwrap();
    format!("AUTH PLAIN {}", String::from_utf8(plain).unwrap().replace('\0', " "))
}

fn address(line: &str) -> String {
    let (_, rest) = line.split_once('<').unwrap();
    rest.split('>').next().unwrap().to_owned()
}
