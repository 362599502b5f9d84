//! The promises of fitsnap, kept through its binary: real files, real git, real HTTP on loopback.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod activities;
mod archive;
#[cfg(target_os = "linux")]
mod calls;
mod canon;
mod config;
mod days;
mod demo;
#[cfg(unix)]
mod disk;
mod doctor;
mod env;
mod export;
mod export_services;
mod exports;
mod fitbit;
mod fitbit_trouble;
mod googlehealth;
mod googlehealth_trouble;
mod guards;
mod hooks;
mod hostile;
mod import;
mod import_lacking;
mod import_runkeeper;
mod import_strava;
mod init;
mod kill;
mod layers;
mod login;
mod machine;
mod meddle;
mod pack;
mod past;
#[cfg(target_os = "linux")]
mod power;
mod repair;
mod runkeeper;
#[cfg(unix)]
mod scene;
mod signing;
mod status;
mod strava;
mod strava_trouble;
mod sync;
mod sync_guards;
mod sync_rewrites;
mod sync_stop;
mod sync_trouble;
mod takeout;
mod two_machines;
mod verify;
mod whereabouts;
