//! The daemon's side of a start: runs `lanyardd keep`, hands the spec over and waits for its report.

use super::control::{Hello, Report};
use super::spec::Spec;
use api::{Code, Error, Result};
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// How long a keeper may take to start its command. It is a matter of milliseconds; this is for a machine
/// that has stalled.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest report.
const REPORT_MAX: u64 = 64 * 1024;

/// Starts a keeper for `spec`; `program` is `lanyardd` itself. When this fails, nothing runs. The keeper is
/// no child of the caller: it has detached itself by the time it reports.
pub async fn launch(program: &Path, spec: &Spec) -> Result<Hello> {
    let bytes = spec.to_bytes().map_err(|e| Error::new(Code::Invalid, e.to_string()))?;
    let report = tokio::time::timeout(PATIENCE, run(program, &bytes)).await;
    let report = report.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    match report {
        Ok(Report::Running(hello)) => Ok(hello),
        Ok(Report::Failed(error)) => Err(error),
        Err(error) => Err(Error::new(Code::Internal, format!("the session's keeper did not start: {error}"))
            .hint(format!("is {} the lanyardd of this installation?", program.display()))),
    }
}

async fn run(program: &Path, spec: &[u8]) -> io::Result<Report> {
    let mut child = Command::new(program)
        .arg("keep")
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("its pipes are missing"));
    };
    let told = stdin.write_all(spec).await;
    drop(stdin);
    let mut report = Vec::new();
    stdout.take(REPORT_MAX).read_to_end(&mut report).await?;
    // What was spawned has forked the keeper and gone at once; waiting leaves no zombie.
    child.wait().await?;
    // A keeper that could not start may have closed its input early: its report says more than that.
    serde_json::from_slice(&report).map_err(|e| told.err().unwrap_or_else(|| e.into()))
}
