//! What other services ask: a person's profile.

use chrono::SecondsFormat;
use contracts::grpc::users::v1::{
    GetProfileDataRequest, GetProfileDataResponse,
    user_service_server::{UserService, UserServiceServer},
};
use platform_auth::principal_of;
use platform_error::Error as Outer;
use platform_service::status;
use tonic::{Request, Response, Status, service::Routes};
use uuid::Uuid;

use crate::{error::Error, profile, store::Store};

struct Grpc(Store);

/// The gRPC services.
pub(crate) fn routes(store: &Store) -> Routes {
    Routes::new(UserServiceServer::new(Grpc(store.clone())))
}

#[tonic::async_trait]
impl UserService for Grpc {
    async fn get_profile_data(
        &self,
        request: Request<GetProfileDataRequest>,
    ) -> Result<Response<GetProfileDataResponse>, Status> {
        // Only services: a person's token never reads another's profile here.
        principal_of(&request)?
            .service()
            .map_err(|error| status(Outer::from(error)))?;
        let profile = find(&self.0, &request.get_ref().user_id).await;
        profile.map(Response::new).map_err(status)
    }
}

async fn find(store: &Store, id: &str) -> Result<GetProfileDataResponse, Outer> {
    let id: Uuid = id.parse().map_err(|_| Error::field("user_id", "is not an id"))?;
    let profile = profile::known(store, id).await?.ok_or(Error::NoSuch("person"))?;
    let time = |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::Micros, true);
    Ok(GetProfileDataResponse {
        id: profile.id.to_string(),
        email: profile.email,
        first_name: profile.first_name.unwrap_or_default(),
        last_name: profile.last_name.unwrap_or_default(),
        display_name: profile.name,
        locale: profile.locale.unwrap_or_default(),
        time_zone: profile.time_zone.unwrap_or_default(),
        created_at: time(profile.created_at),
        updated_at: time(profile.updated_at),
    })
}
