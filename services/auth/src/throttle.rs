//! Failures slow down whoever causes them, and nobody else.
//!
//! A stranger's failures count for their own pair of address and account, and for their address; both make them wait.
//! What all strangers together do to one account's password costs a stranger a short pause and never a refusal, so that
//! nobody can be locked out; who guesses its codes has the password, and waits. A device that signed in before counts
//! alone, and so does a session: strangers cannot touch them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use platform_crypto::base64url;
use platform_database::{
    Tx,
    orm::{
        ActiveModelBehavior, ActiveModelTrait, ColumnTrait, DeriveEntityModel, DerivePrimaryKey, DeriveRelation,
        EntityTrait, EnumIter, ExprTrait, IntoActiveModel, PrimaryKeyTrait, QueryFilter, QuerySelect, Set,
        sea_query::{Expr, OnConflict},
    },
};

use crate::{
    caller::Caller,
    client::Client,
    device,
    error::{Error, Result},
    store::Auth,
};

/// Failures under one name.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "throttles")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) name: String,
    pub(crate) count: i32,
    pub(crate) last_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// What counts refer to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How failures become a wait: so many are free, then it doubles from a second up to the longest.
#[derive(Clone, Copy, Debug)]
struct Rule {
    free: i32,
    longest: TimeDelta,
    /// For so long without a failure, all is forgotten.
    memory: TimeDelta,
}

/// One stranger at one account, one device that is known, or one session.
const PAIR: Rule = Rule {
    free: 5,
    longest: TimeDelta::minutes(15),
    memory: TimeDelta::hours(24),
};
/// One stranger at any account.
const ADDRESS: Rule = Rule {
    free: 50,
    longest: TimeDelta::minutes(15),
    memory: TimeDelta::hours(1),
};
/// All strangers who guess the password of one account: never a wait, only a pause.
const PASSWORDS: Rule = Rule {
    free: 20,
    longest: TimeDelta::zero(),
    memory: TimeDelta::hours(1),
};
/// All strangers who guess the code of one account. They have its password, and there are only a million codes, so that
/// they wait however many addresses they have. The owner is known by a device, or has a passkey.
const CODES: Rule = Rule {
    free: 20,
    longest: TimeDelta::minutes(15),
    memory: TimeDelta::hours(24),
};
/// Mails that one address, or one account, has sent.
const MAILS: Rule = Rule {
    free: 20,
    longest: TimeDelta::minutes(15),
    memory: TimeDelta::hours(1),
};
/// Sign-ins that one address has begun without saying who it is.
const QUESTIONS: Rule = Rule {
    free: 100,
    longest: TimeDelta::minutes(1),
    memory: TimeDelta::minutes(10),
};
/// Mails to one mail address. What is too much is not sent, and nobody learns that.
const MAILBOX: Rule = Rule {
    free: 5,
    longest: TimeDelta::hours(1),
    memory: TimeDelta::hours(6),
};

/// What is guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guess {
    /// A password.
    Password,
    /// A code of the second factor.
    Code,
}

impl Guess {
    fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
        }
    }

    /// The rule for all strangers at one account.
    fn of_all(self) -> Rule {
        match self {
            Self::Password => PASSWORDS,
            Self::Code => CODES,
        }
    }
}

/// An attempt that was let through and is counted as a failure until it is known to be none.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    own: String,
    /// What others are counted under too.
    shared: Vec<String>,
    pause: Duration,
}

/// Lets an attempt at an account through, or says how long to wait.
pub(crate) async fn admit(
    auth: &Auth,
    guess: Guess,
    account: &str,
    device: Option<&device::Model>,
    client: &Client,
) -> Result<Attempt> {
    let tag = base64url(&auth.ring.tag("auth.throttle", account.as_bytes())[..16]);
    let (what, tx) = (guess.name(), auth.db.begin().await?);
    let attempt = match device {
        Some(device) => {
            let own = format!("{what}:device:{}", base64url(&device.hash[..16]));
            charge(auth, &tx, &own, PAIR).await?;
            Attempt::alone(own)
        }
        None => {
            let own = format!("{what}:pair:{tag}:{}", client.network());
            let address = format!("address:{}", client.network());
            let all = format!("{what}:account:{tag}");
            charge(auth, &tx, &own, PAIR).await?;
            charge(auth, &tx, &address, ADDRESS).await?;
            let failures = charge(auth, &tx, &all, guess.of_all()).await?;
            let over = u32::try_from(failures - guess.of_all().free).unwrap_or_default();
            Attempt {
                own,
                shared: vec![address, all],
                pause: (Duration::from_millis(100) * over).min(*auth.settings.longest_pause),
            }
        }
    };
    tx.commit().await?;
    if !attempt.pause.is_zero() {
        tokio::time::sleep(attempt.pause).await;
    }
    Ok(attempt)
}

/// Lets somebody who is signed in show again who they are, or says how long to wait. It counts for their session alone,
/// so that neither strangers nor others behind the same gateway can be in its way.
pub(crate) async fn admit_again(auth: &Auth, guess: Guess, caller: &Caller) -> Result<Attempt> {
    let own = format!("{}:session:{}", guess.name(), caller.session.id);
    let tx = auth.db.begin().await?;
    charge(auth, &tx, &own, PAIR).await?;
    tx.commit().await?;
    Ok(Attempt::alone(own))
}

impl Attempt {
    fn alone(own: String) -> Self {
        Self {
            own,
            shared: Vec::new(),
            pause: Duration::ZERO,
        }
    }

    /// It was no failure: forgets the failures before it, and does not count it where others are counted too.
    pub(crate) async fn passed(self, tx: &Tx) -> Result<()> {
        Entity::delete_by_id(self.own).exec(tx).await?;
        for name in self.shared {
            Entity::update_many()
                .col_expr(Column::Count, Expr::col(Column::Count).sub(1))
                .filter(Column::Name.eq(name))
                .filter(Column::Count.gt(0))
                .exec(tx)
                .await?;
        }
        Ok(())
    }
}

/// Counts a request that will send a mail, for the address it came from.
pub(crate) async fn mails(auth: &Auth, tx: &Tx, client: &Client) -> Result<()> {
    charge(auth, tx, &format!("mails:{}", client.network()), MAILS).await?;
    Ok(())
}

/// Counts a request of somebody who is signed in that will send a mail, for their account.
pub(crate) async fn mails_of(auth: &Auth, tx: &Tx, caller: &Caller) -> Result<()> {
    charge(auth, tx, &format!("mails:account:{}", caller.account.id), MAILS).await?;
    Ok(())
}

/// Counts a request that only begins something, for the address it came from.
pub(crate) async fn questions(auth: &Auth, tx: &Tx, client: &Client) -> Result<()> {
    charge(auth, tx, &format!("questions:{}", client.network()), QUESTIONS).await?;
    Ok(())
}

/// Whether a mail may still go to a mailbox.
pub(crate) async fn may_mail(auth: &Auth, tx: &Tx, email_key: &str) -> Result<bool> {
    let tag = base64url(&auth.ring.tag("auth.throttle", email_key.as_bytes())[..16]);
    match charge(auth, tx, &format!("mailbox:{tag}"), MAILBOX).await {
        Ok(_) => Ok(true),
        Err(Error::Throttled(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Counts one under a name and gives the count, or says how long to wait. Waiting attempts are not counted, so that
/// hammering makes no wait longer.
async fn charge(auth: &Auth, tx: &Tx, name: &str, rule: Rule) -> Result<i32> {
    let now = auth.now();
    let begun = Model {
        name: name.to_owned(),
        count: 0,
        last_at: now,
        expires_at: now + rule.memory,
    };
    // The row must be there to be locked: who comes at the same moment waits until this attempt is counted.
    let once = OnConflict::column(Column::Name).do_nothing().to_owned();
    let begun = Entity::insert(begun.into_active_model().reset_all()).on_conflict(once);
    begun.exec_without_returning(tx).await?;
    let row = Entity::find_by_id(name).lock_exclusive().one(tx).await?;
    let mut row = row.ok_or_else(|| Error::internal("a count was not stored"))?;
    if row.last_at + rule.memory <= now {
        row.count = 0;
    }
    // Who waited for the lock comes from before the attempt that held it; where nothing is owed, that is no wait either.
    let wait = rule.wait(row.count);
    let left = wait - (now - row.last_at);
    if wait.min(left) > TimeDelta::zero() {
        let seconds = (left.num_milliseconds() + 999) / 1_000;
        return Err(Error::Throttled(u64::try_from(seconds).unwrap_or_default()));
    }
    let count = row.count + 1;
    let mut counted = row.into_active_model();
    (counted.count, counted.last_at, counted.expires_at) = (Set(count), Set(now), Set(now + rule.memory));
    counted.update(tx).await?;
    Ok(count)
}

impl Rule {
    fn wait(self, count: i32) -> TimeDelta {
        match u32::try_from(count - self.free) {
            Ok(over) => TimeDelta::seconds(1 << std::cmp::min(over, 20)).min(self.longest),
            Err(_) => TimeDelta::zero(),
        }
    }
}
