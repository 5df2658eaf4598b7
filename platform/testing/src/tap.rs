//! A tap on the wire to PostgreSQL: what a service sends there, read on its way.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream, UnixStream},
};

use crate::TestPostgres;

/// A database, and what was asked of it.
pub struct Tap {
    url: String,
    flow: Flow,
    _postgres: TestPostgres,
}

/// Statements in the order they came in, each with the number of its connection.
type Flow = Arc<Mutex<Vec<(usize, String)>>>;

impl Tap {
    /// A new database. `None` where PostgreSQL is not installed.
    ///
    /// # Panics
    /// As [`TestPostgres::start`].
    pub async fn start() -> Option<Self> {
        let postgres = TestPostgres::start().await?;
        let (database, folder) = postgres.url().rsplit_once("?host=").unwrap();
        let socket = PathBuf::from(folder).join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = format!("@127.0.0.1:{}/", listener.local_addr().unwrap().port());
        let url = format!("{}?sslmode=disable", database.replace("@localhost/", &here));
        let flow = Flow::default();
        let into = flow.clone();
        #[expect(clippy::disallowed_methods, reason = "the tap ends with the test")]
        tokio::spawn(async move {
            for number in 0.. {
                let (client, _) = listener.accept().await.unwrap();
                let server = UnixStream::connect(&socket).await.unwrap();
                tokio::spawn(pass_on(client, server, (number, into.clone())));
            }
        });
        Some(Self {
            url,
            flow,
            _postgres: postgres,
        })
    }

    /// Where a service finds the database, by way of the tap.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Forgets what came until now.
    pub fn empty(&self) {
        self.flow.lock().unwrap().clear();
    }

    /// What came since then, in transactions, but for those that touch none of these tables.
    pub fn about(&self, tables: &[&str]) -> Vec<String> {
        let mut transactions = Vec::<Vec<String>>::new();
        let mut open = BTreeMap::new();
        for (number, statement) in self.flow.lock().unwrap().iter() {
            let is = |word: &str| statement.eq_ignore_ascii_case(word);
            match open.get(number) {
                Some(place) => {
                    let begun: &mut Vec<String> = &mut transactions[*place];
                    begun.push(statement.clone());
                }
                None => transactions.push(vec![statement.clone()]),
            }
            if is("begin") {
                open.insert(*number, transactions.len() - 1);
            } else if is("commit") || is("rollback") {
                open.remove(number);
            }
        }
        let is_about = |statement: &String| {
            let mut words = statement.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            words.any(|word| tables.contains(&word))
        };
        transactions.retain(|statements| statements.iter().any(is_about));
        transactions.concat()
    }
}

async fn pass_on(client: TcpStream, server: UnixStream, into: (usize, Flow)) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = copy(&mut from_server, &mut to_client);
    let questions = async {
        // The greeting alone has no kind.
        let mut known = BTreeMap::new();
        let mut kind = None;
        while let Ok(length) = from_client.read_u32().await {
            let mut body = vec![0; length as usize - 4];
            from_client.read_exact(&mut body).await?;
            note(&into, &mut known, (kind, &body));
            to_server.write_all(kind.as_slice()).await?;
            to_server.write_u32(length).await?;
            to_server.write_all(&body).await?;
            kind = match from_client.read_u8().await {
                Ok(next) => Some(next),
                Err(_) => break,
            };
        }
        to_server.shutdown().await
    };
    let _ = tokio::join!(answers, questions);
}

/// Notes what is executed: statements are prepared once under a name, bound, and executed.
fn note(into: &(usize, Flow), known: &mut BTreeMap<String, String>, (kind, body): (Option<u8>, &[u8])) {
    let mut texts = body
        .split(|byte| *byte == 0)
        .map(|text| String::from_utf8_lossy(text).into_owned());
    let (first, second) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
    let executed = match kind {
        Some(b'Q') => first,
        Some(b'P') => {
            known.insert(first, second);
            return;
        }
        // Each is bound to be executed once.
        Some(b'B') => known.get(&second).cloned().unwrap_or_default(),
        _ => return,
    };
    into.1.lock().unwrap().push((into.0, executed));
}
