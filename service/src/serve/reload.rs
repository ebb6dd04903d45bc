//! SIGHUP: secrets and certificates are read again. What else has changed is named.

use apply_cookies::Profile;
use clap::ArgMatches;

use super::current::Current;
use super::internal;
use super::tls::Tls;
use crate::api::Api;
use crate::profiles::Deployments;
use crate::settings::{Found, resolve};

/// Settings whose files are read again, wherever they now are.
const READ_AGAIN: [&str; 6] = [
    "secret_key_file",
    "previous_keys_file",
    "api.keys_file",
    "tls.cert_file",
    "tls.key_file",
    "tls.client_ca_file",
];

/// What a running service can read again.
pub(super) struct Reload<'a> {
    pub(super) given: &'a ArgMatches,
    pub(super) deployments: &'a Deployments,
    pub(super) current: &'a Current,
    /// The settings that this process runs with.
    pub(super) running: &'a [Found],
    /// The certificates of the public listener, and of the others.
    pub(super) tls: [Option<Tls>; 2],
    pub(super) api: Option<Api>,
}

impl Reload<'_> {
    /// Takes what can be used; the rest stays as it was.
    pub(super) fn again(&self) {
        let settings = resolve(self.given);
        for mistake in &settings.mistakes {
            tracing::error!(%mistake, "nothing is read again: a setting is wrong");
        }
        let Some(args) = &settings.args else {
            return;
        };
        for key in self.changed(&settings.found) {
            tracing::warn!(
                setting = key,
                "this setting has changed: it needs a restart"
            );
        }
        let again = self.deployments.again(args, &settings);
        match again.and_then(|endpoints| Ok((endpoints, internal::keys(args)?))) {
            Ok((endpoints, keys)) => {
                let native = endpoints
                    .iter()
                    .find(|cookies| cookies.profile() == Profile::Native);
                if let (Some(api), Some(native)) = (&self.api, native) {
                    api.reload(native.clone(), keys);
                }
                self.current.replace(endpoints);
                tracing::info!("the secrets have been read again");
            }
            Err(refused) => {
                tracing::error!(why = refused.reason(), "the secrets stay as they were");
            }
        }
        for (tls, clients) in self.tls.iter().zip([false, true]) {
            if let Some(Err(why)) = tls.as_ref().map(|tls| tls.again(args, clients)) {
                tracing::error!(why, "the certificate stays as it was");
            }
        }
    }

    fn changed<'f>(&self, found: &'f [Found]) -> Vec<&'f str> {
        let differs = |found: &&Found| {
            let mut running = self.running.iter();
            !running.any(|own| own.key == found.key && own.values == found.values)
        };
        let changed = found.iter().filter(differs);
        changed
            .map(|found| found.key.0.as_str())
            .filter(|key| !READ_AGAIN.contains(key))
            .collect()
    }
}
