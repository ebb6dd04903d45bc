//! Which processors run what: a server gets its own, and the driver the last one. Only on Linux;
//! elsewhere the system decides, and the program starts a worker for each processor.

/// The numbers of this process's processors.
pub(crate) struct Processors(Vec<usize>);

impl Processors {
    pub(crate) fn all(&self) -> &[usize] {
        &self.0
    }

    pub(crate) fn first(&self) -> &[usize] {
        &self.0[..1]
    }

    /// Runs this on those processors, where its child processes stay; then this thread leaves for
    /// the last one.
    pub(crate) fn run_on<T>(&self, given: &[usize], run: impl FnOnce() -> T) -> T {
        stay_on(given);
        let done = run();
        stay_on(&self.0[self.0.len() - 1..]);
        done
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn of_this_process() -> Self {
        let set = rustix::thread::sched_getaffinity(None).expect("its processors");
        let is_given = |processor: &usize| set.is_set(*processor);
        Self(
            (0..rustix::thread::CpuSet::MAX_CPU)
                .filter(is_given)
                .collect(),
        )
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn of_this_process() -> Self {
        let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self((0..count).collect())
    }
}

#[cfg(target_os = "linux")]
fn stay_on(processors: &[usize]) {
    let mut set = rustix::thread::CpuSet::new();
    for processor in processors {
        set.set(*processor);
    }
    rustix::thread::sched_setaffinity(None, &set).expect("its own processors");
}

#[cfg(not(target_os = "linux"))]
fn stay_on(_: &[usize]) {}
