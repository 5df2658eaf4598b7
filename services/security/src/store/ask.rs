//! Questions: checks, explanations and lists, for oneself or, where one may, for others.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use uuid::Uuid;

use super::{Store, memory::Reading};
use crate::{
    actor::Actor,
    catalog::Role,
    engine::{Decision, Question, Reason, Scopes, Verdict},
    error::Error,
    filter::Filter,
    place::Target,
    standing::Standing,
    subject::Subject,
};

/// What it takes to be told of others.
const EXPLAIN: &str = "decisions:explain";

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

    fn question<'a>(&'a self, standing: &'a Standing) -> Question<'a> {
        Question {
            standing,
            scopes: self.scopes.as_deref(),
            permission: &self.permission,
            target: &self.target,
        }
    }
}

impl Store {
    /// Whether it is allowed now.
    pub async fn check(&self, ask: &Ask) -> Result<Verdict, Error> {
        let verdict = self.by_policies(ask).await?;
        match verdict.is_allowed() && self.is_outranked(ask).await? {
            true => Ok(Verdict::denied()),
            false => Ok(verdict),
        }
    }

    async fn by_policies(&self, ask: &Ask) -> Result<Verdict, Error> {
        let reading = self.reading(&ask.subject).await?;
        let now = self.0.clock.now();
        let roles = self.roles_said(&ask.target)?;
        let standing = self.counting(&reading, &ask.target).await?;
        let decide = || {
            let standing = said(&standing, &ask.target, roles);
            self.engine().check(ask.question(&standing), now)
        };
        match (self.engine().catalog().find(&ask.permission), &ask.scopes) {
            (Some(id), None) if reading.is_all => Ok(self.0.memory.verdict(&reading, (id, &ask.target), decide)),
            // Keys differ in their scopes: what one was told is not kept for another.
            _ => Ok(decide()),
        }
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
        let standing = self.counting(&reading, &ask.target).await?;
        let standing = said(&standing, &ask.target, self.roles_said(&ask.target)?);
        let mut decision = self.engine().explain(ask.question(&standing), self.0.clock.now());
        if decision.reason == Reason::NotHeld && !reading.is_all {
            decision.explanation.push_str(" here, and no other place was looked at");
        }
        match decision.allowed && self.is_outranked(ask).await? {
            true => Ok(Decision::outranked()),
            false => Ok(decision),
        }
    }

    /// The same by what the subject holds in one workspace and by nothing else, so that somebody who holds nothing there
    /// is like one whom nobody knows.
    async fn explain_within(&self, workspace: Uuid, ask: &Ask) -> Result<Decision, Error> {
        let reading = self.reading(&ask.subject).await?;
        let standing = self.counting(&reading, &ask.target).await?.only_in(workspace);
        let mut decision = self.engine().explain(ask.question(&standing), self.0.clock.now());
        if decision.reason == Reason::NotHeld {
            decision
                .explanation
                .push_str(" in this workspace, and nothing else was looked at");
        }
        Ok(decision)
    }

    /// A question of the actor's, decided and explained. About oneself anybody may ask, a service about everybody, and
    /// about others who has the permission to explain decisions: everywhere, or in a workspace by what is held in it.
    pub async fn explain_to(&self, actor: &Actor, ask: &Ask) -> Result<Decision, Error> {
        if actor.is_service() || (actor.subject == ask.subject && actor.scopes == ask.scopes) {
            return self.explain(ask).await;
        }
        let everywhere = self.require(actor, EXPLAIN, &Target::everywhere()).await;
        match (everywhere, ask.target.workspace_id()) {
            (Ok(()), _) => self.explain(ask).await,
            (Err(Error::NotAllowed { .. }), Some(workspace)) => {
                self.require(actor, EXPLAIN, &Target::workspace(workspace)).await?;
                self.explain_within(workspace, ask).await
            }
            (Err(refusal), _) => Err(refusal),
        }
    }

    /// The roles of what the subject is in the target's workspace, where that is said.
    fn roles_said(&self, target: &Target) -> Result<Option<Vec<Arc<Role>>>, Error> {
        let part = target.part().and_then(Option::as_deref);
        part.map(|part| self.roles_of_part(part)).transpose()
    }

    /// The rows of a kind that may be seen, for a list, by what is kept in memory. The target says the kind alone.
    pub async fn filter(&self, ask: &Ask) -> Result<Filter, Error> {
        if self.administrates_people(ask) {
            let reason = "user is asked about one by one where the permission is administrative";
            return Err(Error::field("resource kind", reason));
        }
        let reading = self.reading(&ask.subject).await?;
        self.engine()
            .filter(ask.question(&reading.standing), self.0.clock.now())
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

    /// What its subject holds that can count for a target. Where that is more in all than is kept in memory it is read
    /// anew.
    async fn counting<'a>(&self, reading: &'a Reading, target: &Target) -> Result<Cow<'a, Standing>, Error> {
        if reading.is_all {
            return Ok(Cow::Borrowed(&reading.standing));
        }
        let subject = reading.standing.subject();
        Ok(Cow::Owned(self.load_at(self.db().read(), subject, target).await?))
    }
}

/// What a subject holds, by what is said of it in the target's workspace.
fn said<'a>(standing: &'a Standing, target: &Target, roles: Option<Vec<Arc<Role>>>) -> Cow<'a, Standing> {
    match (target.workspace_id(), target.part()) {
        (Some(workspace), Some(_)) => Cow::Owned(standing.as_part(workspace, roles)),
        _ => Cow::Borrowed(standing),
    }
}
