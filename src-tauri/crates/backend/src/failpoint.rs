//! Points at which a test has the process killed, as a crash would. A release build has none.
//!
//! The test names one in the environment, `main.rs` reads that, and the process sends itself SIGKILL when it
//! comes there. Without debug assertions, as in every release, the value below holds nothing and `at` is empty:
//! the name of a point has nowhere to be kept.

use std::ffi::OsStr;

/// The variable that names the point.
pub const VARIABLE: &str = "LANYARD_DIE_AT";

/// Where this process shall die, if anywhere.
#[derive(Clone, Default)]
pub struct Failpoints {
    #[cfg(debug_assertions)]
    point: Option<std::sync::Arc<OsStr>>,
}

impl Failpoints {
    /// The point that the environment names.
    #[cfg_attr(not(debug_assertions), expect(unused_variables, reason = "a release has no such points"))]
    pub fn named(point: Option<&OsStr>) -> Self {
        Self {
            #[cfg(debug_assertions)]
            point: point.map(std::sync::Arc::from),
        }
    }

    /// The process has come to this point.
    #[cfg_attr(not(debug_assertions), expect(unused_variables, reason = "a release has no such points"))]
    pub fn at(&self, point: &str) {
        #[cfg(debug_assertions)]
        if self.point.as_deref() == Some(OsStr::new(point)) {
            // Nothing is closed, flushed or told, as when the power goes.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_no_test_has_marked_goes_on() {
        Failpoints::default().at("intent.before");
        Failpoints::named(Some(OsStr::new("intent.before"))).at("intent.after");
        // Were it kept in a release, it would need room.
        assert_eq!(size_of::<Failpoints>() == 0, !cfg!(debug_assertions));
    }
}
