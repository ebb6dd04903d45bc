//! A Cluster of Redis.

use super::process::wait_until;
use super::redis::{Redis, RedisOptions};

const SLOTS: usize = 16_384;

/// Primaries that share the slots. Connect to any of `nodes`.
#[derive(Debug)]
pub struct Cluster {
    pub nodes: Vec<Redis>,
}

impl Cluster {
    pub fn start(count: usize) -> Self {
        Self::start_with(count, &RedisOptions::default())
    }

    pub fn start_with(count: usize, options: &RedisOptions) -> Self {
        let options = RedisOptions {
            cluster: true,
            ..options.clone()
        };
        let nodes: Vec<_> = (0..count)
            .map(|_| Redis::start_with(options.clone()))
            .collect();
        for (n, node) in nodes.iter().enumerate() {
            let first = n * SLOTS / count;
            let last = (n + 1) * SLOTS / count - 1;
            let range = [first, last].map(|slot| slot.to_string());
            node.cli(&["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]]);
            // Nodes of one epoch would have to settle who is right about a slot.
            node.cli(&["CLUSTER", "SET-CONFIG-EPOCH", &(n + 1).to_string()]);
        }
        for node in &nodes[1..] {
            let ports = [node.port(), node.second_port()].map(|port| port.to_string());
            nodes[0].cli(&["CLUSTER", "MEET", "127.0.0.1", &ports[0], &ports[1]]);
        }
        let cluster = Self { nodes };
        cluster.wait_until_ok();
        cluster
    }

    /// All nodes know one another, and serve all slots.
    pub fn wait_until_ok(&self) {
        let count = self.nodes.len().to_string();
        for node in &self.nodes {
            wait_until("a whole Cluster", || {
                let info = node.cli(&["CLUSTER", "INFO"]);
                let has = |line: String| info.lines().any(|found| found.trim_end() == line);
                (has("cluster_state:ok".into()) && has(format!("cluster_known_nodes:{count}")))
                    .then_some(())
            });
        }
    }

    pub fn slot_of(&self, key: &str) -> u16 {
        self.nodes[0]
            .cli(&["CLUSTER", "KEYSLOT", key])
            .parse()
            .unwrap()
    }

    /// The place in `nodes` of the one that serves a slot.
    pub fn owner_of(&self, slot: u16) -> usize {
        self.nodes
            .iter()
            .position(|node| serves(node, slot))
            .expect("a slot has an owner")
    }

    /// Moves a slot and its keys to a node, which may be in use the while.
    pub fn move_slot(&self, slot: u16, to: usize) {
        let from = self.owner_of(slot);
        if from != to {
            self.begin_move(slot, from, to);
            while self.move_keys(slot, from, to, 100) > 0 {}
            self.end_move(slot, to);
        }
    }

    /// From now on keys that its owner has not are asked of the other.
    pub fn begin_move(&self, slot: u16, from: usize, to: usize) {
        let slot = slot.to_string();
        let (from, to) = (&self.nodes[from], &self.nodes[to]);
        to.cli(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &id_of(from)]);
        from.cli(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &id_of(to)]);
    }

    /// Moves some of its keys, and returns how many.
    pub fn move_keys(&self, slot: u16, from: usize, to: usize, most: usize) -> usize {
        let (slot, most) = (slot.to_string(), most.to_string());
        let found = self.nodes[from].cli(&["CLUSTER", "GETKEYSINSLOT", &slot, &most]);
        let keys: Vec<_> = found.lines().collect();
        if !keys.is_empty() {
            let port = self.nodes[to].port().to_string();
            let migrate = ["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
            self.nodes[from].cli(&[&migrate, &keys[..]].concat());
        }
        keys.len()
    }

    /// Tells all nodes of the new owner, itself first.
    pub fn end_move(&self, slot: u16, to: usize) {
        let (slot, id) = (slot.to_string(), id_of(&self.nodes[to]));
        let (before, rest) = self.nodes.split_at(to);
        for node in rest.iter().chain(before) {
            node.cli(&["CLUSTER", "SETSLOT", &slot, "NODE", &id]);
        }
    }

    /// The addresses of all nodes, with commas between.
    pub fn addresses(&self) -> String {
        let addresses: Vec<_> = self.nodes.iter().map(Redis::address).collect();
        addresses.join(",")
    }
}

fn id_of(node: &Redis) -> String {
    node.cli(&["CLUSTER", "MYID"])
}

/// Whether it says that it serves a slot: its own line ends with numbers, `first-last`, and slots
/// that move (`[7-<-…]`).
fn serves(node: &Redis, slot: u16) -> bool {
    let nodes = node.cli(&["CLUSTER", "NODES"]);
    let own = nodes.lines().find(|line| line.contains("myself"));
    own.expect("a line of its own")
        .split_whitespace()
        .skip(8)
        .any(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            match (first.parse::<u16>(), last.parse::<u16>()) {
                (Ok(first), Ok(last)) => (first..=last).contains(&slot),
                _ => false,
            }
        })
}
