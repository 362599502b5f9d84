//! The promises of fitsnap, kept through its binary: real files, real git, real HTTP on loopback.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod archive;
mod canon;
mod env;
mod import;
mod kill;
mod pack;
