//! Answers that could not be used, kept as they came for a person to look at.

use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::durable::{make_folder, replace_file};
use super::{Archive, ArchiveError};
use crate::model::{DayRange, ProviderName};

/// How many answers are kept; the oldest go. A provider that is down for a month must not fill the disk.
const KEPT: usize = 50;

impl Archive {
    /// Keeps an answer that could not be used, and tells where, below the archive's root.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn quarantine(
        &self,
        provider: &ProviderName,
        range: DayRange,
        body: &[u8],
        time: DateTime<Utc>,
    ) -> Result<PathBuf, ArchiveError> {
        let folder = self.local().join("quarantine");
        make_folder(&folder)?;
        let mut kept: Vec<_> = fs::read_dir(&folder).into_iter().flatten().flatten().map(|file| file.path()).collect();
        if kept.len() >= KEPT {
            kept.sort_by_key(|path| fs::metadata(path).and_then(|meta| meta.modified()).ok());
            for old in &kept[..=kept.len() - KEPT] {
                let _ = fs::remove_file(old);
            }
        }
        let days = if range.len() == 1 { range.first.to_string() } else { format!("{}-{}", range.first, range.last) };
        let path = folder.join(format!("{provider}-{days}-{}.body", time.format("%Y%m%dT%H%M%SZ")));
        replace_file(&path, body, &self.scratch())?;
        Ok(path.strip_prefix(&self.root).map(PathBuf::from).unwrap_or(path))
    }
}
