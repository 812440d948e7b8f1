//! Through the CLI and the sockets.
