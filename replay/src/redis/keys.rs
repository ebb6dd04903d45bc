//! The names of keys. All keys of a partition have one hash tag, so in a Cluster one slot.

use apply_cookies_protocol::{BindingDigest, Nonce};

use crate::remote::question::Question;

/// The parts into which a Cluster divides the data. Each has a head, and moves with its slot.
const CLUSTER_PARTITIONS: u8 = 16;

/// Names keys.
#[derive(Debug)]
pub(super) struct Keys {
    /// What the hash tag of each partition contains.
    tags: Vec<String>,
    channel: String,
}

impl Keys {
    pub(super) fn new(prefix: &str, cluster: bool) -> Self {
        let tags = if cluster {
            (0..CLUSTER_PARTITIONS)
                .map(|part| format!("{prefix}:{CLUSTER_PARTITIONS}:{part}"))
                .collect()
        } else {
            vec![prefix.to_owned()]
        };
        Self {
            tags,
            channel: format!("{{{prefix}}}r"),
        }
    }

    /// Those of revocations beside the claims with this prefix: one partition, also in a Cluster.
    pub(super) fn of_revocations(prefix: &str) -> Self {
        Self::new(&format!("{prefix}:rev"), false)
    }

    pub(super) fn partitions(&self) -> u8 {
        if self.tags.len() == 1 {
            1
        } else {
            CLUSTER_PARTITIONS
        }
    }

    /// The partition of a browser's tokens and barriers, or of a token of nobody. A nonce comes
    /// always with the same binding, so it meets the same partition.
    pub(super) fn partition(&self, question: &Question) -> u8 {
        let first = match question {
            Question::Claim(asked) => asked.claim.binding.map_or_else(
                || Nonce::to_bytes(asked.claim.nonce)[0],
                |binding| BindingDigest::to_bytes(binding)[0],
            ),
            Question::Barrier(raising) => raising.binding.to_bytes()[0],
        };
        first % self.partitions()
    }

    fn key(&self, partition: u8, name: std::fmt::Arguments<'_>) -> String {
        format!("{{{}}}{name}", self.tags[usize::from(partition)])
    }

    pub(super) fn head(&self, partition: u8) -> String {
        self.key(partition, format_args!("h"))
    }

    /// The hash of a generation of claims, by its end.
    pub(super) fn generation(&self, partition: u8, ends: impl std::fmt::Display) -> String {
        self.key(partition, format_args!("g{ends}"))
    }

    /// The hash of a span of barriers, by its end.
    pub(super) fn span(&self, partition: u8, ends: impl std::fmt::Display) -> String {
        self.key(partition, format_args!("b{ends}"))
    }

    /// A hash by its name: `g` or `b`, and the end.
    pub(super) fn named(&self, partition: u8, name: &str) -> String {
        self.key(partition, format_args!("{name}"))
    }

    /// The channel on which claims, or revocations, are told.
    pub(super) fn channel(&self) -> &str {
        &self.channel
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_begins_with_the_prefix_in_a_hash_tag() {
        let keys = Keys::new("apply-cookies", false);
        assert_eq!(keys.head(0), "{apply-cookies}h");
        assert_eq!(keys.generation(0, 12), "{apply-cookies}g12");
        assert_eq!(keys.span(0, 7), "{apply-cookies}b7");
        assert_eq!(keys.channel(), "{apply-cookies}r");
        let keys = Keys::new("apply-cookies", true);
        assert_eq!(keys.head(15), "{apply-cookies:16:15}h");
        assert_eq!(keys.channel(), "{apply-cookies}r");
        let keys = Keys::of_revocations("apply-cookies");
        assert_eq!(keys.head(0), "{apply-cookies:rev}h");
        assert_eq!(keys.span(0, 7), "{apply-cookies:rev}b7");
        assert_eq!(keys.channel(), "{apply-cookies:rev}r");
    }
}
