//! Why an import cannot begin, and what a person does about it.

use std::io;
use std::path::PathBuf;

use super::service::Service;

/// What stops a whole import. What stops one file of it is an [`ImportProblem`](super::ImportProblem).
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No reader for this service's exports.
    #[error("this fitsnap cannot import exports of {kind}")]
    NoReader {
        /// The service asked for.
        kind: String,
        /// The services whose exports it reads.
        known: Vec<&'static str>,
    },
    /// Nothing stands at the path.
    #[error("there is no file or folder {}", path.display())]
    Missing {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The file system refuses.
    #[error("cannot read {name}")]
    Io {
        /// The file or folder.
        name: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file that is neither a folder nor a zip.
    #[error("{name} is no zip file")]
    NotZip {
        /// The file.
        name: String,
    },
    /// A zip that is cut off or altered.
    #[error("{name} is damaged: {problem}")]
    Damaged {
        /// The zip.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A zip that needs a password.
    #[error("{name} is encrypted: the entry \"{entry}\" needs a password")]
    Encrypted {
        /// The zip.
        name: String,
        /// The first entry that needs one.
        entry: String,
    },
    /// An export that no service makes: nothing of it is read.
    #[error("{name} is refused: {problem}")]
    Refused {
        /// The zip or folder.
        name: String,
        /// What no honest export holds.
        problem: String,
    },
    /// Another service's export.
    #[error("{name} is an export of {}, not of {}", found.title(), asked.title())]
    WrongService {
        /// The zip or folder.
        name: String,
        /// Whose it is.
        found: Service,
        /// Whose was asked for.
        asked: Service,
        /// Whether this fitsnap can import that one.
        readable: bool,
    },
    /// Nothing in it that the reader knows.
    #[error("{name} holds no export of {}: {expected} was looked for, and there is none", asked.title())]
    Unrecognised {
        /// The zip or folder.
        name: String,
        /// Whose was asked for.
        asked: Service,
        /// What was looked for.
        expected: &'static str,
        /// Something that was passed over and may be the reason.
        passed_over: Option<String>,
    },
}

impl ImportError {
    /// Whether the command was given the wrong thing, rather than the right thing in a bad state.
    pub fn is_usage(&self) -> bool {
        match self {
            ImportError::NoReader { .. }
            | ImportError::Missing { .. }
            | ImportError::WrongService { .. }
            | ImportError::Unrecognised { passed_over: None, .. } => true,
            ImportError::Io { .. }
            | ImportError::NotZip { .. }
            | ImportError::Damaged { .. }
            | ImportError::Encrypted { .. }
            | ImportError::Refused { .. }
            | ImportError::Unrecognised { passed_over: Some(_), .. } => false,
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            ImportError::NoReader { known, .. } => format!("it reads the exports of {}", known.join(", ")),
            ImportError::Missing { .. } => {
                "name the zip that the service gave you, or the folder it was unpacked into".to_owned()
            }
            ImportError::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "look at who owns it".to_owned()
            }
            ImportError::Io { .. } => return None,
            ImportError::NotZip { .. } => {
                "an export is a zip as the service gave it, or the folder it was unpacked into".to_owned()
            }
            ImportError::Damaged { .. } => {
                "download or copy it again; what an unpacker still gets out of it can be imported as a folder"
                    .to_owned()
            }
            ImportError::Encrypted { .. } => "unpack it with the password and import the folder".to_owned(),
            ImportError::Refused { .. } => {
                "nothing was read; if you trust it, unpack it with a tool of your own and import the folder".to_owned()
            }
            ImportError::WrongService { found, readable: true, .. } => {
                format!("import it with: fitsnap import {} EXPORT", found.kind())
            }
            ImportError::WrongService { found, .. } => {
                format!("this fitsnap cannot read exports of {} yet", found.title())
            }
            ImportError::Unrecognised { passed_over: Some(passed_over), .. } => passed_over.clone(),
            ImportError::Unrecognised { .. } => {
                "name the zip as the service gave it, or the whole folder it was unpacked into".to_owned()
            }
        })
    }
}
