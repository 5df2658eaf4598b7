//! What services ask each other by gRPC: messages, clients and servers made from `proto/`.

/// All protos, encoded, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// What a principal may do.
pub mod security {
    /// The first version.
    #[allow(missing_docs, unreachable_pub, clippy::all, reason = "the code is generated")]
    pub mod v1 {
        tonic::include_proto!("security.v1");
    }
}

/// Who people are.
pub mod users {
    /// The first version.
    #[allow(missing_docs, unreachable_pub, clippy::all, reason = "the code is generated")]
    pub mod v1 {
        tonic::include_proto!("users.v1");
    }
}
