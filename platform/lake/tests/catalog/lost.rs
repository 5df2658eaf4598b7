//! A commit whose answer is lost: the connection to PostgreSQL is cut at the worst moment.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use platform_error::{Code, Coded};
use platform_lake::LakeError;
use platform_lake::catalog::{Catalog, Loaded, Outcome, SqlCatalog};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::{Place, at, change, committed, creation, loaded, points};

/// Where the connection is cut, once.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    /// PostgreSQL is never asked to commit.
    BeforeCommit,
    /// PostgreSQL commits and its answer does not arrive.
    AfterCommit,
    /// As before, and the database stays away.
    ForGood,
}

/// A socket through which PostgreSQL is reached until it is cut.
struct Wire {
    url: String,
    state: Arc<State>,
    _carrying: JoinSet<()>,
    _directory: TempDir,
}

struct State {
    cut: Cut,
    is_armed: AtomicBool,
    is_cut: AtomicBool,
}

impl Wire {
    fn to(url: &str, cut: Cut) -> Self {
        let (database, socket) = url.split_once("?host=").unwrap();
        let server = Path::new(socket).join(".s.PGSQL.5432");
        let directory = TempDir::new().unwrap();
        let listener = UnixListener::bind(directory.path().join(".s.PGSQL.5432")).unwrap();
        let state = Arc::new(State {
            cut,
            is_armed: AtomicBool::new(false),
            is_cut: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        let mut carrying = JoinSet::new();
        carrying.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.unwrap();
                let state = Arc::clone(&shared);
                connections.spawn(async move { carry(client, server, &state).await });
            }
        });
        let url = format!("{database}?host={}", directory.path().display());
        Self {
            url,
            state,
            _carrying: carrying,
            _directory: directory,
        }
    }
}

/// Carries bytes both ways until one side ends or the wire is cut.
async fn carry(mut client: UnixStream, mut server: UnixStream, state: &State) {
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            Ok(length) = client.read(&mut asked) => {
                let asked = &asked[..length];
                let is_away = state.cut == Cut::ForGood && state.is_cut.load(Ordering::SeqCst);
                let commits = asked.windows(7).any(|word| word == b"COMMIT\0");
                let cuts = commits && state.is_armed.swap(false, Ordering::SeqCst);
                state.is_cut.fetch_or(cuts, Ordering::SeqCst);
                if length == 0 || is_away || (cuts && state.cut == Cut::BeforeCommit) {
                    return;
                }
                server.write_all(asked).await.unwrap();
                if cuts {
                    assert!(server.read(&mut answered).await.unwrap() > 0, "the server answers");
                    return;
                }
            }
            Ok(length) = server.read(&mut answered) => {
                if length == 0 || client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
            else => return,
        }
    }
}

/// A catalog that is reached over a wire which is cut at the next commit, and its table.
async fn over(place: &Place, cut: Cut) -> (Wire, SqlCatalog, Loaded) {
    let wire = Wire::to(&place.url, cut);
    let catalog = SqlCatalog::open(&wire.url, place.storage.clone(), "hansa")
        .await
        .unwrap();
    let base = catalog.create(&points(), creation(), at(0)).await.unwrap();
    wire.state.is_armed.store(true, Ordering::SeqCst);
    (wire, catalog, base)
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_and_acknowledged() {
    let Some(place) = Place::postgres().await else { return };
    let (_wire, catalog, base) = over(&place, Cut::AfterCommit).await;

    let outcome = catalog.commit(&points(), change(&base, "a", "1")).await.unwrap();

    assert_eq!(loaded(&place.open().await).await.location, committed(outcome).location);
}

#[tokio::test]
async fn a_commit_that_did_not_arrive_is_an_error_and_leaves_nothing() {
    let Some(place) = Place::postgres().await else { return };
    let (_wire, catalog, base) = over(&place, Cut::BeforeCommit).await;

    let error = catalog.commit(&points(), change(&base, "a", "1")).await.unwrap_err();

    assert!(matches!(error, LakeError::Catalog(_)), "{error:?}");
    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(loaded(&place.open().await).await.location, base.location);
    assert_eq!(place.files().await, [base.location]);
}

#[tokio::test]
async fn a_commit_that_cannot_be_asked_about_is_unknown_and_keeps_its_files() {
    let Some(place) = Place::postgres().await else { return };
    let (_wire, catalog, base) = over(&place, Cut::ForGood).await;

    let error = catalog.commit(&points(), change(&base, "a", "1")).await.unwrap_err();

    assert!(matches!(error, LakeError::OutcomeUnknown(_)), "{error:?}");
    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(loaded(&place.open().await).await.metadata.properties()["a"], "1");
}

/// Commits over a wire that is cut and whole again only after two commits of others, to a table that keeps a log of
/// `kept` metadata files.
async fn commit_overtaken(place: &Place, kept: &str) -> Result<Outcome, LakeError> {
    let (wire, catalog, base) = over(place, Cut::ForGood).await;
    let others = place.open().await;
    let limit = change(&base, "write.metadata.previous-versions-max", kept);
    let base = committed(others.commit(&points(), limit).await.unwrap());
    let overtake = async {
        while !wire.state.is_cut.load(Ordering::SeqCst) || loaded(&others).await.location == base.location {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for n in ["1", "2"] {
            let current = loaded(&others).await;
            committed(others.commit(&points(), change(&current, "b", n)).await.unwrap());
        }
        wire.state.is_cut.store(false, Ordering::SeqCst);
    };
    let name = points();
    tokio::join!(catalog.commit(&name, change(&base, "a", "1")), overtake).0
}

#[tokio::test]
async fn a_commit_is_found_behind_those_of_others() {
    let Some(place) = Place::postgres().await else { return };

    let ours = committed(commit_overtaken(&place, "5").await.unwrap());

    let log = loaded(&place.open().await).await.metadata.metadata_log().to_vec();
    assert!(log.iter().any(|entry| entry.metadata_file == ours.location));
}

#[tokio::test]
async fn a_commit_that_has_left_the_log_is_unknown_and_keeps_its_files() {
    let Some(place) = Place::postgres().await else { return };

    let error = commit_overtaken(&place, "1").await.unwrap_err();

    assert!(matches!(error, LakeError::OutcomeUnknown(_)), "{error:?}");
    assert_eq!(
        place.files().await.len(),
        5,
        "the first, the limit, ours, and two of others"
    );
}
