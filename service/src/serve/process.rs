//! What the system says of this process. `None` where it does not say it as Linux does.

/// Bytes of memory.
pub(super) fn resident_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// Open files, connections included.
pub(super) fn open_files() -> Option<usize> {
    let files = std::fs::read_dir("/proc/self/fd").ok()?;
    // The folder itself is open for the moment.
    files.count().checked_sub(1)
}
