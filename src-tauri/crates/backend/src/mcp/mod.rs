//! `lanyardd mcp`: the tools of a slot by the Model Context Protocol, for the agent that started it.
//!
//! It is a process of the session and asks by the session's own socket: it can do what its agent could do by
//! `lanyard` in its shell, under the same policies and approvals, and nothing more. It writes no log.

mod asked;
mod door;
mod tools;

use anyhow::{Context, Result, bail};
use door::Door;
use rmcp::ServiceExt;
use std::path::PathBuf;
use std::time::Duration;
use tools::Tools;

/// How long what is open may go on when the agent has gone.
const LAST_WAIT: Duration = Duration::from_millis(100);

/// Serves standard input and output until the agent closes them.
pub fn serve(socket: Option<PathBuf>) -> Result<()> {
    let Some(socket) = socket else {
        bail!(
            api::Error::refused("there are tools only for an agent in its slot")
                .hint("start it by `lanyard start`; nothing needs to be set up for it")
        );
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("starting the runtime")?;
    let ended = runtime.block_on(async {
        let tools = Tools::new(Door::new(socket));
        match tools.serve(rmcp::transport::stdio()).await {
            Ok(running) => running.waiting().await.map(drop).context("serving the tools"),
            // Nobody has said a word.
            Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(e) => Err(e).context("beginning to serve the tools"),
        }
    });
    // Standard input is read by a thread of its own, which nothing wakes.
    runtime.shutdown_timeout(LAST_WAIT);
    ended
}
