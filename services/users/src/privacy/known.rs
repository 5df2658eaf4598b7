//! All that this service knows of somebody, for themselves.

use platform_database::orm::{
    ActiveEnum, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
};
use serde_json::{Map, Value, json};

use crate::{
    annotation,
    chart::{self, share},
    comment,
    error::Error,
    invitation, preference, profile, saved, watchlist,
    workspace::{self, member},
};

/// All of it by kind; nothing where there is no profile.
pub(super) async fn known(db: &impl ConnectionTrait, user: Uuid) -> Result<Value, Error> {
    let Some(profile) = profile::find(db, user).await? else {
        return Ok(json!({}));
    };
    let kinds = [
        person(db, &profile).await?,
        kept(db, user).await?,
        written(db, user).await?,
        drawn(db, user).await?,
        together(db, &profile).await?,
        exports(db, user).await?,
    ];
    Ok(Value::Object(kinds.into_iter().flatten().collect()))
}

type Kinds = Map<String, Value>;

fn kind<const N: usize>(kinds: [(&str, Value); N]) -> Kinds {
    kinds
        .into_iter()
        .map(|(kind, value)| (kind.to_owned(), value))
        .collect()
}

fn all<'a, T: 'a>(rows: impl IntoIterator<Item = &'a T>, told: impl Fn(&T) -> Value) -> Value {
    rows.into_iter().map(told).collect()
}

async fn person(db: &impl ConnectionTrait, profile: &profile::Model) -> Result<Kinds, Error> {
    let preferences = preference::of(db, profile).await?;
    let profile = json!({
        "id": profile.id, "email": profile.email, "name": profile.name, "firstName": profile.first_name,
        "lastName": profile.last_name, "organization": profile.organization, "avatarUrl": profile.avatar_url,
        "locale": profile.locale, "timeZone": profile.time_zone, "createdAt": profile.created_at,
        "updatedAt": profile.updated_at,
    });
    let preferences = json!({
        "theme": format!("{:?}", preferences.theme), "defaultChart": format!("{:?}", preferences.default_chart),
        "notifications": preferences.notifications, "collaboration": preferences.collaboration,
        "updatedAt": preferences.updated_at,
    });
    Ok(kind([("profile", profile), ("preferences", preferences)]))
}

async fn kept(db: &impl ConnectionTrait, user: Uuid) -> Result<Kinds, Error> {
    let saved = saved::of(db, user).await?;
    let saved = all(
        &saved,
        |one| json!({ "series": one.series, "note": one.note, "createdAt": one.created_at }),
    );
    let lists = watchlist::of(db, user).await?;
    let items = watchlist::items(db, &lists.iter().map(|list| list.id).collect::<Vec<_>>()).await?;
    let lists = all(&lists, |list| {
        let series = all(
            items.get(&list.id).into_iter().flatten(),
            |item| json!({ "series": item.series, "note": item.note, "createdAt": item.created_at }),
        );
        json!({ "name": list.name, "series": series, "createdAt": list.created_at, "updatedAt": list.updated_at })
    });
    Ok(kind([("savedSeries", saved), ("watchlists", lists)]))
}

async fn written(db: &impl ConnectionTrait, user: Uuid) -> Result<Kinds, Error> {
    let annotations = annotation::by(user)
        .order_by_asc(annotation::Column::Id)
        .all(db)
        .await?;
    let annotations = all(&annotations, |one| {
        json!({
            "id": one.id, "series": one.series, "firstDate": one.first_date, "lastDate": one.last_date,
            "title": one.title, "body": one.body, "visibility": one.visibility.to_value(),
            "workspace": one.workspace_id, "createdAt": one.created_at, "updatedAt": one.updated_at,
        })
    });
    let comments = comment::Entity::find().filter(comment::Column::AuthorId.eq(user));
    let comments = comments.order_by_asc(comment::Column::Id).all(db).await?;
    let comments = all(&comments, |one| {
        json!({
            "id": one.id, "annotation": one.annotation_id, "chart": one.chart_id, "answers": one.parent_id,
            "body": one.body, "createdAt": one.created_at, "updatedAt": one.updated_at,
        })
    });
    Ok(kind([("annotations", annotations), ("comments", comments)]))
}

async fn drawn(db: &impl ConnectionTrait, user: Uuid) -> Result<Kinds, Error> {
    let own = chart::Entity::find().filter(chart::Column::OwnerId.eq(user));
    let charts = own.clone().order_by_asc(chart::Column::Id).all(db).await?;
    let charts = all(&charts, |one| {
        json!({
            "id": one.id, "title": one.title, "description": one.description,
            "spec": serde_json::from_str::<Value>(&one.spec).unwrap_or_default(), "createdAt": one.created_at,
            "updatedAt": one.updated_at,
        })
    });
    let shares = share::Entity::find().order_by_asc(share::Column::Id);
    let with_me = shares.clone().filter(share::Column::UserId.eq(user)).all(db).await?;
    let with_me = all(
        &with_me,
        |one| json!({ "chart": one.chart_id, "level": one.level.to_value(), "createdAt": one.created_at }),
    );
    let of_mine = own.select_only().column(chart::Column::Id).into_query();
    let by_me = shares
        .filter(share::Column::ChartId.in_subquery(of_mine))
        .all(db)
        .await?;
    let by_me = all(&by_me, |one| {
        json!({
            "chart": one.chart_id, "level": one.level.to_value(), "createdAt": one.created_at,
        })
    });
    Ok(kind([
        ("charts", charts),
        ("chartsSharedWithMe", with_me),
        ("chartsSharedByMe", by_me),
    ]))
}

/// Whom somebody invited, or shares with, is not theirs to be told of.
async fn together(db: &impl ConnectionTrait, profile: &profile::Model) -> Result<Kinds, Error> {
    let parts = member::Entity::find().filter(member::Column::UserId.eq(profile.id));
    let parts = parts.all(db).await?;
    let since = |id| {
        parts
            .iter()
            .find(|part| part.workspace_id == id)
            .map(|part| part.created_at)
    };
    let workspaces = workspace::of(db, profile.id).await?;
    let workspaces = all(
        &workspaces,
        |(one, role)| json!({ "id": one.id, "name": one.name, "role": role.name(), "since": since(one.id) }),
    );
    let invited = Condition::any()
        .add(invitation::Column::InvitedBy.eq(profile.id))
        .add(invitation::Column::Email.eq(profile.email.as_str()));
    let invitations = invitation::Entity::find().filter(invited);
    let invitations = invitations.order_by_asc(invitation::Column::Id).all(db).await?;
    let invitations = all(&invitations, |one| {
        json!({
            "workspace": one.workspace_id, "role": one.role.name(), "byMe": one.invited_by == profile.id,
            "email": (one.email == profile.email).then_some(&one.email), "createdAt": one.created_at,
            "expiresAt": one.expires_at,
        })
    });
    Ok(kind([("workspaces", workspaces), ("invitations", invitations)]))
}

async fn exports(db: &impl ConnectionTrait, user: Uuid) -> Result<Kinds, Error> {
    let exports = super::Entity::find().filter(super::Column::UserId.eq(user));
    let exports = exports.order_by_asc(super::Column::Id).all(db).await?;
    let exports = all(
        &exports,
        |one| json!({ "createdAt": one.created_at, "expiresAt": one.expires_at }),
    );
    Ok(kind([("exports", exports)]))
}
