//! The lists of a gate that are at addresses: fetched when somebody depends on them, and believed for a
//! minute.

use apply_cookies::UnixMillis;
use url::Url;

use crate::gate::{Gate, List};
use crate::identity::Identity;
use crate::outgoing::{Bounds, Budget, Cached, Outgoing, is_allowed};
use crate::refusal::{Refusal, RefusalCode};

/// What no list is longer than it takes to wait for, or believed longer than it takes to take somebody off it.
const BOUNDS: Bounds = Bounds {
    within: 2_000,
    fresh: (60_000, 60_000),
    grace: 0,
    away: 0,
    between: 5_000,
};

/// The lists of a gate.
#[derive(Default)]
pub(crate) struct GateLists(Vec<GateList>);

struct GateList {
    /// Where it is, for the log: an address may have a key in it.
    host: String,
    kept: Cached<List>,
}

impl GateLists {
    /// The gate's lists, or nothing if one may not be fetched from where it is.
    pub(crate) fn new(gate: &Gate, outgoing: &Outgoing) -> Option<Self> {
        let lists = gate.lists_at().iter().map(|at| {
            let names = at.names;
            let url = Url::parse(&at.url).ok().filter(is_allowed)?;
            let host = url.host_str()?.to_owned();
            let read = move |json: &[u8]| List::read(names, json);
            let kept = Cached::new(url, outgoing.clone(), BOUNDS, read);
            Some(GateList { host, kept })
        });
        lists.collect::<Option<_>>().map(Self)
    }

    /// Whether the gate lets somebody in, by its own lists or by one of these.
    ///
    /// # Errors
    ///
    /// What the gate refuses them for; `unavailable` if a list that might name them is not there.
    pub(crate) async fn check(
        &self,
        gate: &Gate,
        who: &Identity,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let mut checked = gate.check(who);
        if self.0.is_empty() || !gate.needs_a_list(who) {
            return checked;
        }
        for list in &self.0 {
            match list.kept.get(Budget::Open, now).await {
                Ok(fetched) => match gate.check_with(who, Some(&fetched)) {
                    Err(refusal) if refusal.code() == RefusalCode::NotAllowed => {}
                    named => return named,
                },
                Err(error) => {
                    let why = format!("the gate: the list at {}: {error}", list.host);
                    checked = Err(Refusal::new(RefusalCode::Unavailable).because(why));
                }
            }
        }
        checked
    }
}
