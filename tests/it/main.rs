//! The promises of fitsnap, kept through its binary: real files, real git, real HTTP on loopback.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod archive;
mod canon;
mod days;
mod demo;
mod env;
mod guards;
mod hooks;
mod import;
mod init;
mod kill;
mod layers;
mod login;
mod machine;
mod pack;
mod past;
mod runkeeper;
mod status;
mod strava;
mod strava_trouble;
mod sync;
mod sync_guards;
mod sync_rewrites;
mod sync_stop;
mod sync_trouble;
mod verify;
