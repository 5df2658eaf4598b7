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
        ConnectionTrait, DbBackend, DeriveEntityModel, DerivePrimaryKey, EntityTrait, EnumIter, PrimaryKeyTrait,
        QuerySelect, Value,
    },
    sql,
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
    /// When the attempt before the last one was.
    pub(crate) before_at: Option<DateTime<Utc>>,
    pub(crate) last_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

platform_database::unrelated!();

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
            charge(auth, &tx, [(own.as_str(), PAIR)]).await?;
            Attempt::alone(own)
        }
        None => {
            let own = format!("{what}:pair:{tag}:{}", client.network());
            let address = format!("address:{}", client.network());
            let all = format!("{what}:account:{tag}");
            // In the order of their names, as in `passed`: so no two attempts wait for each other.
            let counted = [(address.as_str(), ADDRESS), (&all, guess.of_all()), (&own, PAIR)];
            let [_, failures, _] = charge(auth, &tx, counted).await?;
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
    charge(auth, &tx, [(own.as_str(), PAIR)]).await?;
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
        let lock = match tx.get_database_backend() {
            DbBackend::Postgres => "for update",
            _ => "",
        };
        let names: Vec<_> = std::iter::once(self.own).chain(self.shared).collect();
        let update = format!(
            "with passed as materialized (select name from throttles where name in {} order by name {lock})
            update throttles set
                count = case when name = $1 then 0 else count - 1 end,
                expires_at = case when name = $1 then last_at else expires_at end
            where count > 0 and name in (select name from passed)",
            sql::rows(1, names.len())
        );
        sql::execute(tx, &update, names.into_iter().map(Value::from)).await?;
        Ok(())
    }
}

/// Counts a request that will send a mail, for the address it came from.
pub(crate) async fn mails(auth: &Auth, tx: &Tx, client: &Client) -> Result<()> {
    one(auth, tx, &format!("mails:{}", client.network()), MAILS).await
}

/// Counts a request of somebody who is signed in that will send a mail, for their account.
pub(crate) async fn mails_of(auth: &Auth, tx: &Tx, caller: &Caller) -> Result<()> {
    one(auth, tx, &format!("mails:account:{}", caller.account.id), MAILS).await
}

/// Counts a request that only begins something, for the address it came from.
pub(crate) async fn questions(auth: &Auth, tx: &Tx, client: &Client) -> Result<()> {
    one(auth, tx, &format!("questions:{}", client.network()), QUESTIONS).await
}

/// Whether a mail of those that are counted together may still go to a mailbox. One that may not is not counted.
pub(crate) async fn may_mail(auth: &Auth, tx: &Tx, count: &str, email_key: &str) -> Result<bool> {
    let now = auth.now();
    let tag = base64url(&auth.ring.tag("auth.throttle", email_key.as_bytes())[..16]);
    let name = format!("{count}:{tag}");
    let row = Entity::find_by_id(&name).lock_exclusive().one(tx).await?;
    let row = row.filter(|row| row.expires_at > now);
    if row.is_some_and(|row| MAILBOX.left((row.count, Some(row.last_at)), now) > TimeDelta::zero()) {
        return Ok(false);
    }
    one(auth, tx, &name, MAILBOX).await?;
    Ok(true)
}

async fn one(auth: &Auth, tx: &Tx, name: &str, rule: Rule) -> Result<()> {
    charge(auth, tx, [(name, rule)]).await.map(drop)
}

/// Counts one under each name and gives the counts, or says how long to wait. Whoever has to wait gives the transaction
/// up: attempts that wait are not counted, so that hammering makes no wait longer.
///
/// It is one statement, which locks each row: who comes at the same moment waits until this attempt is counted.
async fn charge<const N: usize>(auth: &Auth, tx: &Tx, counted: [(&str, Rule); N]) -> Result<[i32; N]> {
    let now = auth.now();
    let upsert = format!(
        "insert into throttles (name, count, last_at, expires_at) values {}
        on conflict (name) do update set
            count = case when throttles.expires_at > excluded.last_at then throttles.count + 1 else 1 end,
            before_at = throttles.last_at, last_at = excluded.last_at, expires_at = excluded.expires_at
        returning name, count, before_at",
        sql::rows(N, 4)
    );
    let values = |(name, rule): (&str, Rule)| -> [Value; 4] {
        [name.into(), 1_i32.into(), now.into(), (now + rule.memory).into()]
    };
    let rows = sql::all(tx, &upsert, counted.into_iter().flat_map(values)).await?;
    let (mut counts, mut left) = ([0; N], TimeDelta::zero());
    for row in rows {
        let name: String = row.try_get("", "name")?;
        let place = counted.iter().position(|(counted, _)| *counted == name);
        let place = place.ok_or_else(|| Error::internal("a count was not asked for"))?;
        counts[place] = row.try_get("", "count")?;
        let before = (counts[place] - 1, row.try_get("", "before_at")?);
        left = left.max(counted[place].1.left(before, now));
    }
    match left > TimeDelta::zero() {
        true => Err(Error::Throttled(
            u64::try_from((left.num_milliseconds() + 999) / 1_000).unwrap_or_default(),
        )),
        false => Ok(counts),
    }
}

impl Rule {
    /// How long one has to wait after so many failures, the last of them then.
    fn left(self, (count, last_at): (i32, Option<DateTime<Utc>>), now: DateTime<Utc>) -> TimeDelta {
        let wait = self.wait(count);
        // Who waited for the lock comes from before the attempt that held it, and waits no longer for that.
        last_at.map_or(TimeDelta::zero(), |last_at| wait.min(wait - (now - last_at)))
    }

    fn wait(self, count: i32) -> TimeDelta {
        match u32::try_from(count - self.free) {
            Ok(over) => TimeDelta::seconds(1 << std::cmp::min(over, 20)).min(self.longest),
            Err(_) => TimeDelta::zero(),
        }
    }
}
