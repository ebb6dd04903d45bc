//! What the log is told, and how often.

use apply_cookies::SetCookie;

use super::{HTTPS, LOCAL, Server, Visit, deployment};
use crate::harness::extractors::{Cart, EVERY_CLASS};
use crate::harness::{Ask, Observer, Reply, Script, in_a_process_of_its_own};

#[test]
fn a_name_that_loses_its_prefix_is_said_once() {
    in_a_process_of_its_own(
        module_path!(),
        "a_name_that_loses_its_prefix_is_said_once",
        || {
            const PREFIX: &str = "written and read without it";
            const SECURE: &str = "asks for Secure over plain http";
            const MIXED: &str = "keep none of them for the pages on plain http";
            let observer = Observer::install();
            let said = |words| observer.log().matches(words).count();
            let script = || {
                Script::at("/", |ask: Ask| async move {
                    ask.pending.set(&Cart { items: 3 })?;
                    ask.pending.set(&Visit { page: 1 })?;
                    ask.pending.set(SetCookie::new("__Host-raw", "v"))?;
                    ask.pending.set(SetCookie::new("a", "v").secure(true))?;
                    ask.pending.set(SetCookie::new("b", "v").secure(true))?;
                    ask.pending.delete_cookie("__Secure-old")?;
                    assert!(ask.pending.get_raw("__Http-none").is_err());
                    Ok(Reply::done())
                })
            };
            let server = Server::with(deployment(&[HTTPS])).start(script());
            assert_eq!(server.get("/", &[]).status, 200);
            assert_eq!((said(PREFIX), said(SECURE), said(MIXED)), (0, 0, 0));
            let server = Server::with(deployment(&[LOCAL])).start(script());
            for _ in 0..3 {
                assert_eq!(server.get("/", &[]).status, 200);
                server.get(EVERY_CLASS, &[]);
            }
            assert_eq!((said(PREFIX), said(SECURE), said(MIXED)), (1, 1, 0));
            Server::with(deployment(&[LOCAL, HTTPS])).bare();
            assert_eq!((said(PREFIX), said(SECURE), said(MIXED)), (1, 1, 1));
        },
    );
}
