//! What a comparison found, as bytes of any kind.

use super::packed::{pack, unpack};
use crate::fuzzing::fuzz_target;

fuzz_target!(packed_finding, |bytes| {
    if let Some(finding) = unpack(bytes) {
        let packed = pack(&finding);
        assert!(packed.len() <= bytes.len());
        assert_eq!(unpack(&packed), Some(finding));
    }
});
