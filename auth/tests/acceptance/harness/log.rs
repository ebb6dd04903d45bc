//! The log of a process, and of nothing else.

use std::env;
use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex};

use tracing_subscriber::filter::LevelFilter;

const ALONE: &str = "APPLY_COOKIES_TEST_ALONE";

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Runs a test of this binary again, in a process where nothing else runs, with everything that
    /// it logs. `module` is the test's `module_path!()`.
    pub(crate) fn of_a_process(module: &str, test: &str, body: impl FnOnce(&Self)) {
        if env::var_os(ALONE).is_some() {
            let log = Self::default();
            let writer = log.clone();
            tracing_subscriber::fmt()
                .with_max_level(LevelFilter::TRACE)
                .with_ansi(false)
                .with_writer(move || writer.clone())
                .init();
            return body(&log);
        }
        let (_, module) = module.split_once("::").unwrap();
        let run = Command::new(env::current_exe().unwrap())
            .args(["--exact", &format!("{module}::{test}")])
            .env(ALONE, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(
            run.status.success() && said.contains("1 passed"),
            "{said}{}",
            String::from_utf8_lossy(&run.stderr)
        );
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
