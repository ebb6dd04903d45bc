//! What a process has logged and counted.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tracing_subscriber::filter::LevelFilter;

use super::notes::wait;

/// Log and counters of the whole process, which must be the test's own.
pub(crate) struct Observer {
    log: Log,
    counters: Snapshotter,
}

impl Observer {
    /// With the log at the default level.
    pub(crate) fn install() -> Self {
        Self::at(LevelFilter::INFO)
    }

    pub(crate) fn at(level: LevelFilter) -> Self {
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        let recorder = DebuggingRecorder::new();
        let counters = recorder.snapshotter();
        recorder.install().unwrap();
        Self { log, counters }
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap()
    }

    pub(crate) fn wait_for(&self, words: &str) {
        wait(|| self.log().contains(words).then_some(()));
    }

    /// The counters that are not zero, by name and label, but for those of keys and bindings, and
    /// the endpoint's path, which is always the same. A snapshot takes what it shows, so this can be
    /// asked once.
    pub(crate) fn counters(&self) -> BTreeMap<String, u64> {
        let mut counters = BTreeMap::new();
        for (key, _, _, value) in self.counters.snapshot().into_vec() {
            let (name, labels) = key.key().clone().into_parts();
            let mut name = name.as_str().to_owned();
            for label in labels.iter().filter(|label| label.key() != "endpoint") {
                name.extend([" ", label.key(), "=", label.value()]);
            }
            let apart = ["key_uses", "bindings"]
                .iter()
                .any(|part| name.contains(part));
            if let DebugValue::Counter(count @ 1..) = value
                && !apart
            {
                counters.insert(name, count);
            }
        }
        counters
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Our counters, as [`Observer::counters`] gives them.
pub(crate) fn counters<const N: usize>(expected: [(&str, u64); N]) -> BTreeMap<String, u64> {
    expected
        .map(|(name, count)| (format!("apply_cookies_{name}"), count))
        .into()
}
