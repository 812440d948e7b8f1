//! The work of Lanyard.
