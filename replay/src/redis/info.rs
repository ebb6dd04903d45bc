//! The facts that a server's `INFO` names.

use super::settings::{Place, Settings};
use crate::remote::finding::{Findings, Subject, Weight};

/// The text that `INFO` answers.
pub(super) struct Info(pub(super) String);

impl Info {
    fn field(&self, name: &str) -> Option<&str> {
        let fields = self.0.lines().filter_map(|line| line.split_once(':'));
        let mut named = fields.filter(|(field, _)| *field == name);
        named.next().map(|(_, value)| value.trim_end())
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.field(name) == Some(value)
    }

    /// Whether it takes claims, if it is in order otherwise.
    pub(super) fn is_primary(&self) -> bool {
        !self.is("role", "slave") && !self.is("redis_mode", "sentinel")
    }

    /// What can be said of this server.
    pub(super) fn findings(&self, settings: &Settings, findings: &mut Findings) {
        self.server(settings, findings);
        self.incarnation(settings, findings);
        self.replicas(settings, findings);
        if let Some(policy) = self
            .field("maxmemory_policy")
            .filter(|policy| policy.starts_with("allkeys-"))
        {
            let words = format_args!(
                "maxmemory-policy is {policy}: when memory is short, claims are evicted, and each eviction refuses the tokens under way; set noeviction, or a volatile policy"
            );
            findings.add(Weight::Warning, Subject::Room, words);
        }
        if self.is("aof_enabled", "0") {
            findings.add(
                Weight::Warning,
                Subject::Durability,
                "it keeps no append-only file: after a restart every claim is forgotten; no token works twice, but those under way are refused",
            );
        }
    }

    fn server(&self, settings: &Settings, findings: &mut Findings) {
        let (kind, version) = match self.field("valkey_version") {
            Some(version) => ("Valkey", version),
            None => (
                "Redis",
                self.field("redis_version").unwrap_or("of no version"),
            ),
        };
        let mode = self.field("redis_mode").unwrap_or("unknown");
        let words = format_args!("the server is {kind} {version}, mode {mode}");
        findings.add(Weight::Note, Subject::Server, words);
        let (wrong, scheme) = match (mode, &settings.place) {
            ("sentinel", _) => ("it is a Sentinel, which keeps no data", "redis+sentinel://"),
            ("cluster", Place::One(_)) => ("it is a node of a Cluster", "redis+cluster://"),
            _ => return,
        };
        let words = format_args!("{wrong}: write the URL with {scheme}");
        findings.add(Weight::Unfit, Subject::Connection, words);
    }

    fn incarnation(&self, settings: &Settings, findings: &mut Findings) {
        if settings.no_incarnation {
            findings.add(
                Weight::Warning,
                Subject::Durability,
                "incarnation=none is your word that the service never loses what it answered: after a restart or failover that loses something, tokens can be used twice",
            );
        } else if self.field("master_replid").is_none() && !self.is("redis_mode", "sentinel") {
            findings.add(
                Weight::Unfit,
                Subject::Durability,
                "its INFO names no master_replid, so a restart or failover would not be noticed; if the service loses nothing that it answered, say so by incarnation=none in the URL",
            );
        }
    }

    fn replicas(&self, settings: &Settings, findings: &mut Findings) {
        let is_cluster = matches!(settings.place, Place::Cluster(_));
        if self.is("role", "slave") {
            if !is_cluster {
                findings.add(
                    Weight::Unfit,
                    Subject::Replicas,
                    "it is a replica, which takes no claims: give the primary's address, or redis+sentinel://",
                );
            }
            return;
        }
        let have = self.0.lines().filter(|line| {
            line.starts_with("slave") && line.contains(":ip=") && line.contains("state=online")
        });
        let (have, asked) = (have.count() as u64, settings.replicas);
        if have < asked {
            let words = format_args!(
                "replicas={asked} in the URL, and {have} are connected: every claim is answered 503 until {asked} have it"
            );
            findings.add(Weight::Unfit, Subject::Replicas, words);
        } else if have > asked && is_cluster {
            findings.add(
                Weight::Warning,
                Subject::Replicas,
                "no replica needs to have a claim before it is answered, and in a Cluster none can: a primary that was deposed and still answers can release a token twice",
            );
        } else if have > asked {
            let words = format_args!(
                "{have} replicas are connected, and {asked} must have a claim before it is answered: a primary that was deposed and still answers can release a token twice; write replicas={have} in the URL"
            );
            findings.add(Weight::Warning, Subject::Replicas, words);
        } else if asked > 0 {
            let words = format_args!(
                "a claim is answered when {asked} replicas have it: no primary that was deposed releases a token twice"
            );
            findings.add(Weight::Promise, Subject::Replicas, words);
        }
    }
}
