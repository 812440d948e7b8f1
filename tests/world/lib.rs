//! A test's own world.
