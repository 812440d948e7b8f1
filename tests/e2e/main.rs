//! Through the command line and the sockets, with real git, real terminals and real processes.

mod house;
