use super::{Archive, ArchiveError, BlobId};
use std::collections::{HashMap, HashSet};
impl Archive {
    pub fn earlier_blobs(&self, _paths: &[String]) -> Result<HashMap<String, HashSet<BlobId>>, ArchiveError> {
        Ok(HashMap::new())
    }
}
