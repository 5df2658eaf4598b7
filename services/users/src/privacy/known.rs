//! All that this service knows of somebody, for themselves.

use futures::{StreamExt, TryStreamExt};
use platform_database::orm::{
    ActiveEnum, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, entity::prelude::*,
};
use serde_json::{Value, json};

use super::pieces::{Pieces, list, object, pages, value};
use crate::{
    annotation,
    chart::{self, share},
    comment,
    error::Error,
    invitation, preference, profile, saved,
    store::Store,
    watchlist::{self, item},
    workspace::{self, member},
};

/// Rows that are read at once.
const ROWS: u64 = 50;
/// The same of those that may be large, or have many others below them.
const FEW: u64 = 5;

/// All of it by kind; nothing where there is no profile.
pub(super) async fn known(store: &Store, user: Uuid) -> Result<Pieces, Error> {
    let db = store.db.read();
    let Some(profile) = profile::find(db, user).await? else {
        return Ok(object(Vec::new()));
    };
    Ok(object(vec![
        ("profile", value(&person(&profile))),
        ("preferences", value(&preferences(db, &profile).await?)),
        ("savedSeries", saved(store, user)),
        ("watchlists", watchlists(store, user)),
        ("annotations", annotations(store, user)),
        ("comments", comments(store, user)),
        ("charts", charts(store, user)),
        ("chartsSharedWithMe", shared_with(store, user)),
        ("chartsSharedByMe", shared_by(store, user)),
        ("workspaces", value(&workspaces(db, user).await?)),
        ("invitations", invitations(store, profile)),
        ("exports", value(&exports(db, user).await?)),
    ]))
}

fn person(profile: &profile::Model) -> Value {
    json!({
        "id": profile.id, "email": profile.email, "name": profile.name, "firstName": profile.first_name,
        "lastName": profile.last_name, "organization": profile.organization, "avatarUrl": profile.avatar_url,
        "locale": profile.locale, "timeZone": profile.time_zone, "createdAt": profile.created_at,
        "updatedAt": profile.updated_at,
    })
}

async fn preferences(db: &impl ConnectionTrait, profile: &profile::Model) -> Result<Value, Error> {
    let preferences = preference::of(db, profile).await?;
    Ok(json!({
        "theme": format!("{:?}", preferences.theme), "defaultChart": format!("{:?}", preferences.default_chart),
        "notifications": preferences.notifications, "collaboration": preferences.collaboration,
        "updatedAt": preferences.updated_at,
    }))
}

fn saved(store: &Store, user: Uuid) -> Pieces {
    let saved = saved::Entity::find().filter(saved::Column::UserId.eq(user));
    let saved = pages(store, saved, (saved::Column::Id, |one| one.id), ROWS);
    list(
        saved,
        |one| json!({ "series": one.series, "note": one.note, "createdAt": one.created_at }),
    )
}

fn watchlists(store: &Store, user: Uuid) -> Pieces {
    let lists = watchlist::Entity::find().filter(watchlist::Column::UserId.eq(user));
    let lists = pages(store, lists, (watchlist::Column::Id, |list| list.id), FEW);
    let db = store.db.clone();
    let with_items = lists.and_then(move |lists| {
        let db = db.clone();
        async move {
            let ids: Vec<_> = lists.iter().map(|list| list.id).collect();
            let mut items = watchlist::items(db.read(), &ids).await?;
            let with_items = lists.into_iter().map(|list| {
                let items = items.remove(&list.id).unwrap_or_default();
                (list, items)
            });
            Ok::<_, Error>(with_items.collect::<Vec<_>>())
        }
    });
    list(with_items.boxed(), |(list, items)| {
        let series: Value = items.iter().map(watched).collect();
        json!({ "name": list.name, "series": series, "createdAt": list.created_at, "updatedAt": list.updated_at })
    })
}

fn watched(one: &item::Model) -> Value {
    json!({ "series": one.series, "note": one.note, "createdAt": one.created_at })
}

fn annotations(store: &Store, user: Uuid) -> Pieces {
    let annotations = pages(
        store,
        annotation::by(user),
        (annotation::Column::Id, |one| one.id),
        ROWS,
    );
    list(annotations, |one| {
        json!({
            "id": one.id, "series": one.series, "firstDate": one.first_date, "lastDate": one.last_date,
            "title": one.title, "body": one.body, "visibility": one.visibility.to_value(),
            "workspace": one.workspace_id, "createdAt": one.created_at, "updatedAt": one.updated_at,
        })
    })
}

fn comments(store: &Store, user: Uuid) -> Pieces {
    let comments = comment::Entity::find().filter(comment::Column::AuthorId.eq(user));
    let comments = pages(store, comments, (comment::Column::Id, |one| one.id), ROWS);
    list(comments, |one| {
        json!({
            "id": one.id, "annotation": one.annotation_id, "chart": one.chart_id, "answers": one.parent_id,
            "body": one.body, "createdAt": one.created_at, "updatedAt": one.updated_at,
        })
    })
}

fn charts(store: &Store, user: Uuid) -> Pieces {
    let charts = pages(store, chart::owned(user), (chart::Column::Id, |one| one.id), FEW);
    list(charts, |one| {
        json!({
            "id": one.id, "title": one.title, "description": one.description,
            "spec": serde_json::from_str::<Value>(&one.spec).unwrap_or_default(), "createdAt": one.created_at,
            "updatedAt": one.updated_at,
        })
    })
}

fn shared_with(store: &Store, user: Uuid) -> Pieces {
    let shares = share::Entity::find().filter(share::Column::UserId.eq(user));
    list(pages(store, shares, (share::Column::Id, |one| one.id), ROWS), shared)
}

/// Chart by chart, because there may be many for each.
fn shared_by(store: &Store, user: Uuid) -> Pieces {
    let charts = pages(store, chart::owned(user), (chart::Column::Id, |one| one.id), FEW);
    let db = store.db.clone();
    let shares = charts.and_then(move |charts| {
        let db = db.clone();
        async move {
            let ids: Vec<_> = charts.iter().map(|chart| chart.id).collect();
            let mut shares = share::of(db.read(), &ids).await?;
            let shares = ids.iter().filter_map(|chart| shares.remove(chart));
            Ok::<_, Error>(shares.flatten().collect::<Vec<_>>())
        }
    });
    list(shares.boxed(), shared)
}

/// With whom somebody shares is not theirs to be told of.
fn shared(one: &share::Model) -> Value {
    json!({ "chart": one.chart_id, "level": one.level.to_value(), "createdAt": one.created_at })
}

async fn workspaces(db: &impl ConnectionTrait, user: Uuid) -> Result<Value, Error> {
    let parts = member::Entity::find().filter(member::Column::UserId.eq(user));
    let parts = parts.all(db).await?;
    let since = |id| {
        parts
            .iter()
            .find(|part| part.workspace_id == id)
            .map(|part| part.created_at)
    };
    let workspaces = workspace::of(db, user).await?;
    let told = workspaces
        .iter()
        .map(|(one, role)| json!({ "id": one.id, "name": one.name, "role": role.name(), "since": since(one.id) }));
    Ok(told.collect())
}

/// Whom somebody invited is not theirs to be told of.
fn invitations(store: &Store, profile: profile::Model) -> Pieces {
    let of = Condition::any()
        .add(invitation::Column::InvitedBy.eq(profile.id))
        .add(invitation::Column::Email.eq(profile.email.as_str()));
    let invitations = invitation::Entity::find().filter(of);
    let invitations = pages(store, invitations, (invitation::Column::Id, |one| one.id), ROWS);
    list(invitations, move |one| {
        json!({
            "workspace": one.workspace_id, "role": one.role.name(), "byMe": one.invited_by == profile.id,
            "email": (one.email == profile.email).then_some(&one.email), "createdAt": one.created_at,
            "expiresAt": one.expires_at,
        })
    })
}

async fn exports(db: &impl ConnectionTrait, user: Uuid) -> Result<Value, Error> {
    let exports = super::Entity::find().filter(super::Column::UserId.eq(user));
    let exports = exports.order_by_asc(super::Column::Id).all(db).await?;
    let told = exports
        .iter()
        .map(|one| json!({ "createdAt": one.created_at, "expiresAt": one.expires_at }));
    Ok(told.collect())
}
