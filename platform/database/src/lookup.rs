//! Rows that many ask for by their ids at the same moment, read together.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, Iterable, ModelTrait, PrimaryKeyToColumn, PrimaryKeyTrait, QueryFilter,
    entity::prelude::Uuid, sea_query::FromValueTuple,
};
use tokio::sync::oneshot;

use crate::Database;

/// Statements under way at the same time. Who asks meanwhile is answered by the next one.
const AT_ONCE: usize = 2;
/// The most rows that one statement asks for.
const MOST: usize = 128;

/// Looks rows up by their ids. A question that comes while others are being answered waits for the next statement, which
/// asks for all who wait, so that a crowd costs few statements and somebody alone waits for nobody. What is given was in
/// the database at some moment after it was asked for. Cheap to clone.
pub struct Lookup<E: EntityTrait>(Arc<Inner<E>>);

struct Inner<E: EntityTrait> {
    db: Database,
    asked: Mutex<Asked<E::Model>>,
}

struct Asked<M> {
    waiting: Vec<Question<M>>,
    under_way: usize,
}

struct Question<M> {
    id: Uuid,
    answer: oneshot::Sender<Result<Option<M>, DbErr>>,
}

impl<E: EntityTrait> Clone for Lookup<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E> Lookup<E>
where
    E: EntityTrait<Model: ModelTrait<Entity = E> + Clone + Send + Sync + 'static>,
    E::PrimaryKey: PrimaryKeyTrait<ValueType = Uuid> + PrimaryKeyToColumn<Column = E::Column>,
{
    /// For the rows of `E`, whose key is one id.
    pub fn new(db: &Database) -> Self {
        let asked = Asked {
            waiting: Vec::new(),
            under_way: 0,
        };
        Self(Arc::new(Inner {
            db: db.clone(),
            asked: Mutex::new(asked),
        }))
    }

    /// The row of this id, or `None`.
    pub async fn find(&self, id: Uuid) -> Result<Option<E::Model>, DbErr> {
        let (answer, answered) = oneshot::channel();
        if let Some(turn) = self.ask(Question { id, answer }) {
            #[expect(
                clippy::disallowed_methods,
                reason = "who asked first may give up, and the others still wait"
            )]
            tokio::spawn(turn.work());
        }
        let gone = || Err(DbErr::Custom("a lookup ended without an answer".into()));
        answered.await.unwrap_or_else(|_| gone())
    }

    /// Puts a question to those that wait, and takes a turn at answering when one is free.
    fn ask(&self, question: Question<E::Model>) -> Option<Turn<E>> {
        let mut asked = self.0.asked();
        asked.waiting.push(question);
        if asked.under_way == AT_ONCE {
            return None;
        }
        asked.under_way += 1;
        Some(Turn {
            inner: self.0.clone(),
            over: false,
        })
    }
}

impl<E: EntityTrait> Inner<E> {
    fn asked(&self) -> MutexGuard<'_, Asked<E::Model>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the statements under way.
struct Turn<E: EntityTrait> {
    inner: Arc<Inner<E>>,
    over: bool,
}

impl<E> Turn<E>
where
    E: EntityTrait<Model: ModelTrait<Entity = E> + Clone + Send + Sync + 'static>,
    E::PrimaryKey: PrimaryKeyTrait<ValueType = Uuid> + PrimaryKeyToColumn<Column = E::Column>,
{
    /// Answers until nobody waits.
    async fn work(mut self) {
        while let Some(questions) = self.next() {
            let found = self.read(&questions).await;
            for Question { id, answer } in questions {
                let row = match &found {
                    Ok(rows) => Ok(rows.get(&id).cloned()),
                    Err(error) => Err(error.clone()),
                };
                // Who asked may have gone.
                answer.send(row).ok();
            }
        }
    }

    /// Who is answered next. With nobody the turn is over: whoever asks from now on takes one.
    fn next(&mut self) -> Option<Vec<Question<E::Model>>> {
        let mut asked = self.inner.asked();
        let count = asked.waiting.len().min(MOST);
        if count == 0 {
            asked.under_way -= 1;
            self.over = true;
            return None;
        }
        Some(asked.waiting.drain(..count).collect())
    }

    async fn read(&self, questions: &[Question<E::Model>]) -> Result<HashMap<Uuid, E::Model>, DbErr> {
        let mut ids: Vec<_> = questions.iter().map(|question| question.id).collect();
        // Few lengths are few statements to prepare.
        ids.resize(ids.len().next_power_of_two(), ids[0]);
        let key = E::PrimaryKey::iter().next().expect("a table has a key").into_column();
        let rows = E::find().filter(key.is_in(ids)).all(self.inner.db.read()).await?;
        let id = |row: &E::Model| Uuid::from_value_tuple(row.get_primary_key_value());
        Ok(rows.into_iter().map(|row| (id(&row), row)).collect())
    }
}

impl<E: EntityTrait> Drop for Turn<E> {
    /// One that ends before it is over was stopped, or panicked: nobody waits for an answer that will not come.
    fn drop(&mut self) {
        if !self.over {
            let mut asked = self.inner.asked();
            asked.under_way -= 1;
            if asked.under_way == 0 {
                asked.waiting.clear();
            }
        }
    }
}
