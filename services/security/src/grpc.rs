//! What other services ask: may somebody do something, and what may they see of a list.

use std::{collections::BTreeSet, sync::Arc};

use contracts::grpc::security::v1::{
    CheckPermissionRequest, CheckPermissionResponse, CheckPermissionsRequest, CheckPermissionsResponse, FilterClause,
    FilterResourcesRequest, FilterResourcesResponse, Kind, Mode, Resource, Selection, Subject as WireSubject,
    security_service_server::{SecurityService, SecurityServiceServer},
};
use platform_auth::principal_of;
use platform_error::Error as Outer;
use platform_service::status;
use tonic::{Request, Response, Status, service::Routes};
use uuid::Uuid;

use crate::{
    engine::Scopes,
    error::Error,
    filter::{Clause, Filter, Which},
    place::Target,
    store::{Ask, Store},
    subject::Subject,
};

struct Grpc(Store);

/// The gRPC services.
pub(crate) fn routes(store: &Store) -> Routes {
    Routes::new(SecurityServiceServer::new(Grpc(store.clone())))
}

/// Only services ask here: they verified whose question it is. Everybody else asks about themselves, by GraphQL.
fn service_only<T>(request: &Request<T>) -> Result<(), Status> {
    let service = principal_of(request)?.service();
    service.map(drop).map_err(|error| status(Outer::from(error)))
}

fn refused(error: Error) -> Status {
    status(Outer::from(error))
}

#[tonic::async_trait]
impl SecurityService for Grpc {
    async fn check_permission(
        &self,
        request: Request<CheckPermissionRequest>,
    ) -> Result<Response<CheckPermissionResponse>, Status> {
        service_only(&request)?;
        let answer = self.answer(request.get_ref()).await;
        answer.map(Response::new).map_err(refused)
    }

    async fn check_permissions(
        &self,
        request: Request<CheckPermissionsRequest>,
    ) -> Result<Response<CheckPermissionsResponse>, Status> {
        service_only(&request)?;
        let checks = &request.get_ref().checks;
        self.0.within_batch(checks.len()).map_err(refused)?;
        let mut results = Vec::with_capacity(checks.len());
        for check in checks {
            results.push(self.answer(check).await.map_err(refused)?);
        }
        Ok(Response::new(CheckPermissionsResponse { results }))
    }

    async fn filter_resources(
        &self,
        request: Request<FilterResourcesRequest>,
    ) -> Result<Response<FilterResourcesResponse>, Status> {
        service_only(&request)?;
        let filter = self.filter(request.get_ref()).await.map_err(refused)?;
        let clauses = filter.clauses.iter().map(clause).collect();
        Ok(Response::new(FilterResourcesResponse { clauses }))
    }
}

impl Grpc {
    async fn answer(&self, request: &CheckPermissionRequest) -> Result<CheckPermissionResponse, Error> {
        let (subject, scopes) = subject(request.subject.as_ref())?;
        let ask = Ask {
            subject,
            scopes,
            permission: request.permission.clone(),
            target: request.resource.as_ref().map(target).transpose()?.unwrap_or_default(),
        };
        if !request.explain {
            let allowed = self.0.check(&ask).await?.is_allowed();
            return Ok(CheckPermissionResponse {
                allowed,
                ..CheckPermissionResponse::default()
            });
        }
        let decision = self.0.explain(&ask).await?;
        Ok(CheckPermissionResponse {
            allowed: decision.allowed,
            reason: decision.explanation,
            policies: decision.policies,
        })
    }

    async fn filter(&self, request: &FilterResourcesRequest) -> Result<Filter, Error> {
        let (subject, scopes) = subject(request.subject.as_ref())?;
        let ask = Ask {
            subject,
            scopes,
            permission: request.permission.clone(),
            target: Target::resource(&request.r#type, "")?,
        };
        self.0.filter(&ask).await
    }
}

fn subject(subject: Option<&WireSubject>) -> Result<(Subject, Scopes), Error> {
    let Some(subject) = subject else {
        return Ok((Subject::Nobody, None));
    };
    let user = || {
        let id = subject.id.parse().map(Subject::User);
        id.map_err(|_| Error::field("subject.id", "of a person is a UUID"))
    };
    match subject.kind() {
        Kind::User => Ok((user()?, None)),
        Kind::Key => {
            let scopes: BTreeSet<String> = subject.scopes.iter().cloned().collect();
            Ok((user()?, Some(Arc::new(scopes))))
        }
        Kind::Service => Ok((format!("service:{}", subject.id).parse()?, None)),
        // A forgotten kind must not become somebody's rights, nor silently nobody's.
        Kind::Unspecified => Err(Error::field(
            "subject.kind",
            "is needed; leave the subject out for nobody",
        )),
    }
}

fn target(resource: &Resource) -> Result<Target, Error> {
    if !resource.attributes.is_empty() {
        return Err(Error::field(
            "resource.attributes",
            "is looked at by no policy: leave it out",
        ));
    }
    let id = |field: &'static str, text: &str| -> Result<Option<Uuid>, Error> {
        let given = Some(text).filter(|text| !text.is_empty());
        given
            .map(|text| text.parse().map_err(|_| Error::field(field, "is a UUID")))
            .transpose()
    };
    let workspace = id("resource.workspace", &resource.workspace)?;
    let target = match (resource.r#type.as_str(), workspace) {
        ("", _) if !resource.id.is_empty() => return Err(Error::field("resource.type", "is needed beside an id")),
        ("", Some(workspace)) => Target::workspace(workspace),
        ("", None) => Target::everywhere(),
        (kind, workspace) => Target::resource(kind, &resource.id)?.within(workspace)?,
    };
    if resource.part.is_some() && target.workspace_id().is_none() {
        return Err(Error::field(
            "resource.part",
            "is what somebody is in a workspace: name that too",
        ));
    }
    let part = resource
        .part
        .clone()
        .map(|part| Some(part).filter(|part| !part.is_empty()));
    Ok(target.owned_by(id("resource.owner", &resource.owner)?).as_part(part))
}

fn clause(clause: &Clause) -> FilterClause {
    let workspace = |id: &Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    FilterClause {
        workspaces: Some(selection(&clause.workspaces, workspace)),
        resources: Some(selection(&clause.resources, String::clone)),
        mine: clause.owners.mine,
        others: clause.owners.others,
        unowned: clause.owners.unowned,
    }
}

fn selection<T: Ord>(which: &Which<T>, text: impl Fn(&T) -> String) -> Selection {
    let (mode, ids) = match which {
        Which::Any => (Mode::Any, None),
        Which::Only(ids) => (Mode::Only, Some(ids)),
        Which::Except(ids) => (Mode::Except, Some(ids)),
    };
    Selection {
        mode: mode.into(),
        ids: ids.into_iter().flatten().map(text).collect(),
    }
}
