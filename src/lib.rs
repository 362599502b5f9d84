//! fitsnap keeps a person's fitness history safe from the services that hold it.

pub mod json;
