//! The services there are: the one list that everything else goes by.

use platform_service::Service;

use crate::failure::{Failure, Result};

/// All services. Those that others ask come first: they are opened in this order.
pub(crate) fn all() -> Vec<Service> {
    vec![
        auth::service(),
        security::service(),
        users::service(),
        financial_data::service(),
    ]
}

/// The services that have background jobs.
pub(crate) const WITH_JOBS: [&str; 1] = ["auth"];

/// The services that tell each other things. The one of the data does where not everybody may do everything.
pub(crate) const WITH_EVENTS: [&str; 4] = ["auth", "security", "users", "financial-data"];

/// The services that keep what the key ring sealed, so that they are lost with it.
pub(crate) const SEALING: [&str; 2] = ["auth", "security"];

/// The services to run here: all, or those that `only` names.
pub(crate) fn chosen(only: &[String]) -> Result<Vec<Service>> {
    let all = all();
    let names: Vec<_> = all.iter().map(Service::name).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        let hint = format!("there are {}", names.join(", "));
        return Err(Failure::new(format!("there is no service {unknown}")).with_hint(hint));
    }
    let is_chosen = |service: &Service| only.is_empty() || only.iter().any(|name| name == service.name());
    Ok(all.into_iter().filter(is_chosen).collect())
}
