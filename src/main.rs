//! The binary: arguments, tracing, run.

fn main() {}
