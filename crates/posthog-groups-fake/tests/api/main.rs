//! The stand-in server over real HTTP.

mod access;
mod admin;
mod capture;
mod faults;
mod group_types;
mod harness;
mod list;
mod program;
mod protocol;
mod reads;
mod writes;
