//! The profiles given to `serve` → an endpoint for each, on its own path.

use std::env::VarError;
use std::sync::Arc;
use std::time::Duration;

use apply_cookies::protocol::{KeyRingError, Lifetime};
use apply_cookies::replay::{MemoryReplayStore, ReplayStore};
use apply_cookies::web::path_below;
use apply_cookies::{
    ApplyCookies, BindingPolicy, BuildError, Builder, Clock, DEFAULT_PREFIX, MESOP_SECRET_KEY,
    MesopSecret, SECRET_KEY, Secrets,
};

use crate::cli::args::profile::ProfileArg;
use crate::cli::args::serve::{BindingArg, ServeArgs};
use crate::measured::Measured;
use crate::refused::Refused;
use crate::replay::{self, Opened, Room};
use crate::settings::{self, Resolved};

/// Environment variable for the path that a Mesop app is served under.
const BASE_URL_PATH: &str = "MESOP_BASE_URL_PATH";

/// The deployments of a service, one for each profile, and what they share.
pub(crate) struct Deployments {
    pub(crate) endpoints: Vec<ApplyCookies>,
    clock: Clock,
    store: Arc<dyn ReplayStore>,
    /// How full the store is, where it is in this process.
    pub(crate) room: Option<Room>,
}

impl Deployments {
    /// Opens the store. It is one for both profiles: nonces are random, so they never collide.
    pub(crate) fn open(args: &ServeArgs, settings: &Resolved) -> Result<Self, Refused> {
        let builders = builders(args, settings)?;
        let clock = Clock::system();
        let Opened { store, shown, room } = replay::open(&args.replay, &clock)?;
        let store: Arc<dyn ReplayStore> = Arc::new(Measured(store));
        let endpoints = build(builders, args, &store, &clock)?;
        tracing::info!(replay = %shown, "opened the replay store");
        Ok(Self {
            endpoints,
            clock,
            store,
            room,
        })
    }

    /// The same with the secrets that there are now.
    pub(crate) fn again(
        &self,
        args: &ServeArgs,
        settings: &Resolved,
    ) -> Result<Vec<ApplyCookies>, Refused> {
        build(builders(args, settings)?, args, &self.store, &self.clock)
    }
}

/// What is wrong with settings that can be read one by one. No store is opened.
pub(crate) fn check(args: &ServeArgs, settings: &Resolved) -> Option<String> {
    let clock = Clock::system();
    let store: Arc<dyn ReplayStore> = Arc::new(MemoryReplayStore::new(clock.clone()));
    let built = builders(args, settings)
        .and_then(|builders| build(builders, args, &store, &clock))
        .and_then(|_| replay::check(&args.replay, &clock));
    match built {
        Ok(()) | Err(Refused::Reported) => None,
        Err(Refused::Because(reason) | Refused::Usage(reason)) => Some(reason),
    }
}

fn builders(args: &ServeArgs, settings: &Resolved) -> Result<Vec<Builder>, Refused> {
    let profiles = &args.profile;
    // There are only two, so a third is a repetition.
    if profiles.len() > 2 || matches!(profiles[..], [one, other] if one == other) {
        return usage("give each --profile once");
    }
    let prefixes = match args.prefix.len() {
        0 => profiles
            .iter()
            .map(|profile| default_prefix(*profile))
            .collect::<Result<_, _>>()?,
        given if given == profiles.len() => args.prefix.clone(),
        _ => return usage("give one --prefix for each --profile, or none"),
    };
    let own = ["/healthz", "/readyz"];
    if let Some(taken) = own.into_iter().find(|own| {
        prefixes
            .iter()
            .any(|prefix| path_below(prefix, own).is_some())
    }) {
        return usage(&format!(
            "the service itself uses {taken}; give another --prefix"
        ));
    }
    if let [one, other] = &prefixes[..]
        && (path_below(other, one).is_some() || path_below(one, other).is_some())
    {
        return usage(&format!(
            "two profiles need two separate paths, but {one} and {other} overlap; give a --prefix for each"
        ));
    }
    let only_mesop = profiles.iter().all(|profile| *profile == ProfileArg::Mesop);
    if only_mesop && matches!(args.binding, Some(BindingArg::Required)) {
        tracing::warn!(
            "--binding required refuses all of Mesop's own tokens: they carry no binding"
        );
    }
    // Each profile refuses the other's secret, whichever was given first.
    let both = profiles.len() > 1;
    profiles
        .iter()
        .zip(prefixes)
        .map(|(profile, prefix)| {
            let builder = match profile {
                ProfileArg::Native => {
                    let builder = ApplyCookies::builder(settings::secrets(settings)?);
                    if both {
                        builder.mesop(MesopSecret::from_env()?)
                    } else {
                        builder
                    }
                }
                ProfileArg::Mesop => ApplyCookies::builder(Secrets::random())
                    .mesop(MesopSecret::from_env()?)
                    .redeem_mesop()
                    .binding(BindingPolicy::Optional),
            };
            Ok(finish(builder, args, prefix))
        })
        .collect()
}

fn build(
    builders: Vec<Builder>,
    args: &ServeArgs,
    store: &Arc<dyn ReplayStore>,
    clock: &Clock,
) -> Result<Vec<ApplyCookies>, Refused> {
    builders
        .into_iter()
        .map(|builder| {
            let builder = builder.clock(clock.clone()).replay_store(store.clone());
            builder.build().map_err(|error| match error {
                BuildError::Prefix(_) if args.prefix.is_empty() => {
                    Refused::Because(format!("{BASE_URL_PATH}: {error}"))
                }
                BuildError::Prefix(_) => Refused::Usage(format!("--prefix: {error}")),
                BuildError::Ring(KeyRingError::SecretOfMesop) => Refused::Because(format!(
                    "{MESOP_SECRET_KEY} is also {SECRET_KEY} or a previous secret; give each its own (`apply-cookies keygen` makes one)"
                )),
                error => error.into(),
            })
        })
        .collect()
}

fn usage<T>(reason: &str) -> Result<T, Refused> {
    Err(Refused::Usage(reason.to_owned()))
}

fn finish(builder: Builder, args: &ServeArgs, prefix: String) -> Builder {
    let max_ttl = Duration::from_millis(args.max_ttl.as_millis());
    // It makes no tokens, but tells the page how long they live.
    let lifetime = max_ttl.min(Duration::from_millis(Lifetime::default().as_millis()));
    let mut builder = builder
        .prefix(prefix)
        .lifetime(lifetime)
        .max_lifetime(max_ttl);
    for origin in &args.origin {
        builder = builder.origin(origin.as_str());
    }
    if let Some(binding) = args.binding {
        builder = builder.binding(binding.into());
    }
    if args.allow_insecure_http {
        builder = builder.allow_insecure_http();
    }
    builder
}

fn default_prefix(profile: ProfileArg) -> Result<String, Refused> {
    let base = match (profile, std::env::var(BASE_URL_PATH)) {
        (ProfileArg::Mesop, Ok(base)) => base,
        (ProfileArg::Mesop, Err(VarError::NotUnicode(_))) => {
            let reason = "is not UTF-8 text; set it to the path of the Mesop app, as in /app";
            return Err(format!("{BASE_URL_PATH} {reason}").into());
        }
        (ProfileArg::Mesop, Err(VarError::NotPresent)) | (ProfileArg::Native, _) => String::new(),
    };
    // Spaces around it are ignored, as in Mesop.
    let base = base.trim().trim_matches('/');
    Ok(if base.is_empty() {
        DEFAULT_PREFIX.to_owned()
    } else {
        format!("/{base}{DEFAULT_PREFIX}")
    })
}
