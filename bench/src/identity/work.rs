//! What is done later, in another transaction: how many a second, and how soon.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use platform_database::{
    Database, Kind, Migration, Migrations, Tx,
    orm::{ConnectionTrait, DbErr, Statement},
};
use tokio::{sync::Notify, time::timeout};

use super::load::{Times, many};
use crate::{
    gateway::process,
    table::{Table, show},
};

const PATIENCE: Duration = Duration::from_secs(120);
/// How many transactions are under way at the same time.
const AT_ONCE: usize = 8;
/// How often the delay of a single one is measured.
const SINGLES: usize = 200;

/// The table that effects are written to.
pub(crate) const TABLES: Migrations = &[Migration {
    name: "0001_effects",
    sqlite: Cow::Borrowed("create table effect (seq integer primary key autoincrement, number bigint)"),
    postgres: Cow::Borrowed("create table effect (seq bigint generated always as identity primary key, number bigint)"),
}];

/// Effects that were committed.
#[derive(Clone, Default)]
pub(crate) struct Effects(Arc<Counted>);

#[derive(Default)]
struct Counted {
    count: AtomicUsize,
    one_more: Notify,
}

/// Something to measure: what gives work, and where the effects show.
pub(crate) struct Work<'a> {
    /// What one is called.
    pub(crate) what: &'static str,
    pub(crate) db: &'a Database,
    pub(crate) effects: &'a Effects,
}

impl Effects {
    /// Writes an effect.
    pub(crate) async fn write(&self, tx: &Tx, number: i64) -> Result<(), DbErr> {
        insert(tx, number).await?;
        let counted = self.0.clone();
        tx.on_commit(move || {
            counted.count.fetch_add(1, SeqCst);
            counted.one_more.notify_one();
        });
        Ok(())
    }

    fn count(&self) -> usize {
        self.0.count.load(SeqCst)
    }

    async fn reach(&self, count: usize) -> Result<()> {
        let reached = async {
            while self.count() < count {
                self.0.one_more.notified().await;
            }
        };
        let late = |_| anyhow!("{} of {count} effects were seen", self.count());
        timeout(PATIENCE, reached).await.map_err(late)
    }
}

async fn insert(tx: &Tx, number: i64) -> Result<(), DbErr> {
    let sql = "insert into effect (number) values ($1)";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [number.into()]);
    tx.execute_raw(statement).await.map(drop)
}

impl Work<'_> {
    /// Gives `count` at a time, three times beside bare transactions, and then some one by one.
    pub(crate) async fn measure(
        &self,
        count: usize,
        give: impl AsyncFn(usize) -> Result<()>,
        table: &mut Table,
    ) -> Result<()> {
        let (mut given, mut done, mut bare, mut cpu) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..3 {
            bare.push(many(count, AT_ONCE, async |at| self.bare(at).await).await?);
            let (start, spent, goal) = (Instant::now(), own_cpu()?, self.effects.count() + count);
            given.push(many(count, AT_ONCE, &give).await?);
            self.effects.reach(goal).await?;
            done.push(start.elapsed());
            cpu.push(own_cpu()? - spent);
        }
        let [given, done, bare, cpu] = [given, done, bare, cpu].map(|times| Times::new(times).at(50));
        let a_second = |time: Duration| count as f64 / time.as_secs_f64();
        let ratio = a_second(done) / a_second(bare);
        let (what, on) = (self.what, self.on());
        table.add(
            format!(
                "{what} on {on}, {AT_ONCE} transactions at a time: given, done a second; CPU of the process for one"
            ),
            format!(
                "{:.0}, {:.0}; {}",
                a_second(given),
                a_second(done),
                show(cpu / count as u32)
            ),
            "",
            format!("transactions of one insert alone {:.0} ({ratio:.2}×)", a_second(bare)),
        );
        let (mut delays, mut alone) = (Vec::new(), Vec::new());
        for at in 0..SINGLES {
            let start = Instant::now();
            self.bare(at).await?;
            alone.push(start.elapsed());
            let (start, goal) = (Instant::now(), self.effects.count() + 1);
            give(at).await?;
            self.effects.reach(goal).await?;
            delays.push(start.elapsed());
        }
        let (delays, alone) = (Times::new(delays), Times::new(alone));
        let ratio = alone.at(50).as_secs_f64() / delays.at(50).as_secs_f64();
        table.add(
            format!("{what} on {on}, one at a time, from the transaction's beginning to the effect: p50, p95"),
            format!("{}, {}", show(delays.at(50)), show(delays.at(95))),
            "",
            format!("a transaction of one insert alone {} ({ratio:.2}×)", show(alone.at(50))),
        );
        Ok(())
    }

    fn on(&self) -> &'static str {
        match self.db.kind() {
            Kind::Postgres => "PostgreSQL",
            Kind::Sqlite => "SQLite",
        }
    }

    async fn bare(&self, at: usize) -> Result<()> {
        let tx = self.db.begin().await?;
        insert(&tx, i64::try_from(at)?).await?;
        Ok(tx.commit().await?)
    }
}

fn own_cpu() -> Result<Duration> {
    process::cpu(std::process::id())
}
