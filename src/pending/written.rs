//! What a handler has written on a response, so that it reads its own writes: also after they have
//! travelled, when the queue is empty.

use apply_cookies_protocol::{CookieHeader, Draft, Found, Operation, Unreadable, UnreadableReason};

/// Operations that are remembered, beside those on names that the request brought: more than
/// browsers keep cookies for a site (about 180). A socket that lives for days must not grow
/// without bound.
const WRITTEN_MAX: usize = 256;

/// The request's cookies, and what was written over them.
pub(super) struct Written {
    /// The values of the request's `Cookie` fields, with a semicolon between them.
    sent: Box<[u8]>,
    /// The last operation on each cookie, oldest first.
    operations: Vec<Operation<'static>>,
}

impl Written {
    pub(super) fn over(sent: Box<[u8]>) -> Self {
        Self {
            sent,
            operations: Vec::new(),
        }
    }

    pub(super) fn remember(&mut self, operation: &Operation<'static>) {
        self.operations
            .retain(|earlier| !earlier.is_same_cookie(operation));
        if self.operations.len() >= WRITTEN_MAX {
            let oldest = self.oldest_of_no_request();
            // Where the request has brought them all, it is forgotten itself.
            if oldest.is_none() {
                self.sent = Box::default();
            }
            self.operations.remove(oldest.unwrap_or(0));
        }
        self.operations.push(operation.clone());
    }

    /// The oldest operation on a name that the request has not brought: forgotten, it reads as
    /// absent. One that the request has would read as it was before, signed in after a sign-out.
    fn oldest_of_no_request(&self) -> Option<usize> {
        let header = CookieHeader::new([&*self.sent]);
        self.operations
            .iter()
            .position(|earlier| header.find(earlier.name()) == Found::Absent)
    }

    /// What was written never reached the browser. An earlier operation on the same cookie may
    /// have, and is not known any more; so rather than as the request brought it, before a
    /// sign-out perhaps, the cookie reads as absent.
    pub(super) fn forget(&mut self, lost: &[Operation<'_>]) {
        if lost.is_empty() {
            return;
        }
        self.sent = Box::default();
        self.operations.retain(|written| !lost.contains(written));
    }

    /// The value that the browser has for the very cookie that `like` is about: the same name,
    /// domain, path and partition.
    pub(super) fn of_cookie(&self, like: &Operation<'_>) -> Result<Vec<u8>, Unreadable> {
        let written = self
            .operations
            .iter()
            .find(|written| written.is_same_cookie(like));
        match written {
            Some(written) => value(written).ok_or_else(|| UnreadableReason::Absent.into()),
            None => self.of_request(like.name()),
        }
    }

    /// The value that was set last under a name, whatever its path and domain. A deletion hides
    /// the request's cookie when it is one for path `/` and this host, as most are.
    pub(super) fn of_name(&self, name: &str) -> Result<Vec<u8>, Unreadable> {
        let mut own = self.operations.iter().filter(|one| one.name() == name);
        if let Some(value) = own.clone().rev().find_map(value) {
            return Ok(value);
        }
        if own.any(|one| one.path() == Some("/") && one.domain().is_none()) {
            return Err(UnreadableReason::Absent.into());
        }
        self.of_request(name)
    }

    fn of_request(&self, name: &str) -> Result<Vec<u8>, Unreadable> {
        let header = CookieHeader::new([&*self.sent]);
        header.value(name).map(<[u8]>::to_vec)
    }
}

/// What an operation leaves in the browser; nothing when it deletes the cookie.
fn value(operation: &Operation<'_>) -> Option<Vec<u8>> {
    match operation.draft() {
        Draft::Set(set) if !set.is_removal() => Some(set.value().as_bytes().to_vec()),
        Draft::Set(_) | Draft::Delete(_) => None,
    }
}
