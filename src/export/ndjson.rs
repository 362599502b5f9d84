//! NDJSON: a line for each resource of each day.

use super::page::Page;
use super::{ExportError, Maker};
use crate::json::quote;

/// Lines with the members `date`, `provider`, `resource` and `value`, in this order.
pub(super) struct Lines {
    /// Only this resource.
    wanted: Option<String>,
    lines: u64,
}

impl Lines {
    pub(super) fn new(wanted: Option<String>) -> Lines {
        Lines { wanted, lines: 0 }
    }
}

impl Maker for Lines {
    fn day(&mut self, _: u32, page: &Page<'_>, out: &mut Vec<u8>) -> Result<(), ExportError> {
        for (name, value) in page.resources() {
            if self.wanted.as_ref().is_some_and(|wanted| *wanted != name) {
                continue;
            }
            self.lines += 1;
            let head = format!(
                "{{\"date\": \"{}\", \"provider\": \"{}\", \"resource\": {}, \"value\": ",
                page.day,
                page.provider,
                quote(&name)
            );
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(value.line().as_bytes());
            out.extend_from_slice(b"}\n");
        }
        Ok(())
    }

    fn made(&self) -> u64 {
        self.lines
    }
}
