//! Arguments to calls into the crates.
fn main() {}
