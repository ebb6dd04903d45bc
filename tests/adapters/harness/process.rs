//! Log and counters belong to a whole process, and all tests share one.

use std::env;
use std::process::Command;

const ALONE: &str = "APPLY_COOKIES_TEST_ALONE";

/// Runs a test of this binary again, in a process where nothing else runs. `module` is the
/// test's `module_path!()`.
pub(crate) fn in_a_process_of_its_own(module: &str, test: &str, body: impl FnOnce()) {
    if env::var_os(ALONE).is_some() {
        return body();
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
