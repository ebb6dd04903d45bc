//! TLS: the certificate and the name are verified.

use apply_cookies_replay::ReplayStore;

use crate::load::open;
use crate::refusals::refusal;
use crate::servers::{Certificates, Postgres, PostgresOptions, wait_until};
use crate::setup::wait;

#[test]
fn only_a_server_with_a_known_certificate_is_asked() {
    let certificates = Certificates::new();
    let postgres = Postgres::start_with(PostgresOptions {
        certificates: Some(certificates.clone()),
        ..PostgresOptions::new(&[])
    });
    postgres.hba("hostnossl all all 127.0.0.1/32 reject");
    let trusting = |certificates: &Certificates, mode| {
        let file = certificates.ca();
        format!(
            "{}?sslmode={mode}&ca_file={}",
            postgres.url(),
            file.display()
        )
    };
    for mode in ["require", "verify-full"] {
        let url = trusting(&certificates, mode);
        let store = open(&format!("{url}&connect=20s&timeout=60s"));
        wait_until("connected", || wait(store.horizon()).ok());
        let words = refusal(&trusting(&Certificates::new(), mode));
        assert!(words.contains("certificate"), "{words}");
    }
    assert!(refusal(&postgres.url()).contains("no encryption"));
    let plain = Postgres::start(&[]);
    let url = format!("{}?sslmode=require", plain.url());
    let words = refusal(&format!("{url}&ca_file={}", certificates.ca().display()));
    assert!(words.contains("TLS"), "{words}");
}
