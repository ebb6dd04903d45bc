//! The processor time of this thread, which excludes other work on the machine.

/// Seconds of processor time that this thread has used.
#[cfg(unix)]
pub(crate) fn stopwatch() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    std::time::Duration::try_from(time)
        .expect("not before the start")
        .as_secs_f64()
}

#[cfg(not(unix))]
pub(crate) fn stopwatch() -> f64 {
    static START: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed().as_secs_f64()
}
