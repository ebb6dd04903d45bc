//! Redis under Sentinel.

use super::process::wait_until;
use super::redis::{Redis, RedisOptions};

/// The name of the deployment.
pub const NAME: &str = "mymaster";

/// A primary and its replica, and Sentinels that watch them: half a second without an answer, and
/// the replica is promoted.
#[derive(Debug)]
pub struct Sentinels {
    /// The primary at first, and its replica.
    pub servers: [Redis; 2],
    pub sentinels: Vec<Redis>,
}

impl Sentinels {
    /// Servers with these arguments, and as many Sentinels, most of which must agree.
    pub fn start(count: usize, args: &[&str]) -> Self {
        let primary = Redis::start(args);
        let replica = primary.replica(args);
        let config = format!(
            "sentinel monitor {NAME} 127.0.0.1 {} {}\n\
             sentinel down-after-milliseconds {NAME} 500\n\
             sentinel failover-timeout {NAME} 5000\n",
            primary.port(),
            count / 2 + 1,
        );
        let options = RedisOptions {
            config: Some(config),
            ..RedisOptions::new(&["--sentinel"])
        };
        let sentinels = (0..count).map(|_| Redis::start_with(options.clone()));
        let started = Self {
            sentinels: sentinels.collect(),
            servers: [primary, replica],
        };
        for sentinel in &started.sentinels {
            wait_until("known to all Sentinels", || {
                let all = format!("slaves=1,sentinels={count}");
                sentinel.info("master0").ends_with(&all).then_some(())
            });
        }
        started
    }

    /// The addresses of all Sentinels, with commas between.
    pub fn addresses(&self) -> String {
        let addresses: Vec<_> = self.sentinels.iter().map(Redis::address).collect();
        addresses.join(",")
    }

    /// The place in `servers` of the one that a Sentinel calls the primary.
    pub fn primary(&self) -> usize {
        let answer = self.sentinels[0].cli(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME]);
        let port = answer.lines().last().unwrap_or_default();
        self.servers
            .iter()
            .position(|server| server.port().to_string() == port)
            .unwrap_or_else(|| panic!("a stranger is the primary: {answer}"))
    }

    /// Returns when all Sentinels call this one the primary, and it is.
    pub fn wait_for_primary(&self, place: usize) {
        let port = self.servers[place].port().to_string();
        wait_until("the primary of all Sentinels", || {
            let all = self.sentinels.iter().all(|sentinel| {
                let answer = sentinel.cli(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME]);
                answer.lines().last() == Some(&port)
            });
            (all && self.servers[place].role() == "master").then_some(())
        });
    }
}
