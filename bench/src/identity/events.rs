//! Events from the transaction that publishes them to the effect that follows.

use anyhow::{Context as _, Result};
use platform_database::{Database, Tx};
use platform_error::Error;
use platform_events::{Cause, Consumers, Event, EventError, Events, MIGRATIONS, Received, WithEvents};
use platform_service::{Clock, Context, Host, Service};
use serde::{Deserialize, Serialize};

use super::{
    inside, ours,
    work::{Effects, TABLES, Work},
};
use crate::table::Table;

const SERVICE: &str = "counting";
/// How many things events are about: those about one are handled one after the other.
const THINGS: usize = 64;

/// Something was counted.
#[derive(Serialize, Deserialize)]
struct Counted {
    thing: usize,
    number: i64,
}

impl Event for Counted {
    const TYPE: &'static str = "bench.counted";
    const AGGREGATE: &'static str = "bench";

    fn key(&self) -> String {
        self.thing.to_string()
    }
}

#[derive(Clone)]
struct Store {
    db: Database,
    events: Events,
    effects: Effects,
}

impl AsRef<Events> for Store {
    fn as_ref(&self) -> &Events {
        &self.events
    }
}

async fn open(context: Context) -> Result<Store, EventError> {
    let db = Database::open(&context, &[MIGRATIONS, TABLES]).await?;
    Ok(Store {
        events: Events::open(&context, &db).await?,
        effects: Effects::default(),
        db,
    })
}

async fn note(store: &Store, tx: &Tx, event: Received<Counted>) -> Result<(), Error> {
    store.effects.write(tx, event.number).await.map_err(Error::internal)
}

/// On both databases.
pub(crate) async fn all(count: usize, postgres: &str, table: &mut Table) -> Result<()> {
    for url in [postgres, ""] {
        let home = tempfile::tempdir()?;
        let service = Service::new(SERVICE, 0)
            .open(open)
            .events(Consumers::new().on("counters", note));
        let host = Host::new(inside::config(url, home.path())?, Clock::system());
        let running = host.services([service.into()]).embed().await.map_err(ours)?;
        let store: Store = running.store(SERVICE).context("the service is open")?;
        let work = Work {
            what: "an event",
            db: &store.db,
            effects: &store.effects,
        };
        let publish = async |at: usize| {
            let (thing, number) = (at % THINGS, i64::try_from(at)?);
            let tx = store.db.begin().await?;
            store
                .events
                .publish(&tx, &Counted { thing, number }, &Cause::default())
                .await?;
            Ok(tx.commit().await?)
        };
        work.measure(count, publish, table).await?;
        running.stop().await;
    }
    Ok(())
}
