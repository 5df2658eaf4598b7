//! Background jobs and schedules, enqueued in the business transaction.
//!
//! A job is a row in the service's own database. A worker claims it for the length of a lease, says again and again that
//! it is still at it, and settles it; where a process dies, the lease runs out and another one takes over. A job may
//! therefore run twice; with [`Run::finish`] in the transaction of its effects these happen exactly once.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use platform_database::Database;
//! use platform_error::Error;
//! use platform_jobs::{How, Job, JobError, Jobs, Once, Policy, Run, WithJobs, Workers};
//! use platform_service::{Context, Service};
//! use serde::{Deserialize, Serialize};
//!
//! /// Renders a report.
//! #[derive(Serialize, Deserialize)]
//! struct Render {
//!     report: String,
//! }
//!
//! impl Job for Render {
//!     const KIND: &'static str = "reports.render";
//!     const POLICY: Policy = Policy {
//!         limit: Duration::from_secs(60),
//!         ..Policy::USUAL
//!     };
//! }
//!
//! #[derive(Clone)]
//! struct Store {
//!     db: Database,
//!     jobs: Jobs,
//! }
//!
//! impl AsRef<Jobs> for Store {
//!     fn as_ref(&self) -> &Jobs {
//!         &self.jobs
//!     }
//! }
//!
//! async fn open(context: Context) -> Result<Store, JobError> {
//!     let db = Database::open(&context, &[platform_jobs::MIGRATIONS]).await?;
//!     let jobs = Jobs::open(&context, &db)?;
//!     Ok(Store { db, jobs })
//! }
//!
//! async fn order(store: &Store, report: String) -> Result<(), JobError> {
//!     let tx = store.db.begin().await?;
//!     let once = Once::WhileWaiting(report.clone());
//!     store.jobs.enqueue_with(&tx, &Render { report }, How { once, ..How::default() }).await?;
//!     Ok(tx.commit().await?)
//! }
//!
//! async fn render(store: &Store, run: &Run, job: Render) -> Result<(), Error> {
//!     run.progress(50, &format!("rendering {}", job.report)).await?;
//!     let tx = store.db.begin().await?;
//!     // … the effects are written through `tx` …
//!     run.finish(&tx).await?;
//!     Ok(tx.commit().await?)
//! }
//!
//! fn service() -> Service {
//!     let nightly = Render { report: "all".into() };
//!     Service::new("reports", 8012)
//!         .open(open)
//!         .jobs(Workers::new().on(render).every("nightly", "0 1 * * *", &nightly))
//!         .into()
//! }
//! ```

mod attempt;
mod error;
mod job;
mod jobs;
mod keeper;
mod queue;
mod run;
mod schedule;
mod settings;
mod workers;

pub use crate::{
    error::JobError,
    job::{How, Job, JobRow, JobState, LARGEST, Once, Policy},
    jobs::{Filter, Jobs, MIGRATIONS},
    run::Run,
    settings::Settings,
    workers::{Handler, WithJobs, Workers},
};
