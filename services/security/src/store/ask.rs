//! Questions: checks, explanations and lists, for oneself or, where one may, for others.

use std::{collections::BTreeSet, sync::Arc};

use super::{Store, memory::Reading};
use crate::{
    actor::Actor,
    engine::{Decision, Question, Scopes, Verdict},
    error::Error,
    filter::Filter,
    place::Target,
    subject::Subject,
};

/// A question.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who would act.
    pub subject: Subject,
    /// What their API key is limited to.
    pub scopes: Scopes,
    /// The permission's name.
    pub permission: String,
    /// About what.
    pub target: Target,
}

impl Ask {
    /// A question of the actor's about itself.
    pub fn own(actor: &Actor, permission: impl Into<String>, target: Target) -> Self {
        Self {
            subject: actor.subject.clone(),
            scopes: actor.scopes.clone(),
            permission: permission.into(),
            target,
        }
    }

    fn question<'a>(&'a self, reading: &'a Reading) -> Question<'a> {
        Question {
            standing: &reading.standing,
            scopes: self.scopes.as_deref(),
            permission: &self.permission,
            target: &self.target,
        }
    }
}

impl Store {
    /// Whether it is allowed now.
    pub async fn check(&self, ask: &Ask) -> Result<Verdict, Error> {
        let reading = self.reading(&ask.subject).await?;
        let now = self.0.clock.now();
        let decide = || self.engine().check(ask.question(&reading), now);
        match (self.engine().catalog().find(&ask.permission), &ask.scopes) {
            (Some(id), None) => Ok(self.0.memory.verdict(&reading, (id, &ask.target), decide)),
            // Keys differ in their scopes: what one was told is not kept for another.
            _ => Ok(decide()),
        }
    }

    /// Several questions, answered in their order.
    pub async fn check_all(&self, asks: &[Ask]) -> Result<Vec<Verdict>, Error> {
        self.within_batch(asks.len())?;
        let mut verdicts = Vec::with_capacity(asks.len());
        for ask in asks {
            verdicts.push(self.check(ask).await?);
        }
        Ok(verdicts)
    }

    /// Refuses a batch with too many questions.
    pub fn within_batch(&self, given: usize) -> Result<(), Error> {
        let most = self.settings().batch;
        match given <= most {
            true => Ok(()),
            false => Err(Error::TooMany { most, given }),
        }
    }

    /// Whether it is allowed now, and why.
    pub async fn explain(&self, ask: &Ask) -> Result<Decision, Error> {
        let reading = self.reading(&ask.subject).await?;
        Ok(self.engine().explain(ask.question(&reading), self.0.clock.now()))
    }

    /// The rows of a kind that may be seen, for a list. The target says the kind alone.
    pub async fn filter(&self, ask: &Ask) -> Result<Filter, Error> {
        let reading = self.reading(&ask.subject).await?;
        self.engine().filter(ask.question(&reading), self.0.clock.now())
    }

    /// What the actor holds of a permission's names at a target: for a page that shows what one may do.
    pub async fn permissions(&self, actor: &Actor, target: &Target) -> Result<BTreeSet<String>, Error> {
        let mut allowed = BTreeSet::new();
        for (_, permission) in self.engine().catalog().permissions() {
            let ask = Ask::own(actor, &*permission.name, target.clone());
            if self.check(&ask).await?.is_allowed() {
                allowed.insert(ask.permission);
            }
        }
        Ok(allowed)
    }

    /// Refuses unless the actor may ask this: about oneself anybody may, a service about everybody, and who has the
    /// permission to explain decisions about others there.
    pub async fn may_ask(&self, actor: &Actor, ask: &Ask) -> Result<(), Error> {
        if actor.is_service() || (actor.subject == ask.subject && actor.scopes == ask.scopes) {
            return Ok(());
        }
        let place = ask
            .target
            .workspace_id()
            .map_or_else(Target::everywhere, Target::workspace);
        self.require(actor, "decisions:explain", &place).await
    }

    /// Refuses unless the actor has a permission.
    pub(super) async fn require(&self, actor: &Actor, permission: &str, target: &Target) -> Result<(), Error> {
        let ask = Ask::own(actor, permission, target.clone());
        match self.check(&ask).await?.is_allowed() {
            true => Ok(()),
            false if actor.subject == Subject::Nobody => Err(Error::SignIn),
            false => Err(super::guard::missing(permission, target)),
        }
    }

    pub(super) async fn reading(&self, subject: &Subject) -> Result<Arc<Reading>, Error> {
        let now = self.0.clock.now();
        if let Some(reading) = self.0.memory.reading(subject, now) {
            return Ok(reading);
        }
        let began = self.0.memory.begin();
        let standing = self.load(self.db().read(), subject).await?;
        Ok(self.0.memory.keep(standing, (began, now)))
    }
}
