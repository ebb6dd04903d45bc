//! Frees large pieces of memory on its own thread. That takes the system milliseconds for a
//! generation, and for a single table too when the allocator joins it with free memory next to it
//! and returns the whole. No request should wait for that.

use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// Pieces with fewer entries are dropped on the spot.
const LARGE: usize = 4_096;

/// The thread starts with the first large piece, and ends with the store.
#[derive(Default)]
pub(super) struct Reaper(OnceLock<Option<Sender<Box<dyn Send>>>>);

impl Reaper {
    pub(super) fn take(&self, entries: usize, dropped: impl Send + 'static) {
        if entries < LARGE {
            return;
        }
        // Without a thread, or when it is gone, the piece is dropped here.
        if let Some(sender) = self.0.get_or_init(start) {
            let _ = sender.send(Box::new(dropped));
        }
    }
}

fn start() -> Option<Sender<Box<dyn Send>>> {
    let (sender, receiver) = channel();
    thread::Builder::new()
        .name("apply-cookies-forget".to_owned())
        .spawn(move || receiver.into_iter().for_each(drop))
        .ok()?;
    Some(sender)
}

#[cfg(test)]
mod tests {
    use std::thread::ThreadId;

    use super::*;

    struct Piece(Sender<ThreadId>);

    impl Drop for Piece {
        fn drop(&mut self) {
            let _ = self.0.send(thread::current().id());
        }
    }

    #[test]
    fn nobody_waits_until_a_large_piece_is_freed() {
        let reaper = Reaper::default();
        for (entries, here) in [(0, true), (LARGE - 1, true), (LARGE, false), (LARGE, false)] {
            let (sender, by) = channel();
            reaper.take(entries, Piece(sender));
            let by = by.recv().unwrap();
            assert_eq!(by == thread::current().id(), here, "of {entries} entries");
        }
    }
}
