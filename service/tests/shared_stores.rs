//! Four services on one Redis and on one Postgres: clients that race, processes and servers that are
//! killed.
//!
//! `APPLY_COOKIES_FAULTS=full` sets the full counts; `scripts/faults` sets it.

#![cfg(target_os = "linux")]

#[path = "support/racer.rs"]
mod racer;
#[path = "../../replay/tests/support/servers/mod.rs"]
mod servers;
#[path = "support/service.rs"]
mod service;
mod support;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use racer::{CLIENTS, Owners, race, tokens, tokens_from};
use rand::Rng;
use servers::{Postgres, Redis};
use service::Service;

const PROCESSES: usize = 4;

/// Tokens for each kill.
const TOKENS: usize = 20;

/// A token may be issued up to five seconds ahead, and a store refuses those that were issued less
/// than five seconds after its horizon. Tokens of this clock arrive soon after a server that lost
/// everything is back, so that each of many kills has something to double.
const AHEAD: Duration = Duration::from_millis(4_900);

/// A little more than what is left of the five seconds.
const SOON: Duration = Duration::from_millis(200);

/// The count of a short run, and that of a full one.
fn count(short: usize, full: usize) -> usize {
    match std::env::var("APPLY_COOKIES_FAULTS").as_deref() {
        Ok("full") => full,
        _ => short,
    }
}

fn random(below: usize) -> usize {
    usize::try_from(rand::rng().next_u32()).unwrap() % below
}

/// A server that keeps a store.
trait Server {
    const NAME: &str;
    /// Whether it is empty after a kill.
    const FORGETS: bool;

    fn url(&self) -> String;

    /// Kills it, and starts it again.
    fn restart(&mut self);

    /// Claims `TOKENS` names, always the same, with nothing but uniqueness, as most would. Returns how
    /// many were free.
    fn claim_plainly(&self) -> usize;
}

impl Server for Redis {
    const NAME: &str = "Redis";
    const FORGETS: bool = true;

    fn url(&self) -> String {
        self.url()
    }

    fn restart(&mut self) {
        self.restart();
    }

    fn claim_plainly(&self) -> usize {
        let script = "local free = 0
            for name = 1, ARGV[1] do
                if redis.call('SET', 'control:' .. name, 1, 'NX') then free = free + 1 end
            end
            return free";
        let free = self.cli(&["EVAL", script, "0", &TOKENS.to_string()]);
        free.parse().unwrap()
    }
}

impl Server for Postgres {
    const NAME: &str = "Postgres";
    const FORGETS: bool = false;

    fn url(&self) -> String {
        self.url()
    }

    fn restart(&mut self) {
        self.restart();
    }

    fn claim_plainly(&self) -> usize {
        let free = self.sql(&format!(
            "CREATE TABLE IF NOT EXISTS control (name integer PRIMARY KEY);
             WITH put AS (INSERT INTO control SELECT generate_series(1, {TOKENS})
                 ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) FROM put"
        ));
        free.parse().unwrap()
    }
}

/// A server and its services.
struct World<S> {
    server: S,
    services: Vec<Service>,
}

impl<S: Server> World<S> {
    fn new(server: S) -> Self {
        let services: Vec<_> = (0..PROCESSES).map(|_| serve(&server)).collect();
        services.iter().for_each(Service::wait_until_ready);
        Self { server, services }
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.services.iter().map(|one| one.address).collect()
    }

    /// Clients race, something is killed, and the same tokens are raced for again.
    fn kill_under_load(&mut self, what: &str, kills: usize, mut kill: impl FnMut(&mut Self)) {
        let (mut tokens, owners, begun) = (Vec::new(), Owners::default(), Instant::now());
        let mut before = 0;
        for _ in 0..kills {
            std::thread::sleep(SOON);
            let which: Vec<usize> = (tokens.len()..tokens.len() + TOKENS).collect();
            tokens.extend(tokens_from(TOKENS, AHEAD));
            let (services, released) = (self.addresses(), owners.released());
            // While some are released and others are not.
            let enough = released + 1 + random(TOKENS - 1);
            std::thread::scope(|scope| {
                let racing = scope.spawn(|| race(&services, &tokens, &which, &owners));
                while owners.released() < enough && !racing.is_finished() {
                    std::thread::sleep(Duration::from_micros(200));
                }
                before += owners.released() - released;
                assert!(
                    owners.released() > released,
                    "nothing was released before the kill, so this proves nothing"
                );
                kill(self);
            });
            race(&self.addresses(), &tokens, &which, &owners);
        }
        let (late, unavailable) = (owners.with(410), owners.with(503));
        println!(
            "table: {}: {kills} kills of {what}, {PROCESSES} services, {CLIENTS} clients, {} tokens | {} posts in {:.0} s, {before} tokens released before the kills and {} after, {} doubles, {late} refused by 410, {unavailable} by 503",
            S::NAME,
            tokens.len(),
            owners.posts(),
            begun.elapsed().as_secs_f64(),
            owners.released() - before,
            owners.doubles(),
        );
        assert_eq!(owners.doubles(), 0);
        assert_eq!(owners.failures(), late + unavailable);
    }
}

fn serve(server: &impl Server) -> Service {
    Service::start_quiet(&["--replay", &server.url()])
}

fn everyone_races<S: Server>(server: S) {
    let world = World::new(server);
    let tokens = tokens(count(200, 10_000));
    let all: Vec<usize> = (0..tokens.len()).collect();
    let (owners, begun) = (Owners::default(), Instant::now());
    race(&world.addresses(), &tokens, &all, &owners);
    println!(
        "table: {}: {CLIENTS} clients race over {} tokens, {PROCESSES} services | {} posts in {:.1} s, {} doubles",
        S::NAME,
        tokens.len(),
        owners.posts(),
        begun.elapsed().as_secs_f64(),
        owners.doubles(),
    );
    assert_eq!(owners.doubles(), 0);
    assert_eq!(owners.failures(), 0);
    assert_eq!(
        owners.posts(),
        u64::try_from(CLIENTS * tokens.len()).unwrap()
    );
    assert_eq!(owners.released(), tokens.len());
}

fn nothing_doubles_by_kills<S: Server>(server: S) {
    let mut world = World::new(server);
    let kills = count(2, 50);
    world.kill_under_load("a service", kills, |world| {
        let victim = &mut world.services[random(PROCESSES)];
        victim.child.kill().unwrap();
        victim.child.wait().unwrap();
        *victim = serve(&world.server);
    });
    assert_eq!(world.server.claim_plainly(), TOKENS);
    let mut doubled = 0;
    world.kill_under_load("the server", kills, |world| {
        world.server.restart();
        doubled += world.server.claim_plainly();
    });
    std::thread::sleep(Duration::from_secs(6));
    let tokens = tokens(count(50, 2_000));
    let all: Vec<usize> = (0..tokens.len()).collect();
    let owners = Owners::default();
    race(&world.addresses(), &tokens, &all, &owners);
    println!(
        "table: {}: tokens issued six seconds after the last kill | {} of {} released, {} doubles; uniqueness alone doubled {doubled} of {} names over the kills of the server",
        S::NAME,
        owners.released(),
        tokens.len(),
        owners.doubles(),
        kills * TOKENS,
    );
    assert_eq!(owners.doubles(), 0);
    assert!(owners.released() * 100 >= tokens.len() * 99);
    let lost = if S::FORGETS { kills * TOKENS } else { 0 };
    assert_eq!(doubled, lost, "the control, which shows what was lost");
}

#[test]
fn of_many_clients_one_gets_each_token_from_four_services_on_one_redis() {
    everyone_races(Redis::start(&[]));
}

#[test]
fn of_many_clients_one_gets_each_token_from_four_services_on_one_postgres() {
    everyone_races(Postgres::start(&[]));
}

#[test]
fn nothing_doubles_when_services_and_their_redis_are_killed() {
    nothing_doubles_by_kills(Redis::start(&[]));
}

#[test]
fn nothing_doubles_when_services_and_their_postgres_are_killed() {
    nothing_doubles_by_kills(Postgres::start(&[]));
}
