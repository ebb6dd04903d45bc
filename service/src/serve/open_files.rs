//! How many files the system lets this process open: each connection is one.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Files besides connections: the store's, those of the log, and of the workers.
const OTHERS: u64 = 128;

/// Raises the limit as far as it goes, and says if that is not far enough.
pub(super) fn raise_for(connections: usize) {
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = u64::try_from(connections)
        .unwrap_or(u64::MAX)
        .saturating_add(OTHERS);
    if limit.current.is_none_or(|current| current >= wanted) {
        return;
    }
    limit.current = Some(limit.maximum.map_or(wanted, |most| most.min(wanted)));
    let raised = setrlimit(Resource::Nofile, limit);
    let now = getrlimit(Resource::Nofile).current;
    if raised.is_err() || now.is_some_and(|now| now < wanted) {
        tracing::warn!(
            files = now,
            connections,
            "the system lets this process open fewer files than there may be connections; raise its limit (LimitNOFILE=, ulimit -n), or lower limits.connections"
        );
    }
}
