//! What a server did last, and did not do.

use std::time::{Duration, Instant};

use super::trouble::{Trouble, Why};

/// How long a refused claim speaks against the server: where its processes get no more requests
/// because they are not ready, no later claim can speak for it.
const REMEMBERED: Duration = Duration::from_secs(10);

/// What is asked of a server. Whatever does a later one can do the earlier ones, and not the other
/// way round: a server that refuses to write may still be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Errand {
    Connect,
    Memory,
    Forget,
    Decide,
}

/// Whether a server does what it is asked.
#[derive(Default)]
pub(super) struct Standing {
    down: Option<Down>,
    refused: Option<(Instant, Why)>,
}

struct Down {
    errand: Errand,
    why: Why,
    /// Whether the server said so.
    refuses: bool,
}

impl Standing {
    /// Notes what was not done; whether that is news.
    pub(super) fn failed(&mut self, errand: Errand, trouble: &Trouble) -> bool {
        let why = trouble.why();
        let same = self.down.as_ref().filter(|down| down.why == why);
        let (is_new, errand) = match same {
            Some(down) => (false, down.errand.max(errand)),
            None => (true, errand),
        };
        self.down = Some(Down {
            errand,
            why,
            refuses: !matches!(trouble, Trouble::Lost(_)),
        });
        is_new
    }

    /// Notes what was done; whether that ends what was in the way.
    pub(super) fn done(&mut self, errand: Errand) -> bool {
        if errand == Errand::Decide {
            self.refused = None;
        }
        self.down.take_if(|down| down.errand <= errand).is_some()
    }

    pub(super) const fn is_down(&self) -> bool {
        self.down.is_some()
    }

    pub(super) fn refused(&mut self, why: Why) {
        self.refused = Some((Instant::now(), why));
    }

    /// Somebody has waited too long: why.
    pub(super) fn late(&mut self) -> Why {
        let Some(down) = &self.down else {
            return Why::new("the server did not answer in time");
        };
        let why = down.why.clone();
        if down.refuses && down.errand == Errand::Decide {
            self.refused(why.clone());
        }
        why
    }

    pub(super) fn why_refusing(&self) -> Option<Why> {
        let (when, why) = self.refused.as_ref()?;
        (when.elapsed() < REMEMBERED).then(|| why.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_news_once_and_what_reads_does_not_end_a_refusal_to_write() {
        let mut standing = Standing::default();
        let full = Trouble::elsewhere("read-only");
        assert!(standing.failed(Errand::Forget, &full));
        assert!(!standing.failed(Errand::Decide, &full));
        assert!(!standing.failed(Errand::Forget, &full));
        for reads in [Errand::Connect, Errand::Memory, Errand::Forget] {
            assert!(!standing.done(reads));
        }
        assert!(standing.is_down());
        assert!(standing.done(Errand::Decide) && !standing.done(Errand::Decide));
        assert!(!standing.is_down());
    }

    #[test]
    fn a_claim_that_was_refused_counts_until_one_is_not() {
        let mut standing = Standing::default();
        standing.failed(Errand::Decide, &Trouble::lost("cut off"));
        standing.late();
        assert!(standing.why_refusing().is_none(), "it may be there again");
        standing.failed(Errand::Decide, &Trouble::busy("too few replicas"));
        assert!(standing.why_refusing().is_none(), "it may pass at once");
        standing.late();
        assert!(standing.why_refusing().is_some());
        standing.done(Errand::Memory);
        assert!(standing.why_refusing().is_some());
        standing.done(Errand::Decide);
        assert!(standing.why_refusing().is_none());
    }
}
