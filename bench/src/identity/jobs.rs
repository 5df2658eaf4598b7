//! Jobs from the transaction that enqueues them to the effect that they have.

use anyhow::{Context as _, Result};
use platform_database::Database;
use platform_error::Error;
use platform_jobs::{Job, JobError, Jobs, MIGRATIONS, Policy, Run, WithJobs, Workers};
use platform_service::{Clock, Context, Host, Service};
use serde::{Deserialize, Serialize};

use super::{
    inside, ours,
    work::{Effects, TABLES, Work},
};
use crate::table::Table;

const SERVICE: &str = "working";

/// Notes a number.
#[derive(Serialize, Deserialize)]
struct Note(i64);

impl Job for Note {
    const KIND: &'static str = "bench.note";
    const POLICY: Policy = Policy {
        concurrency: 8,
        ..Policy::USUAL
    };
}

#[derive(Clone)]
struct Store {
    db: Database,
    jobs: Jobs,
    effects: Effects,
}

impl AsRef<Jobs> for Store {
    fn as_ref(&self) -> &Jobs {
        &self.jobs
    }
}

async fn open(context: Context) -> Result<Store, JobError> {
    let db = Database::open(&context, &[MIGRATIONS, TABLES]).await?;
    Ok(Store {
        jobs: Jobs::open(&context, &db)?,
        effects: Effects::default(),
        db,
    })
}

async fn note(store: &Store, run: &Run, job: Note) -> Result<(), Error> {
    let tx = store.db.begin().await?;
    store.effects.write(&tx, job.0).await.map_err(Error::internal)?;
    run.finish(&tx).await?;
    Ok(tx.commit().await?)
}

/// On both databases.
pub(crate) async fn all(count: usize, postgres: &str, table: &mut Table) -> Result<()> {
    for url in [postgres, ""] {
        let home = tempfile::tempdir()?;
        let service = Service::new(SERVICE, 0).open(open).jobs(Workers::new().on(note));
        let host = Host::new(inside::config(url, home.path())?, Clock::system());
        let running = host.services([service.into()]).embed().await.map_err(ours)?;
        let store: Store = running.store(SERVICE).context("the service is open")?;
        let work = Work {
            what: "a job",
            db: &store.db,
            effects: &store.effects,
        };
        let enqueue = async |at: usize| {
            let tx = store.db.begin().await?;
            store.jobs.enqueue(&tx, &Note(i64::try_from(at)?)).await?;
            Ok(tx.commit().await?)
        };
        work.measure(count, enqueue, table).await?;
        running.stop().await;
    }
    Ok(())
}
