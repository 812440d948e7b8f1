//! Points at which a test has the process killed, as a crash would. A release build has none.
//!
//! The test names one in the environment, `main.rs` reads that, and the process sends itself SIGKILL when it
//! comes there; or for the fourth time, where that says `intent.before 4`. Without debug assertions, as in every release, the value below holds nothing and `at` is empty:
//! the name of a point has nowhere to be kept.

use std::ffi::OsStr;

/// The variable that names the point.
pub const VARIABLE: &str = "LANYARD_DIE_AT";

/// Where this process shall die, if anywhere.
#[derive(Clone, Default)]
pub struct Failpoints {
    #[cfg(debug_assertions)]
    point: Option<std::sync::Arc<Point>>,
}

/// A point, and how often the process may pass it.
#[cfg(debug_assertions)]
struct Point {
    name: String,
    passes: std::sync::atomic::AtomicU32,
}

impl Failpoints {
    /// The point that the environment names.
    #[cfg_attr(not(debug_assertions), expect(unused_variables, reason = "a release has no such points"))]
    pub fn named(point: Option<&OsStr>) -> Self {
        Self {
            #[cfg(debug_assertions)]
            point: point.and_then(OsStr::to_str).map(|text| {
                let (name, times) = text.split_once(' ').unwrap_or((text, "1"));
                let passes = times.parse::<u32>().unwrap_or(1).saturating_sub(1).into();
                std::sync::Arc::new(Point { name: name.into(), passes })
            }),
        }
    }

    /// The process has come to this point.
    #[cfg_attr(not(debug_assertions), expect(unused_variables, reason = "a release has no such points"))]
    pub fn at(&self, point: &str) {
        #[cfg(debug_assertions)]
        if self.point.as_ref().is_some_and(|it| it.name == point && !it.is_passed()) {
            // Nothing is closed, flushed or told, as when the power goes.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}

#[cfg(debug_assertions)]
impl Point {
    fn is_passed(&self) -> bool {
        use std::sync::atomic::Ordering::SeqCst;
        self.passes.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_no_test_has_marked_goes_on() {
        Failpoints::default().at("intent.before");
        Failpoints::named(Some(OsStr::new("intent.before"))).at("intent.after");
        let third = Failpoints::named(Some(OsStr::new("intent.before 3")));
        (0..2).for_each(|_| third.at("intent.before"));
        // Were it kept in a release, it would need room.
        assert_eq!(size_of::<Failpoints>() == 0, !cfg!(debug_assertions));
    }
}
