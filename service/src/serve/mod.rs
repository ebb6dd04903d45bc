//! `serve`: the endpoint as a separate program, for an app in any language.
//!
//! Two listeners, never one: the public one has the endpoint's paths, the internal one what only the
//! app and the operator may ask. A proxy's rule that is too wide then leaks nothing.

mod deadline;
mod gate;
mod waiting;

mod socket;
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;

mod places;

mod server;

mod access;
mod current;
mod pages;
mod process;
mod signals;

mod health;

mod numbers;

#[cfg(unix)]
mod open_files;

#[cfg(unix)]
mod notify;

mod internal;
mod public;

mod reload;

use std::time::Duration;

use actix_server::Server;
use actix_web::rt::{self, time::sleep};
use clap::ArgMatches;
use futures_util::future::{Either, select, try_join_all};

use self::current::Current;
use self::numbers::Numbers;
use self::reload::Reload;
use self::signals::{Signals, Told};
use self::tls::Tls;
use crate::cli::args::serve::ServeArgs;
use crate::listen::{self, Inherited, Listener};
use crate::log;
use crate::profiles::Deployments;
use crate::refused::Refused;
use crate::settings::{self, Resolved};

/// How often what is counted is put in order.
const UPKEEP: Duration = Duration::from_secs(5);

pub(crate) fn run(given: &ArgMatches) -> Result<(), Refused> {
    let settings = settings::resolve(given);
    settings::report(&settings)?;
    let Some(args) = &settings.args else {
        return Err(Refused::Reported);
    };
    log::start(&args.log_filter, args.log_format);
    log::warn_of_filter();
    #[cfg(unix)]
    open_files::raise_for(connections(args));
    let counted = numbers::install()?;
    let deployments = Deployments::open(args, &settings)?;
    let current = Current::new(deployments.endpoints.clone());
    let numbers = Numbers::new(counted, current.clone(), deployments.room.clone());
    let mut listeners = Listeners::open(args)?;
    // Removed once nobody listens any more, however this ends.
    let all = listeners.0.iter_mut().flatten();
    let _files: Vec<_> = all.filter_map(Listener::take_file).collect();
    let reload = Reload {
        given,
        deployments: &deployments,
        current: &current,
        running: &settings.found,
        tls: [Tls::read(args, false)?, Tls::read(args, true)?],
        api: internal::api(args, &current, &listeners.0[1])?,
    };
    let system = rt::System::new();
    system.block_on(serve(args, &settings, listeners, numbers, reload))
}

/// All that there may be at a time. Whoever takes the public ones must leave files for the others.
#[cfg(unix)]
fn connections(args: &ServeArgs) -> usize {
    let others = args.api_listen.iter().chain(&args.metrics_listen).count();
    (args.limits_connections).saturating_add(others * internal::CONNECTIONS)
}

/// The sockets of each listener: public, internal, metrics.
struct Listeners([Vec<Listener>; 3]);

impl Listeners {
    fn open(args: &ServeArgs) -> Result<Self, Refused> {
        let places = [
            &args.listen[..],
            args.api_listen.as_slice(),
            args.metrics_listen.as_slice(),
        ];
        let mut inherited = Inherited::look(places.into_iter().flatten());
        let (of_public, of_others) = (args.socket_options(), args.api_socket_options());
        let mut open = |places: &[_], options| listen::open(places, options, &mut inherited);
        let public = open(places[0], &of_public)?;
        let internal = open(places[1], &of_others)?;
        let metrics = open(places[2], &of_others)?;
        for address in internal.iter().filter_map(Listener::network) {
            if !address.ip().is_loopback() && args.tls_cert_file.is_none() {
                return Err(Refused::usage(format_args!(
                    "--api-listen {address} can be reached from other machines, and has no TLS; give unix:/PATH, or an address of this machine as 127.0.0.1:8789"
                )));
            }
        }
        Ok(Self([public, internal, metrics]))
    }
}

async fn serve(
    args: &ServeArgs,
    settings: &Resolved,
    Listeners([public, internal, metrics]): Listeners,
    numbers: Numbers,
    reload: Reload<'_>,
) -> Result<(), Refused> {
    // Before anybody is told the address: whoever reads it may stop the service at once.
    let mut signals = Signals::listen()?;
    let current = reload.current;
    let addresses: Vec<_> = public.iter().map(Listener::address).collect();
    let mut servers = vec![public::start(
        public,
        args,
        reload.tls[0].as_ref(),
        current,
    )?];
    let all = [
        ("internal", internal, reload.api.clone()),
        ("metrics", metrics, None),
    ];
    for (name, listeners, api) in all {
        if let Some(address) = listeners.first().map(Listener::address) {
            let tls = reload.tls[1].as_ref();
            servers.push(internal::start(
                listeners, name, args, tls, api, current, &numbers,
            )?);
            if name == "internal" {
                tracing::info!(api = address, "the internal listener is open");
            } else {
                tracing::info!(metrics = address, "the metrics listener is open");
            }
        }
    }
    if let Some(file) = &settings.file {
        tracing::info!(file = %file.display(), "settings");
    }
    for address in addresses {
        for cookies in &*current.endpoints() {
            tracing::info!(%address, configuration = ?cookies, "listening");
        }
    }
    let handles: Vec<_> = servers.iter().map(Server::handle).collect();
    let stop = async {
        while signals.next().await == Told::ReadAgain {
            around_reload(|| reload.again());
        }
        tracing::info!("draining; another signal ends it at once");
        #[cfg(unix)]
        notify::say(&[sd_notify::NotifyState::Stopping]);
        if let Some(api) = &reload.api {
            api.close();
        }
        for handle in handles {
            drop(handle.stop(true));
        }
        while signals.next().await == Told::ReadAgain {}
    };
    rt::spawn(upkeep(numbers));
    #[cfg(unix)]
    rt::spawn(notify::supervise(current.clone()));
    let served = try_join_all(servers);
    if let Either::Left((ended, _)) = select(served, std::pin::pin!(stop)).await {
        ended?;
    }
    tracing::info!("stopped");
    Ok(())
}

/// Tells systemd that settings are read again, and when that is done.
fn around_reload(again: impl FnOnce()) {
    #[cfg(unix)]
    if let Ok(now) = sd_notify::NotifyState::monotonic_usec_now() {
        notify::say(&[sd_notify::NotifyState::Reloading, now]);
    }
    again();
    #[cfg(unix)]
    notify::say(&[sd_notify::NotifyState::Ready]);
}

async fn upkeep(numbers: Numbers) {
    loop {
        sleep(UPKEEP).await;
        numbers.upkeep();
    }
}
