//! What verifying the password of an unknown name costs: as much as that of a known one, so that the
//! time of an answer does not say which names exist.
//!
//! A crowd of hashes with different costs is imitated as a whole. Each unknown name always has the cost
//! of the same hash, chosen by a keyed digest, and the shares of the costs are those among the stored
//! hashes. The choice is a rendezvous (weighted, as by Schindelhauer and Schomaker): when an account
//! comes or goes, next to no name changes its cost, as next to no account does.
//!
//! The hash itself is not used, only its cost: it may be the attacker's own, whose password he knows.

use std::collections::BTreeMap;

use apply_cookies::protocol::PurposeKey;

use super::parameters::Parameters;

/// How many hashes of each cost there are, collected from [`PasswordHash::parameters`].
///
/// [`PasswordHash::parameters`]: crate::PasswordHash::parameters
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crowd(BTreeMap<Parameters, u32>);

impl FromIterator<Parameters> for Crowd {
    fn from_iter<I: IntoIterator<Item = Parameters>>(all: I) -> Self {
        let mut counts = BTreeMap::new();
        for parameters in all {
            *counts.entry(parameters).or_insert(0) += 1;
        }
        Self(counts)
    }
}

impl Crowd {
    /// The cost of a name: always the same for one crowd. Of a new hash where there are no others.
    pub(crate) fn cost_of(&self, key: &PurposeKey, name: &str) -> Parameters {
        let score = |(parameters, count): (&Parameters, &u32)| {
            let message = format!("{parameters}\n{name}");
            let tag = key.tag(message.as_bytes());
            let bits = u32::from_be_bytes([tag[0], tag[1], tag[2], tag[3]]);
            // Exponentially distributed; the least of them is at each with the chance of its weight.
            let uniform = (f64::from(bits) + 0.5) / 2_f64.powi(32);
            (-uniform.ln() / f64::from(*count), *parameters)
        };
        let all = self.0.iter().map(score);
        let least = all.min_by(|one, other| one.0.total_cmp(&other.0));
        least.map_or(Parameters::NEW, |(_, parameters)| parameters)
    }
}

#[cfg(test)]
mod tests {
    use apply_cookies::Secrets;
    use apply_cookies::protocol::Purpose;

    use super::*;

    fn key(secret: &str) -> PurposeKey {
        let secrets = Secrets::new(secret).unwrap();
        secrets.purpose_keys(Purpose::Crowd, "").remove(0)
    }

    const KEY: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
    const OTHER: &str = "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs";

    fn costs(crowd: &Crowd, key: &PurposeKey) -> Vec<Parameters> {
        let names = (0..20_000).map(|number| format!("nobody-{number}"));
        names.map(|name| crowd.cost_of(key, &name)).collect()
    }

    const OLD: Parameters = Parameters::Pbkdf2 { iterations: 1000 };
    const MIDDLE: Parameters = Parameters::Scrypt {
        log_n: 10,
        r: 8,
        p: 1,
    };

    #[test]
    fn unknown_names_cost_what_known_ones_do_in_the_same_shares() {
        let stored = [(OLD, 10), (MIDDLE, 7), (Parameters::NEW, 3)];
        let all = stored
            .iter()
            .flat_map(|(parameters, count)| vec![*parameters; *count]);
        let costs = costs(&all.collect(), &key(KEY));
        for (parameters, count) in stored {
            let found = costs.iter().filter(|cost| **cost == parameters).count();
            // Expected 1,000 for each stored hash; four standard deviations.
            assert!(found.abs_diff(count * 1000) < 300, "{parameters}: {found}");
        }
    }

    #[test]
    fn a_new_account_changes_next_to_no_name_and_only_towards_itself() {
        let before: Crowd = [OLD, OLD, OLD, MIDDLE, MIDDLE, MIDDLE]
            .repeat(10)
            .into_iter()
            .collect();
        let mut after = before.clone();
        after.0.insert(Parameters::NEW, 1);
        let pairs = costs(&before, &key(KEY))
            .into_iter()
            .zip(costs(&after, &key(KEY)));
        let changed: Vec<_> = pairs.filter(|(before, after)| before != after).collect();
        assert!(changed.iter().all(|(_, after)| *after == Parameters::NEW));
        // One in 61 of 20,000.
        assert!((200..500).contains(&changed.len()), "{}", changed.len());
    }

    #[test]
    fn the_choice_needs_the_key_and_an_empty_crowd_costs_what_a_new_hash_does() {
        let crowd: Crowd = [OLD, MIDDLE].into_iter().collect();
        assert_eq!(costs(&crowd, &key(KEY)), costs(&crowd, &key(KEY)));
        assert_ne!(costs(&crowd, &key(KEY)), costs(&crowd, &key(OTHER)));
        assert_eq!(Crowd::default().cost_of(&key(KEY), "ada"), Parameters::NEW);
    }
}
