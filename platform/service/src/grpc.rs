//! Errors of ours as gRPC statuses and back, and what every gRPC service has beside its methods.

use std::{collections::HashMap, mem, sync::Arc};

use axum::{
    body::Body,
    extract::Request,
    http::{self, StatusCode},
    middleware::{Next, from_fn},
};
use platform_error::{Code, Error, Result};
use platform_http::keeping;
use prost::Message;
use prost_types::{Any, FileDescriptorSet};
use tonic::{Status, service::Routes};
use tower::ServiceExt;

use crate::places::Places;

/// Says whose reasons these are, in the details of a status.
const DOMAIN: &str = "hansa";
const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";
const HINT: &str = "hint";
/// How many may ask which methods there are, each by a stream that it may leave open, and in how many bytes.
const ASKING: usize = 100;
const LONGEST: usize = 4 << 10;

/// `google.rpc.Status`, which the header `grpc-status-details-bin` holds.
#[derive(Clone, PartialEq, Message)]
struct Detailed {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.rpc.ErrorInfo`.
#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(map = "string, string", tag = "3")]
    metadata: HashMap<String, String>,
}

/// An error as a gRPC status, its code, hint and details as `google.rpc.ErrorInfo`. What caused an internal one goes
/// to the log and no further.
pub fn status(error: impl Into<Error>) -> Status {
    let error = error.into();
    if error.code() == Code::Internal {
        let cause = error.causes();
        tracing::error!(cause, "a gRPC method failed");
    }
    let mut metadata: HashMap<_, _> = match error.details() {
        Some(serde_json::Value::Object(details)) => details
            .iter()
            .map(|(name, value)| (name.clone(), value.to_string()))
            .collect(),
        _ => HashMap::new(),
    };
    metadata.extend(error.hint().map(|hint| (HINT.to_owned(), hint.to_owned())));
    let info = ErrorInfo {
        reason: error.code().as_str().into(),
        domain: DOMAIN.into(),
        metadata,
    };
    let code = error.code().grpc_status();
    let detailed = Detailed {
        code,
        message: error.message().into(),
        details: vec![Any {
            type_url: ERROR_INFO.into(),
            value: info.encode_to_vec(),
        }],
    };
    Status::with_details(code.into(), error.message(), detailed.encode_to_vec().into())
}

/// What another service said, as an error of ours.
pub fn error_of(status: &Status) -> Error {
    let info = Detailed::decode(status.details()).ok().and_then(|detailed| {
        let info = detailed
            .details
            .into_iter()
            .find(|detail| detail.type_url == ERROR_INFO)?;
        ErrorInfo::decode(info.value.as_slice()).ok()
    });
    let info = info.filter(|info| info.domain == DOMAIN).unwrap_or_default();
    let code = Code::named(&info.reason).unwrap_or_else(|| Code::of_grpc_status(status.code().into()));
    if code == Code::Internal {
        return Error::internal(status.to_string());
    }
    let mut error = Error::new(code, status.message());
    let mut details = serde_json::Map::new();
    for (name, value) in info.metadata {
        match name.as_str() {
            HINT => error = error.with_hint(value),
            _ => drop(details.insert(name, serde_json::from_str(&value).unwrap_or_default())),
        }
    }
    match details.is_empty() {
        true => error,
        false => error.with_details(details.into()),
    }
}

/// The methods' routes with reflection over what of `descriptors` they answer, and the names of the services in there.
pub(crate) async fn with_reflection(routes: Routes, descriptors: &[u8]) -> Result<(axum::Router, Vec<String>)> {
    // What nothing answers is for the whole service to refuse.
    let routes = routes.into_axum_router().reset_fallback();
    let mut files = FileDescriptorSet::decode(descriptors).map_err(Error::internal)?;
    let mut names = Vec::new();
    for file in &mut files.file {
        // The protos of all of us come together; what others serve is not said to be here.
        for service in mem::take(&mut file.service) {
            let name = format!("{}.{}", file.package(), service.name());
            if answers(&routes, &name).await? {
                names.push(name);
                file.service.push(service);
            }
        }
    }
    let reflection = tonic_reflection::server::Builder::configure()
        .register_file_descriptor_set(files)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(Error::internal)?
        .max_decoding_message_size(LONGEST);
    let places = Arc::new(Places::new(ASKING, "ask for the methods; try again later"));
    let placed = from_fn(move |request: Request, next: Next| {
        let place = places.take(request.extensions());
        async move {
            match place {
                Ok(place) => next.run(request.map(|body| keeping(body, place))).await,
                Err(refusal) => refusal.into_http(),
            }
        }
    });
    let reflection = Routes::new(reflection)
        .into_axum_router()
        .reset_fallback()
        .route_layer(placed);
    Ok((routes.merge(reflection), names))
}

/// Whether the routes have a service. One that is there refuses a method that it does not have in its own way.
async fn answers(routes: &axum::Router, service: &str) -> Result<bool> {
    let question = http::Request::post(format!("/{service}/-")).body(Body::empty());
    let answer = routes.clone().oneshot(question.map_err(Error::internal)?).await;
    let Ok(answer) = answer;
    Ok(answer.status() != StatusCode::NOT_FOUND)
}
