//! Where the programs are: ours beside the test, other people's on the PATH.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// One of our programs: in `LANYARD_BIN_DIR`, else in the target folder that this test was built into.
pub fn program(name: &str) -> PathBuf {
    let folder = match std::env::var_os("LANYARD_BIN_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let exe = std::env::current_exe().expect("a test has a path");
            // target/debug/deps/e2e-0123456789abcdef
            exe.ancestors().nth(2).expect("a test lies in target/debug/deps").to_path_buf()
        }
    };
    let path = folder.join(name);
    assert!(
        path.is_file(),
        "{} is not built: run `cargo xtask test`, or `cargo build` first",
        path.display()
    );
    path
}

/// Whether a program of the system can be run. A test that needs one that is missing says so.
pub fn present(name: &str) -> bool {
    let found =
        Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("not run: {name} is not installed");
    }
    found
}

/// The Python interpreter itself: what stands on the PATH may be a script that needs its owner's home.
pub fn python() -> Option<PathBuf> {
    let output = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().ok();
    let path = output.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    if path.is_none() {
        eprintln!("not run: python3 is not installed");
    }
    path
}
