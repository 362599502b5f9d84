//! One walk through a list: what it told, and whether it can have told all.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{self, Entry, Reader};
use crate::providers::{Feed, Next, Page};

/// So many pages in a row that tell nothing new end a walk.
const NOTHING_NEW: usize = 3;

/// What one walk through a list told.
#[derive(Default)]
pub(super) struct Pass {
    pub entries: BTreeMap<String, Entry>,
    /// Entries with an id that cannot be used, and why.
    pub unusable: BTreeMap<String, String>,
    /// What was told without an id: nobody knows which activity it is.
    pub strays: Vec<String>,
    /// The ids in the order of the list.
    order: Vec<String>,
    /// The ids of each page with entries.
    pages: Vec<Vec<String>>,
    nothing_new: usize,
    /// Why another walk may tell more.
    pub unsteady: Option<String>,
    /// Why another walk must tell more.
    pub hole: Option<String>,
    /// Why it cannot have told all, however often it is walked.
    pub broken: Option<String>,
    /// An empty page came, after which there may be more.
    gap: bool,
}

impl Pass {
    /// Takes a page; tells where the next one is, none at the end.
    pub fn page(&mut self, feed: &Feed, reader: &mut Reader<'_>, page: &Page) -> Option<String> {
        let mut ids = Vec::new();
        let mut new = 0;
        for item in page.items() {
            let read = reader.entry(item);
            let id = match &read {
                Ok(entry) => entry.id.clone(),
                Err(unplaced) => match &unplaced.id {
                    Some(id) => id.clone(),
                    None => {
                        self.strays.push(unplaced.problem.clone());
                        self.broken.get_or_insert_with(|| unplaced.problem.clone());
                        continue;
                    }
                },
            };
            let known = self.entries.contains_key(&id) || self.unusable.contains_key(&id);
            new += usize::from(!known);
            match read {
                Err(unplaced) => {
                    self.entries.remove(&id);
                    self.unusable.insert(id.clone(), unplaced.problem);
                }
                Ok(entry) => match self.entries.get(&id) {
                    Some(first) if first.substance != entry.substance => {
                        self.entries.remove(&id);
                        let problem = format!("the list of {} tells {id} twice, with different content", feed.resource);
                        self.unusable.insert(id.clone(), problem);
                    }
                    _ if known => {}
                    _ => {
                        self.entries.insert(id.clone(), entry);
                    }
                },
            }
            ids.push(id);
        }
        if new < ids.len() {
            self.unsteady = Some(format!("the list of {} shifted while it was walked", feed.resource));
        }
        if self.gap && !ids.is_empty() {
            self.hole = Some(format!("the list of {} has an empty page in its middle", feed.resource));
        }
        let size = page.size.filter(|_| page.next == Next::End);
        let repeats = !ids.is_empty() && new == 0 && self.pages.last() == Some(&ids);
        self.nothing_new = if new == 0 && !ids.is_empty() { self.nothing_new + 1 } else { 0 };
        self.order.extend(ids.iter().cloned());
        if !ids.is_empty() {
            self.pages.push(ids);
        }
        if repeats || self.nothing_new >= NOTHING_NEW {
            self.broken = Some(format!("the list of {} repeats itself and comes to no end", feed.resource));
            return None;
        }
        let told = self.entries.len() + self.unusable.len();
        if let Some(size) = size.filter(|size| *size != told as u64) {
            self.hole = Some(format!("the list of {} says it has {size} entries, but told {told}", feed.resource));
        }
        match &page.next {
            Next::At(next) => {
                self.gap = false;
                Some(next.clone())
            }
            Next::EmptyBefore(_) if self.gap => None,
            Next::EmptyBefore(next) => {
                self.gap = true;
                Some(next.clone())
            }
            Next::End => None,
        }
    }

    /// Whether the first page is worth another look: with a single page nothing can have slipped
    /// from one page to the other.
    pub fn has_seams(&self) -> bool {
        self.pages.len() > 1
    }

    /// Looks at the first page as it is after the walk: what came or went at the new end shifted all
    /// pages behind it.
    pub fn look_again(&mut self, feed: &Feed, page: &Page) {
        let ids = page.items().filter_map(|item| entry::id(feed, item));
        if self.pages.first().is_some_and(|first| !ids.eq(first.iter().cloned())) {
            self.unsteady = Some(format!("the list of {} shifted while it was walked", feed.resource));
        }
    }

    /// Whether two walks told the same activities in the same order: then nothing shifted between them.
    pub fn is_like(&self, other: &Pass) -> bool {
        self.order == other.order && self.unusable.keys().eq(other.unusable.keys())
    }

    /// Adds what an earlier walk told and this one did not.
    pub fn add(&mut self, earlier: Pass) {
        let known: BTreeSet<String> = self.entries.keys().chain(self.unusable.keys()).cloned().collect();
        self.entries.extend(earlier.entries.into_iter().filter(|(id, _)| !known.contains(id)));
        self.unusable.extend(earlier.unusable.into_iter().filter(|(id, _)| !known.contains(id)));
    }
}
