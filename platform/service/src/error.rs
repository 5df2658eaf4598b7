//! Why a host cannot start.

use std::{io, net::SocketAddr, path::PathBuf};

use platform_error::{Code, Coded};

/// A host that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The address is taken, or not ours to take.
    #[error("cannot listen on {address} for {service}: {reason}; set {service}.port (or host.bind) to something free")]
    Listen {
        /// Which service was to listen.
        service: &'static str,
        /// Where.
        address: SocketAddr,
        /// What the system said.
        reason: String,
    },
    /// The folder for data cannot be made.
    #[error("cannot use the data folder {folder}: {reason}; set host.data to a folder that can be written")]
    DataFolder {
        /// Which folder.
        folder: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A service elsewhere that cannot be called.
    #[error("peers.{name} is {address:?}: expected an address such as \"http://10.0.0.7:8001\"")]
    Peer {
        /// Which service.
        name: String,
        /// What the settings say.
        address: String,
    },
    /// Two services under one name.
    #[error("the service {0} is listed twice")]
    Twice(&'static str),
    /// It was told to stop before it had started.
    #[error("it was interrupted while {0} was starting")]
    Interrupted(&'static str),
}

impl HostError {
    pub(crate) fn peer(name: &str, address: &str) -> Self {
        let (name, address) = (name.to_owned(), address.to_owned());
        Self::Peer { name, address }
    }

    pub(crate) fn listen(service: &'static str, address: SocketAddr, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::AddrInUse => "the port is in use".into(),
            io::ErrorKind::PermissionDenied => "this user may not use the port".into(),
            io::ErrorKind::AddrNotAvailable => "the address is not one of this machine".into(),
            _ => error.to_string(),
        };
        Self::Listen {
            service,
            address,
            reason,
        }
    }
}

impl Coded for HostError {
    fn code(&self) -> Code {
        match self {
            Self::Listen { .. } | Self::DataFolder { .. } | Self::Interrupted(_) => Code::Unavailable,
            Self::Peer { .. } | Self::Twice(_) => Code::Invalid,
        }
    }
}
