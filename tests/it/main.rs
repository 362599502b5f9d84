//! The promises of fitsnap, kept through its binary: real files, real git, real HTTP on loopback.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod archive;
mod canon;
mod days;
mod env;
mod guards;
mod hooks;
mod import;
mod init;
mod kill;
mod layers;
mod login;
mod pack;
mod past;
mod status;
mod strava;
mod verify;
