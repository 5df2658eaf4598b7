//! Passwords: argon2id, off the threads that answer requests, as many at once as there are processors.

use std::{
    mem,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use platform_config::{ByteSize, Secret};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use crate::{CryptoError, Random, equal};

/// Longer than any passphrase, and short enough that hashing its bytes costs nothing beside the rest.
const LONGEST: usize = 1024;
const SALT_BYTES: usize = 16;

/// How passwords are hashed. Section `[passwords]`. A changed value makes the next sign-in hash again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct PasswordSettings {
    /// Memory of one hash.
    pub memory: ByteSize,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes of one hash.
    pub lanes: u32,
    /// Hashes worked on at once; the number of processors where it is 0.
    pub concurrency: usize,
    /// How many may wait for each that is worked on; more are refused with 503.
    pub waiting: usize,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        // The second of OWASP's equal choices for argon2id.
        Self {
            memory: ByteSize(19 << 20),
            iterations: 2,
            lanes: 1,
            concurrency: 0,
            waiting: 64,
        }
    }
}

/// What a password is worth against a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another password, or there is no account.
    Wrong,
    /// The right one.
    Right,
    /// The right one, hashed in an older way: hash it again and store that.
    RightButOld,
}

/// Hashes and verifies passwords. Cheap to clone; clones share the processors.
#[derive(Clone)]
pub struct Passwords(Arc<Inner>);

struct Inner {
    params: Params,
    /// What the password of an account that does not exist is compared with, so that it takes as long.
    nobody: String,
    random: Random,
    working: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    /// Places among those admitted for who waits.
    waiting: usize,
    /// Memory for who waits: to clear new memory costs a twentieth of a hash.
    spare: Mutex<Vec<Vec<Block>>>,
}

impl Passwords {
    /// Takes the parameters of new hashes. Hashes once, so this takes as long as a sign-in.
    pub fn new(settings: &PasswordSettings, random: Random) -> Result<Self, CryptoError> {
        let refuse = |error: argon2::Error| CryptoError::PasswordSettings(error.to_string());
        let kibibytes = u32::try_from(settings.memory.bytes() >> 10).unwrap_or(u32::MAX);
        let params = Params::new(kibibytes, settings.iterations, settings.lanes, None).map_err(refuse)?;
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let concurrency = match settings.concurrency {
            0 => processors,
            given => given,
        };
        let waiting = concurrency.saturating_mul(settings.waiting);
        let admitted = waiting.saturating_add(concurrency).min(Semaphore::MAX_PERMITS);
        let salt = random.bytes::<SALT_BYTES>();
        let nobody = hashed(&params, &salt, (&random.bytes::<32>(), &mut Vec::new()))?;
        Ok(Self(Arc::new(Inner {
            params,
            nobody,
            random,
            working: Arc::new(Semaphore::new(concurrency.min(Semaphore::MAX_PERMITS))),
            admitted: Arc::new(Semaphore::new(admitted)),
            waiting: admitted.saturating_sub(concurrency),
            spare: Mutex::default(),
        })))
    }

    /// The hash of a new password, to be stored.
    pub async fn hash(&self, password: Secret<String>) -> Result<String, CryptoError> {
        let salt = self.0.random.bytes::<SALT_BYTES>();
        let params = self.0.params.clone();
        self.work(password, move |password| hashed(&params, &salt, password))
            .await
    }

    /// Compares a password with a stored hash; without one it takes as long and is wrong.
    pub async fn verify(&self, password: Secret<String>, stored: Option<String>) -> Result<Verdict, CryptoError> {
        let inner = self.0.clone();
        let verify = move |password: (&[u8], &mut Vec<Block>)| {
            let verdict = verdict(&inner.params, password, stored.as_deref().unwrap_or(&inner.nobody))?;
            Ok(if stored.is_some() { verdict } else { Verdict::Wrong })
        };
        self.work(password, verify).await
    }

    /// Waits for a processor and works there. Who gave up meanwhile still counts until the work is done.
    async fn work<T: Send + 'static>(
        &self,
        password: Secret<String>,
        work: impl FnOnce((&[u8], &mut Vec<Block>)) -> Result<T, CryptoError> + Send + 'static,
    ) -> Result<T, CryptoError> {
        if password.expose().is_empty() || password.expose().len() > LONGEST {
            return Err(CryptoError::PasswordLength(LONGEST));
        }
        let admitted = self.0.admitted.clone().try_acquire_owned();
        let admitted = admitted.map_err(|_| CryptoError::Busy)?;
        let working: OwnedSemaphorePermit = self
            .0
            .working
            .clone()
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let inner = self.0.clone();
        let done = spawn_blocking(move || {
            let _held = (admitted, working);
            inner.with_memory(|memory| work((password.expose().as_bytes(), memory)))
        });
        done.await.map_err(|_| CryptoError::Interrupted)?
    }
}

impl Inner {
    /// Lends memory, and leaves it to whoever waits.
    fn with_memory<T>(&self, work: impl FnOnce(&mut Vec<Block>) -> T) -> T {
        let mut memory = self.spare().pop().unwrap_or_default();
        let done = work(&mut memory);
        let mut spare = self.spare();
        let is_waited_for = self.admitted.available_permits() < self.waiting;
        if is_waited_for && memory.len() == self.params.block_count() {
            spare.push(memory);
        } else {
            // Freed when others can go on.
            let _unused = mem::take(&mut *spare);
            drop(spare);
        }
        done
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hashed(params: &Params, salt: &[u8], password: (&[u8], &mut Vec<Block>)) -> Result<String, CryptoError> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(unreadable)?,
        salt: Some(Salt::new(salt).map_err(unreadable)?),
        hash: Some(output(&argon2, salt, password)?),
    };
    Ok(hash.to_string())
}

fn verdict(params: &Params, password: (&[u8], &mut Vec<Block>), stored: &str) -> Result<Verdict, CryptoError> {
    let stored = PasswordHash::new(stored).map_err(unreadable)?;
    let (Some(salt), Some(hash)) = (&stored.salt, &stored.hash) else {
        return Err(CryptoError::PasswordHash);
    };
    let algorithm = Algorithm::try_from(stored.algorithm.as_str()).map_err(unreadable)?;
    let version = stored
        .version
        .map_or(Ok(Version::default()), Version::try_from)
        .map_err(unreadable)?;
    let argon2 = Argon2::new(algorithm, version, Params::try_from(&stored).map_err(unreadable)?);
    let found = output(&argon2, salt, password)?;
    Ok(match equal(found.as_bytes(), hash.as_bytes()) {
        false => Verdict::Wrong,
        true if is_current(params, &stored) => Verdict::Right,
        true => Verdict::RightButOld,
    })
}

/// What a password hashes to; the memory is made as large as that takes.
fn output(
    argon2: &Argon2<'_>,
    salt: &[u8],
    (password, memory): (&[u8], &mut Vec<Block>),
) -> Result<Output, CryptoError> {
    let params = argon2.params();
    memory.resize(params.block_count(), Block::new());
    let mut buffer = [0; Output::MAX_LENGTH];
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let out = buffer.get_mut(..length).ok_or(CryptoError::PasswordHash)?;
    argon2
        .hash_password_into_with_memory(password, salt, out, memory.as_mut_slice())
        .map_err(unreadable)?;
    Output::new(out).map_err(unreadable)
}

fn unreadable<E>(_: E) -> CryptoError {
    CryptoError::PasswordHash
}

fn is_current(params: &Params, stored: &PasswordHash) -> bool {
    let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    stored.algorithm == Algorithm::Argon2id.ident()
        && stored.version == Some(Version::V0x13.into())
        && Params::try_from(stored).is_ok_and(|stored| costs(&stored) == costs(params))
}
