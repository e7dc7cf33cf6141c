//! PID 1 of the recovery environment.

fn main() {}
