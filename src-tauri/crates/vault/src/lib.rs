//! The secrets of Lanyard.
