//! The schema: its name, the SQL that makes it, and the statements that use it.

use crate::remote::address::StoreUrlError;

/// Tables and functions, with `{schema}` for the quoted name.
const SOURCE: &str = include_str!("schema.sql");

pub(super) const DEFAULT_NAME: &str = "apply_cookies";

/// The version that the head names.
pub(super) const VERSION: i32 = 1;

/// Statements with the schema's name in them.
#[derive(Debug)]
pub(super) struct Schema {
    name: String,
    pub(super) claim: String,
    pub(super) head: String,
    pub(super) forget: String,
    pub(super) sweep: String,
    pub(super) sweep_barriers: String,
    pub(super) hear: String,
    pub(super) wait: String,
    pub(super) remembered: String,
    pub(super) begin: String,
    pub(super) revoke: String,
    pub(super) check: String,
    pub(super) sweep_revocations: String,
    pub(super) known: String,
    pub(super) listen_revoked: String,
    pub(super) version: String,
    pub(super) listen: String,
}

impl Schema {
    /// A schema of this name: a plain identifier, so that it is the same quoted and not quoted.
    pub(super) fn new(name: &str) -> Result<Self, StoreUrlError> {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins = name
            .bytes()
            .next()
            .is_some_and(|byte| !byte.is_ascii_digit());
        // Postgres cuts longer names.
        if !begins || !name.bytes().all(is_plain) || name.len() > 63 || name.starts_with("pg_") {
            return Err(StoreUrlError::new(
                "schema must be a name of small letters, digits and _, which begins with no digit and not with pg_, of at most 63 bytes",
            ));
        }
        let with = |statement: &str| statement.replace("{schema}", &format!("\"{name}\""));
        Ok(Self {
            claim: with(
                "SELECT answers, marks FROM {schema}.claim_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            ),
            head: with(
                "SELECT horizon, greatest(forgotten, barriers_forgotten) FROM {schema}.head_v1($1, $2)",
            ),
            forget: with("SELECT {schema}.forget_v1($1, $2)"),
            sweep: with("SELECT {schema}.sweep_v1($1)"),
            sweep_barriers: with("SELECT {schema}.sweep_barriers_v1($1, $2, $3)"),
            hear: with("SELECT {schema}.hear_v1($1, $2)"),
            wait: with("SELECT {schema}.wait_v1()"),
            remembered: with(
                "SELECT ends, nonce, barrier FROM {schema}.claims WHERE (ends, nonce) > ($1, $2) \
                 ORDER BY ends, nonce LIMIT 1000",
            ),
            begin: with("SELECT {schema}.begin_v1()"),
            revoke: with("SELECT {schema}.revoke_v1($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
            check: with(
                "SELECT over, known_from FROM {schema}.check_v1($1, $2, $3, $4, $5, $6, $7)",
            ),
            sweep_revocations: with("SELECT {schema}.sweep_revocations_v1($1, $2, $3)"),
            known: with("SELECT horizon, forgotten_before FROM {schema}.known_v1($1, $2)"),
            listen_revoked: format!("LISTEN \"{}\"", channel_of_revocations(name)),
            version: with("SELECT version FROM {schema}.head"),
            listen: with("LISTEN {schema}"),
            name: name.to_owned(),
        })
    }

    /// The SQL that makes it, in one transaction. Whatever is there already is left.
    pub(super) fn sql(&self) -> String {
        SOURCE.replace("{schema}", &format!("\"{}\"", self.name))
    }

    /// The channel on which revocations are notified.
    pub(super) fn revoked(&self) -> String {
        channel_of_revocations(&self.name)
    }

    /// The name, which is the channel's too.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// No schema has a dot in its name, so it is nobody's channel of claims. Postgres cuts longer names.
fn channel_of_revocations(schema: &str) -> String {
    format!("{}.revoked", &schema[..schema.len().min(55)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_name_is_taken() {
        for name in ["apply_cookies", "_a1", &"a".repeat(63)] {
            assert_eq!(Schema::new(name).unwrap().name(), name);
        }
        let long = "a".repeat(64);
        for name in [
            "", "1a", "A", "a b", "a\"b", "a;b", "a-b", "ä", "pg_a", &long,
        ] {
            assert!(Schema::new(name).is_err(), "{name}");
        }
    }

    #[test]
    fn every_name_in_the_sql_is_qualified() {
        let sql = Schema::new("other").unwrap().sql();
        assert!(!sql.contains("{schema}"));
        assert!(sql.contains("CREATE SCHEMA \"other\""));
        for name in [
            "head",
            "claims",
            "barriers",
            "room",
            "revocations",
            "moments",
        ] {
            for before in ["FROM ", "INTO ", "UPDATE ", "EXISTS ", "ON "] {
                assert!(!sql.contains(&format!("{before}{name} ")), "{before}{name}");
            }
        }
    }
}
