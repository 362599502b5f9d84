//! Where in a document a JSON Pointer leads: to which record, of which array.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::{Kind, Value};

/// Finds records by pointer, opening each array once.
pub(super) struct Finder<'j> {
    root: Value<'j>,
    arrays: HashMap<String, Vec<Value<'j>>>,
}

/// Where a pointer leads.
pub(super) struct Found<'j, 'p> {
    /// The array that holds the innermost record: its pointer, its name, whether it is the resource itself.
    pub array: Option<(&'p str, Cow<'p, str>, bool)>,
    /// The pointer to that record, and the record.
    pub record: Option<(&'p str, Value<'j>)>,
    /// The same of the record around it, if any, and the name of its array.
    pub around: Option<(&'p str, Value<'j>, Cow<'p, str>, bool)>,
    /// The members from the innermost record on.
    pub member: Vec<String>,
}

impl<'j> Finder<'j> {
    pub fn new(root: Value<'j>) -> Finder<'j> {
        Finder { root, arrays: HashMap::new() }
    }

    pub fn find<'p>(&mut self, pointer: &'p str, resource_depth: usize) -> Found<'j, 'p> {
        let mut found = Found { array: None, record: None, around: None, member: Vec::new() };
        let mut at = Some(self.root);
        let (mut path, mut name) = ("", Cow::Borrowed(""));
        for (depth, token) in pointer.split('/').skip(1).enumerate() {
            let here = &pointer[..path.len() + 1 + token.len()];
            let word = match token.contains('~') {
                true => Cow::Owned(token.replace("~1", "/").replace("~0", "~")),
                false => Cow::Borrowed(token),
            };
            let next = match at {
                Some(array) if array.kind() == Kind::Array => {
                    if !self.arrays.contains_key(path) {
                        self.arrays.insert(path.to_owned(), array.items().collect());
                    }
                    let items = self.arrays.get(path).map_or(&[][..], Vec::as_slice);
                    let item = token.parse::<usize>().ok().and_then(|index| items.get(index).copied());
                    if let Some(record) = item.filter(|item| item.kind() == Kind::Object) {
                        let array = found.array.take().map(|(_, name, top)| (name, top));
                        found.around =
                            found.record.take().zip(array).map(|((path, value), (name, top))| (path, value, name, top));
                        found.array = Some((path, name.clone(), depth == resource_depth));
                        found.record = Some((here, record));
                        found.member.clear();
                    } else {
                        found.member.push(format!("[{word}]"));
                    }
                    item
                }
                Some(object) => {
                    let value = object.get(&word);
                    found.member.push(word.clone().into_owned());
                    value
                }
                None => {
                    found.member.push(word.clone().into_owned());
                    None
                }
            };
            at = next;
            path = here;
            name = word;
        }
        found
    }
}
