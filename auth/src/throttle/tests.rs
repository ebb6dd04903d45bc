use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const NOON: u64 = 1_795_000_000_000;

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(NOON + millis).unwrap()
}

fn network(number: u32) -> IpAddr {
    Ipv4Addr::from(0x0A00_0000 + number).into()
}

fn throttle() -> Throttle {
    Throttle::new()
}

/// A wrong password at this moment. Whether it was verified, or how long to wait.
fn fails(throttle: &Throttle, millis: u64, subject: Subject<'_>) -> Result<(), Refusal> {
    throttle.begin(at(millis), &subject).map(drop)
}

fn refused(rule: &'static str, seconds: u64) -> Refusal {
    Refusal::throttled(Duration::from_secs(seconds)).because(rule)
}

fn millis(refused: &Refusal) -> u64 {
    u64::try_from(refused.wait().unwrap().as_millis()).unwrap()
}

#[test]
fn five_failures_are_free_and_then_waits_double_up_to_fifteen_minutes() {
    let (throttle, ada) = (throttle(), Subject::account("ada", network(1)));
    let (mut now, mut waits) = (0, Vec::new());
    for _ in 0..17 {
        if let Err(refusal) = fails(&throttle, now, ada) {
            let millis = millis(&refusal);
            assert_eq!(refusal, refused("pair", millis / 1000));
            waits.push(millis / 1000);
            // A moment too early, and then in time.
            assert!(fails(&throttle, now + millis - 1, ada).is_err());
            now += millis;
            fails(&throttle, now, ada).unwrap();
        }
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    // Another account from there, and this account from elsewhere, are as before.
    fails(&throttle, now, Subject::account("grace", network(1))).unwrap();
    fails(&throttle, now, Subject::account("ada", network(2))).unwrap();
    // An hour or two later it is forgotten.
    for _ in 0..5 {
        fails(&throttle, now + 2 * REMEMBERED, ada).unwrap();
    }
}

#[test]
fn a_success_costs_nothing_and_forgives() {
    let (throttle, ada) = (throttle(), Subject::account("ada", network(1)));
    for round in 0..100 {
        for _ in 0..4 {
            fails(&throttle, round * 240_000, ada).unwrap();
        }
        let permit = throttle.begin(at(round * 240_000), &ada).unwrap();
        throttle.succeeded(at(round * 240_000), &permit);
    }
    for _ in 0..1000 {
        let permit = throttle.begin(at(24_000_000), &ada).unwrap();
        throttle.succeeded(at(24_000_000), &permit);
        // No room for it: as if it had not come.
        let permit = throttle.begin(at(24_000_000), &ada).unwrap();
        throttle.withdrawn(at(24_000_000), &permit);
    }
}

#[test]
fn those_under_way_count() {
    let (throttle, ada) = (throttle(), Subject::account("ada", network(1)));
    let permits: Vec<_> = (0..1000).map(|_| throttle.begin(at(0), &ada)).collect();
    assert_eq!(permits.iter().filter(|permit| permit.is_ok()).count(), 5);
}

#[test]
fn a_network_fails_thirty_times_in_a_minute_however_many_names_it_tries() {
    for spraying in [network(1), "2001:db8::1".parse().unwrap()] {
        let throttle = throttle();
        let names: Vec<String> = (0..=6000).map(|number| number.to_string()).collect();
        let tried = (0..).step_by(10).zip(&names);
        let verified = tried
            .filter(|(millis, name)| {
                fails(&throttle, *millis, Subject::account(name, spraying)).is_ok()
            })
            .count();
        assert_eq!(verified, 30);
    }
}

#[test]
fn an_address_of_ipv6_is_counted_with_its_neighbours() {
    let throttle = throttle();
    let ip = |network: u128, host: u128| -> IpAddr {
        Ipv6Addr::from((0x2001_0db8 << 96) | (network << 64) | host).into()
    };
    // One account from anywhere in one /48.
    let verified =
        (0..100).filter(|n| fails(&throttle, 0, Subject::account("ada", ip(*n, *n))).is_ok());
    assert_eq!(verified.count(), 5);
    let refusal = fails(&throttle, 0, Subject::account("ada", ip(0xFFFF, 0))).unwrap_err();
    assert_eq!(refusal, refused("pair", 1));
    // Many accounts, from one /64 and from many.
    let names: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let from = |net: fn(usize) -> u128| {
        let tried = names.iter().enumerate();
        tried
            .filter(|(number, name)| {
                fails(&throttle, 0, Subject::account(name, ip(net(*number), 0))).is_ok()
            })
            .count()
    };
    assert_eq!(from(|number| number as u128), 15);
    let refusal = fails(&throttle, 0, Subject::account("x", ip(0xFFFF, 0))).unwrap_err();
    assert_eq!(refusal, refused("network", 6));
    fails(&throttle, 0, Subject::account("x", ip(0x1_0000, 0))).unwrap();
    // The same IPv4 address, however it is written.
    let mapped = Ipv4Addr::new(10, 0, 0, 9).to_ipv6_mapped().into();
    for address in [mapped, network(9), mapped, network(9), mapped] {
        fails(&throttle, 0, Subject::account("ada", address)).unwrap();
    }
    fails(&throttle, 0, Subject::account("ada", network(9))).unwrap_err();
}

/// Two thousand networks guess at one account, without an end.
#[test]
fn an_account_under_attack_lets_everybody_in_after_half_a_minute() {
    let throttle = throttle();
    let ada = |number| Subject::account("ada", network(number));
    let mut verified = 0;
    for number in 0..2_000 {
        verified += u32::from(fails(&throttle, u64::from(number), ada(number)).is_ok());
    }
    assert_eq!(verified, 100);
    // Somebody new, from elsewhere.
    let refusal = fails(&throttle, 10_000, ada(20_000)).unwrap_err();
    assert_eq!(refusal, refused("account", 30));
    for number in 0..2_000 {
        let _ = fails(&throttle, 39_000, ada(number));
    }
    let permit = throttle.begin(at(40_000), &ada(20_000)).unwrap();
    // A mistake costs half a minute again, and no more.
    drop(permit);
    let refusal = fails(&throttle, 40_000, ada(20_000)).unwrap_err();
    assert_eq!(refusal, refused("pair", 30));
    let permit = throttle.begin(at(70_000), &ada(20_000)).unwrap();
    throttle.succeeded(at(70_000), &permit);
    // Other accounts have not noticed.
    fails(
        &throttle,
        70_000,
        Subject::account("grace", network(20_000)),
    )
    .unwrap();
}

#[test]
fn a_browser_that_was_here_before_is_slowed_by_nobody_but_itself() {
    let throttle = throttle();
    let stranger = |name| Subject::account(name, network(1));
    let names: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    for name in &names {
        let _ = fails(&throttle, 0, stranger(name));
    }
    for number in 0..200 {
        let _ = fails(&throttle, 0, Subject::account("ada", network(number)));
    }
    fails(&throttle, 0, stranger("ada")).unwrap_err();
    let known = stranger("ada").known_device(Some([1; 16]));
    for _ in 0..5 {
        fails(&throttle, 0, known).unwrap();
    }
    let refusal = fails(&throttle, 0, known).unwrap_err();
    assert_eq!(refusal, refused("device", 1));
    // Another of its browsers, and this one at another account, have their own.
    fails(&throttle, 0, stranger("ada").known_device(Some([2; 16]))).unwrap();
    fails(&throttle, 0, stranger("grace").known_device(Some([1; 16]))).unwrap();
    // Its failures are not the network's.
    fails(&throttle, 0, Subject::account("ada", network(5000))).unwrap_err();
    fails(&throttle, 0, Subject::account("grace", network(5000))).unwrap();
}

#[test]
fn three_hundred_sessions_begin_at_once_and_then_one_a_second() {
    let throttle = throttle();
    let begun = |millis, subject| throttle.begin_session(at(millis), &subject).is_ok();
    // By one account from anywhere, by the token from one network.
    let account = |number| begun(0, Subject::account("ada", network(number)));
    assert_eq!((0..1000).filter(|number| account(*number)).count(), 300);
    assert_eq!(
        (0..1000)
            .filter(|_| begun(0, Subject::token(network(1))))
            .count(),
        300
    );
    assert!(begun(0, Subject::account("grace", network(1))));
    assert!(begun(0, Subject::token(network(2))));
    let refusal = throttle.begin_session(at(0), &Subject::token(network(1)));
    assert_eq!(refusal.unwrap_err(), refused("sessions", 1));
    assert!(begun(1000, Subject::token(network(1))) && !begun(1000, Subject::token(network(1))));
    // A day of it: what is printed in docs/sign-ins.md.
    let day = (0..86_400).filter(|second| begun(second * 1000, Subject::token(network(3))));
    assert_eq!(day.count(), 86_400);
    // They are nobody's failures.
    fails(&throttle, 0, Subject::token(network(1))).unwrap();
}

#[cfg(feature = "providers")]
#[test]
fn a_network_has_a_hundred_codes_exchanged_in_vain_and_then_one_a_second() {
    for from in [network(1), "2001:db8::1".parse().unwrap()] {
        let throttle = throttle();
        // Those under way count, and so do those that were given up.
        let begun = |millis| throttle.begin_exchange(at(millis), from);
        let under_way: Vec<_> = (0..1000).filter_map(|_| begun(0).ok()).collect();
        assert_eq!(under_way.len(), 100);
        assert_eq!(begun(0).unwrap_err(), refused("exchanges", 1));
        drop(under_way);
        assert!(begun(999).is_err() && begun(1000).is_ok() && begun(1000).is_err());
        // Good ones, and those that nobody has judged, cost nothing.
        for _ in 0..1000 {
            let permit = begun(2000).unwrap();
            throttle.exchange_withdrawn(at(2000), &permit);
        }
        // Other networks, and passwords from this one, have noticed nothing.
        drop(throttle.begin_exchange(at(0), network(2)).unwrap());
        fails(&throttle, 0, Subject::account("ada", from)).unwrap();
    }
}

#[test]
fn a_token_and_an_account_without_a_name_are_two() {
    let throttle = throttle();
    for _ in 0..5 {
        fails(&throttle, 0, Subject::token(network(1))).unwrap();
    }
    fails(&throttle, 0, Subject::token(network(1))).unwrap_err();
    fails(&throttle, 0, Subject::account("", network(1))).unwrap();
}

#[test]
fn a_clock_that_is_set_back_locks_nobody_out() {
    let (throttle, ada) = (throttle(), Subject::account("ada", network(1)));
    for _ in 0..30 {
        let _ = fails(&throttle, 30 * 24 * 3_600_000, ada);
    }
    let names: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    for name in &names {
        let _ = fails(
            &throttle,
            30 * 24 * 3_600_000,
            Subject::account(name, network(1)),
        );
    }
    let refusal = fails(&throttle, 0, ada).unwrap_err();
    assert!(millis(&refusal) <= 900_000, "{refusal:?}");
    // Seen by each rule once, they end.
    let _ = fails(&throttle, 1_000_000, ada);
    fails(&throttle, 2_000_000, ada).unwrap();
}

proptest! {
    /// Whoever asks, and whenever: the rules hold over any minute and hour, those who wait as long as
    /// they are told are heard, and nothing is counted for those who are refused.
    #[test]
    fn the_rules_hold_for_any_history(
        asks in proptest::collection::vec((0_u64..20_000, 0_u32..4, 0_usize..3, any::<bool>()), 1..300),
    ) {
        let throttle = throttle();
        let mut now = 0;
        let mut failed: HashMap<u32, Vec<u64>> = HashMap::new();
        let mut pairs: HashMap<(u32, usize), (u32, u64)> = HashMap::new();
        for (pause, from, name, is_right) in asks {
            now += pause;
            let subject = Subject::account(["ada", "grace", "alan"][name], network(from));
            let (failures, last) = *pairs.get(&(from, name)).unwrap_or(&(0, 0));
            let ours = failed.entry(from).or_default();
            match throttle.begin(at(now), &subject) {
                Ok(permit) if is_right => {
                    throttle.succeeded(at(now), &permit);
                    pairs.remove(&(from, name));
                }
                Ok(_) => {
                    if failures >= 5 {
                        let wait = (1000_u64 << (failures - 5)).min(900_000);
                        prop_assert!(now >= last + wait, "{now} {last} {failures}");
                    }
                    ours.push(now);
                    let minute = ours.iter().filter(|then| **then + 60_000 > now).count();
                    prop_assert!(minute <= 30, "{minute} in a minute");
                    pairs.insert((from, name), (failures + 1, now));
                }
                Err(refusal) => {
                    let wait = millis(&refusal);
                    prop_assert!(wait > 0);
                    let of = |rule| refusal == Refusal::throttled(Duration::from_millis(wait)).because(rule);
                    if of("pair") {
                        let own = (1000_u64 << failures.saturating_sub(5)).min(900_000);
                        prop_assert!(failures >= 5 && last + own == now + wait);
                    } else {
                        prop_assert!(of("network") && ours.len() >= 20 && wait <= 6000, "{refusal:?}");
                    }
                    let permit = throttle.begin(at(now + wait), &subject);
                    prop_assert!(permit.is_ok() || of("network"));
                    if let Ok(permit) = permit {
                        throttle.withdrawn(at(now + wait), &permit);
                        now += wait;
                    }
                }
            }
        }
    }
}
