//! `fitsnap merge-driver`, which git calls when it merges

use std::path::PathBuf;

use super::Context;
use crate::archive::{Archive, MergeError};
use crate::cli::{CommandError, ExitCode};

/// What a person hears in a clone where git merges day documents line by line.
pub(super) const NO_MERGE_DRIVER: &str = "git does not call fitsnap here when it merges, so that a git pull could mix the lines of two answers; run: fitsnap init";

/// Merge two versions of a file below data/; git calls this
///
/// Of each resource the newer answer is taken, by the time of the sync that brought it; what only one
/// side has is kept. Ends with 1 and leaves the file as it is where nothing tells which one is newer.
#[derive(Debug, clap::Args)]
pub struct MergeDriverArgs {
    /// The last version that both sides had (%O); an empty file where there was none
    base: PathBuf,
    /// This side's version (%A); the answer is written into it
    ours: PathBuf,
    /// The other side's version (%B)
    theirs: PathBuf,
    /// The file's path in the archive (%P)
    path: String,
}

pub fn run(args: &MergeDriverArgs, context: &Context<'_>) -> Result<ExitCode, CommandError> {
    let archive = Archive::of_hook(context.environment)?;
    let failed = |verb: &str, file: &PathBuf, error: &std::io::Error| {
        CommandError::new(ExitCode::SomeFailed, format!("cannot {verb} {}: {error}", file.display()))
    };
    let place = |file: &PathBuf| context.environment.folder().join(file);
    let read = |file: &PathBuf| std::fs::read(place(file)).map_err(|error| failed("read", file, &error));
    let (base, ours, theirs) = (read(&args.base)?, read(&args.ours)?, read(&args.theirs)?);
    let base = Some(base).filter(|base| !base.is_empty());
    let merged = archive.merge_file(&args.path, base.as_deref(), &ours, &theirs)?;
    std::fs::write(place(&args.ours), merged).map_err(|error| failed("write", &args.ours, &error))?;
    Ok(ExitCode::Done)
}

impl From<MergeError> for CommandError {
    fn from(error: MergeError) -> CommandError {
        match error {
            MergeError::Archive(error) => error.into(),
            MergeError::Conflict { .. } => CommandError::of(ExitCode::SomeFailed, &error)
                .hint("leave the merge (git merge --abort, git rebase --abort) and see both sides' fitsnap verify"),
        }
    }
}
