//! The tests that need several crates, by subject.

mod bad_input;
mod bounded;
mod build_time;
mod citations;
mod client_against_stand_in;
mod compare;
mod documents;
mod eras;
mod exact_writes;
mod examples_decode;
mod fault_matrix;
mod generated_code;
mod limits;
mod paging;
mod public_api;
mod redaction;
mod round_trip;
mod specification;
mod structure;
mod uniform_api;
mod vectors;
mod workspace_rules;
