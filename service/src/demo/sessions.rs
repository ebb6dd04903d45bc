//! Who is signed in. The cookie contains only a random id, so that signing out can revoke it:
//! deleting a cookie removes it from one browser, but a copy would still work.

use std::time::Instant;

use dashmap::DashMap;

/// How many sessions are kept; the oldest makes room for the next.
const SESSIONS_MAX: usize = 1000;

/// Sessions by their ids.
#[derive(Default)]
pub(super) struct Sessions(DashMap<String, Session>);

struct Session {
    name: String,
    since: Instant,
}

impl Sessions {
    /// Signs somebody in, and returns the session's id.
    pub(super) fn begin(&self, name: String) -> String {
        while self.0.len() >= SESSIONS_MAX {
            let oldest = self
                .0
                .iter()
                .min_by_key(|session| session.since)
                .map(|session| session.key().clone());
            match oldest {
                Some(id) => self.end(&id),
                None => break,
            }
        }
        let id = format!("{:032x}", rand::random::<u128>());
        let since = Instant::now();
        self.0.insert(id.clone(), Session { name, since });
        id
    }

    /// The name of the session's user, if there is such a session.
    pub(super) fn name(&self, id: &str) -> Option<String> {
        self.0.get(id).map(|session| session.name.clone())
    }

    /// Revokes a session: a copy of its id no longer signs anyone in.
    pub(super) fn end(&self, id: &str) {
        self.0.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_known_until_it_ends() {
        let sessions = Sessions::default();
        let id = sessions.begin("Ada".to_owned());
        assert_eq!(sessions.name(&id).as_deref(), Some("Ada"));
        sessions.end(&id);
        assert_eq!(sessions.name(&id), None);
    }

    #[test]
    fn the_oldest_makes_room() {
        let sessions = Sessions::default();
        let first = sessions.begin("first".to_owned());
        let second = sessions.begin("second".to_owned());
        for _ in 2..=SESSIONS_MAX {
            sessions.begin("another".to_owned());
        }
        assert_eq!(sessions.0.len(), SESSIONS_MAX);
        assert_eq!(sessions.name(&first), None);
        assert_eq!(sessions.name(&second).as_deref(), Some("second"));
    }
}
