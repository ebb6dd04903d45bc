//! The request's cookies with a handler's own writes over them, so that it reads what it wrote,
//! even after the writes have left and the queue is empty.

use apply_cookies_protocol::{
    CookieHeader, CookieKey, Draft, Lookup, Operation, Unreadable, UnreadableReason,
};

/// How many operations are remembered, besides those on names that the request brought: more than
/// the cookies that browsers keep for a site (about 180). A socket that is open for days must not
/// grow without bound.
const WRITTEN_MAX: usize = 256;

/// The request's cookies, and what was written over them.
pub(super) struct CookieView {
    /// The values of the request's `Cookie` fields, joined with semicolons.
    sent: Box<[u8]>,
    /// The last operation on each cookie, oldest first.
    operations: Vec<Operation<'static>>,
}

impl CookieView {
    pub(super) fn over(sent: Box<[u8]>) -> Self {
        Self {
            sent,
            operations: Vec::new(),
        }
    }

    pub(super) fn remember(&mut self, operation: &Operation<'static>) {
        self.operations
            .retain(|earlier| earlier.key() != operation.key());
        if self.operations.len() >= WRITTEN_MAX {
            let oldest = self.oldest_of_no_request();
            // If the request brought all of these names, the request itself is forgotten.
            if oldest.is_none() {
                self.sent = Box::default();
            }
            self.operations.remove(oldest.unwrap_or(0));
        }
        self.operations.push(operation.clone());
    }

    /// The oldest operation on a name that the request did not bring: once forgotten, that cookie
    /// reads as absent. A name that the request brought would read as before the write: signed in
    /// after a sign-out.
    fn oldest_of_no_request(&self) -> Option<usize> {
        let header = CookieHeader::new([&*self.sent]);
        self.operations
            .iter()
            .position(|earlier| header.find(earlier.name()) == Lookup::Absent)
    }

    /// These writes never reached the browser, and earlier ones on the same cookies are no longer
    /// known. Falling back to the request's copy could undo a sign-out, so the cookies read as
    /// absent.
    pub(super) fn forget(&mut self, lost: &[Operation<'_>]) {
        if lost.is_empty() {
            return;
        }
        self.sent = Box::default();
        self.operations.retain(|written| !lost.contains(written));
    }

    /// The browser's value of exactly this cookie.
    pub(super) fn of_cookie(&self, key: CookieKey<'_>) -> Result<Vec<u8>, Unreadable> {
        let mut operations = self.operations.iter();
        let written = operations.find(|written| written.key() == key);
        match written {
            Some(written) => value(written).ok_or_else(|| UnreadableReason::Absent.into()),
            None => self.of_request(key.name),
        }
    }

    /// The value last set under a name, whatever its path and domain. A deletion hides the
    /// request's cookie if it is for path `/` and this host, as most are.
    pub(super) fn of_name(&self, name: &str) -> Result<Vec<u8>, Unreadable> {
        let mut own = self.operations.iter().filter(|one| one.name() == name);
        if let Some(value) = own.clone().rev().find_map(value) {
            return Ok(value);
        }
        if own.any(hides_sent) {
            return Err(UnreadableReason::Absent.into());
        }
        self.of_request(name)
    }

    /// All cookies as one `Cookie` field (RFC 6265 §4.2.1): the request's in their order, then the
    /// written ones in theirs.
    pub(super) fn to_field(&self) -> Vec<u8> {
        let is_written = |pair: &[u8]| {
            let name = pair.split(|b| *b == b'=').next().map(<[u8]>::trim_ascii);
            let mut written = self.operations.iter().filter(|one| hides_sent(one));
            written.any(|one| name == Some(one.name().as_bytes()))
        };
        let sent = self.sent.split(|b| *b == b';').map(<[u8]>::trim_ascii);
        let sent = sent.filter(|pair| !pair.is_empty() && !is_written(pair));
        let mut field = sent.collect::<Vec<_>>().join(&b"; "[..]);
        for operation in &self.operations {
            if let Some(value) = value(operation) {
                if !field.is_empty() {
                    field.extend(b"; ");
                }
                field.extend(operation.name().as_bytes());
                field.push(b'=');
                field.extend(value);
            }
        }
        field
    }

    fn of_request(&self, name: &str) -> Result<Vec<u8>, Unreadable> {
        let header = CookieHeader::new([&*self.sent]);
        header.value(name).map(<[u8]>::to_vec)
    }
}

/// Whether the request's cookie of this name no longer counts: another was set over it, or it was
/// deleted for path `/` and this host, as most are.
fn hides_sent(operation: &Operation<'_>) -> bool {
    value(operation).is_some() || (operation.path() == Some("/") && operation.domain().is_none())
}

/// The value that an operation leaves in the browser; none if it deletes the cookie.
fn value(operation: &Operation<'_>) -> Option<Vec<u8>> {
    match operation.draft() {
        Draft::Set(set) if !set.is_removal() => Some(set.value().as_bytes().to_vec()),
        Draft::Set(_) | Draft::Delete(_) => None,
    }
}
