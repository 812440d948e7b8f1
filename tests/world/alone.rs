//! Tests that must not reach any network: each runs again in one of its own, that has loopback and nothing else.

use std::process::Command;

/// Set where the network is a test's own.
const ALONE: &str = "LANYARD_TEST_ALONE";
/// Brings loopback up, which begins down, and goes on as the test. Programs for administrators are not on everybody's
/// PATH.
const BEGIN: &str = "PATH=$PATH:/usr/sbin:/sbin ip link set lo up && exec \"$0\" \"$@\"";

/// Whether this test reaches nothing but loopback. If not, it has been run again where it does, and has passed.
#[track_caller]
pub fn is_alone() -> bool {
    if std::env::var_os(ALONE).is_some() {
        let devices = std::fs::read_to_string("/proc/net/dev").expect("the kernel lists its devices");
        let devices: Vec<_> = devices.lines().skip(2).filter_map(|line| line.split(':').next()).collect();
        assert_eq!(devices.iter().map(|name| name.trim()).collect::<Vec<_>>(), ["lo"]);
        return true;
    }
    let this = std::thread::current().name().expect("a test's thread has its name").to_string();
    let program = std::env::current_exe().expect("the tests are a program");
    let mut again = Command::new("unshare");
    again.args(["--map-root-user", "--net", "sh", "-c", BEGIN]).arg(program);
    let status = again.args([&this, "--exact", "--nocapture"]).env(ALONE, "1").status();
    assert!(status.expect("unshare is there").success(), "{this} failed where it is alone");
    false
}
