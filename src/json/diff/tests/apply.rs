//! Applying edits to a document, to see that they tell all.

use std::collections::{BTreeMap, BTreeSet};

use crate::json::{Change, Edit, Json, Kind, Value, quote};

/// A document that can be changed.
#[derive(Debug, Clone)]
enum Tree {
    Scalar(String),
    Array(Vec<Tree>),
    Object(BTreeMap<String, Tree>),
    /// What was here is gone; kept for as long as paths into the older document are followed.
    Gone,
}

impl Tree {
    fn of(value: Value<'_>) -> Tree {
        match value.kind() {
            Kind::Array => Tree::Array(value.items().map(Tree::of).collect()),
            Kind::Object => Tree::Object(
                value.members().map(|(name, member)| (name.as_str().into_owned(), Tree::of(member))).collect(),
            ),
            _ => Tree::Scalar(value.line()),
        }
    }

    fn parse(line: &str) -> Option<Tree> {
        Some(Tree::of(Json::parse(line).ok()?.root()))
    }

    fn write(&self, out: &mut String) {
        let list = |out: &mut String, open: char, items: Vec<(String, &Tree)>, close: char| {
            out.push(open);
            for (at, (ahead, item)) in items.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                out.push_str(&ahead);
                item.write(out);
            }
            out.push(close);
        };
        match self {
            Tree::Scalar(line) => out.push_str(line),
            Tree::Array(items) => list(out, '[', items.iter().map(|item| (String::new(), item)).collect(), ']'),
            Tree::Object(members) => {
                list(out, '{', members.iter().map(|(name, item)| (format!("{}:", quote(name)), item)).collect(), '}');
            }
            Tree::Gone => {}
        }
    }

    fn sweep(&mut self) {
        match self {
            Tree::Array(items) => {
                items.retain(|item| !matches!(item, Tree::Gone));
                items.iter_mut().for_each(Tree::sweep);
            }
            Tree::Object(members) => {
                members.retain(|_, member| !matches!(member, Tree::Gone));
                members.values_mut().for_each(Tree::sweep);
            }
            _ => {}
        }
    }

    fn child(&mut self, step: &Step) -> Option<&mut Tree> {
        match (self, step) {
            (Tree::Array(items), Step::Index(index)) => items.get_mut(*index),
            (Tree::Object(members), step) => members.get_mut(&step.name()),
            _ => None,
        }
    }
}

/// Sorts so that a walk in this order meets the items of an array by their index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Index(usize),
    Name(String),
}

impl Step {
    fn name(&self) -> String {
        match self {
            Step::Index(index) => index.to_string(),
            Step::Name(name) => name.clone(),
        }
    }
}

fn steps(pointer: &str) -> Vec<Step> {
    let tokens = pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"));
    // A member may be called 01.
    let index = |token: &String| token.parse().ok().filter(|index: &usize| index.to_string() == *token);
    tokens.map(|token| index(&token).map_or(Step::Name(token), Step::Index)).collect()
}

/// Gives the newer document in canonical form, or `None` if an edit does not fit.
pub(super) fn apply(old: Value<'_>, edits: &[Edit]) -> Option<Vec<u8>> {
    let mut tree = Tree::of(old);
    let (gone, mut rest): (Vec<_>, Vec<_>) =
        edits.iter().partition(|edit| matches!(edit.change, Change::MemberRemoved | Change::RecordRemoved));
    for edit in gone {
        let place = steps(&edit.path).iter().try_fold(&mut tree, |tree, step| tree.child(step))?;
        *place = Tree::Gone;
    }
    tree.sweep();
    // No edit tells of the upper floors themselves: `absent` stands where there is something in it, `resources` always.
    if let Tree::Object(members) = &mut tree {
        for floor in ["absent", "resources"] {
            if rest.iter().any(|edit| edit.path.starts_with(&format!("/{floor}/"))) {
                members.entry(floor.to_owned()).or_insert_with(|| Tree::Object(BTreeMap::new()));
            }
        }
    }
    rest.sort_by_key(|edit| steps(&edit.path));
    let mut whole = BTreeSet::new();
    for edit in rest {
        let path = steps(&edit.path);
        if (0..path.len()).any(|len| whole.contains(&path[..len])) {
            // The whole array was put there already.
            continue;
        }
        if edit.change == Change::Reordered {
            whole.insert(path.clone());
        }
        let new = Tree::parse(edit.new.as_ref()?)?;
        let Some((last, way)) = path.split_last() else {
            tree = new;
            continue;
        };
        let holder = way.iter().try_fold(&mut tree, |tree, step| tree.child(step))?;
        match (edit.change, holder, last) {
            (Change::RecordAdded, Tree::Array(items), Step::Index(index)) if *index <= items.len() => {
                items.insert(*index, new);
            }
            (Change::MemberAdded, Tree::Object(members), last) => {
                if members.insert(last.name(), new).is_some() {
                    return None;
                }
            }
            (Change::MemberAltered | Change::Reordered, holder, last) => *holder.child(last)? = new,
            _ => return None,
        }
    }
    if let Tree::Object(members) = &mut tree
        && edits.iter().any(|edit| edit.path.starts_with("/absent/"))
        && matches!(members.get("absent"), Some(Tree::Object(all)) if all.is_empty())
    {
        members.remove("absent");
    }
    crate::json::canonical(line(&tree).as_bytes()).ok()
}

fn line(tree: &Tree) -> String {
    let mut out = String::new();
    tree.write(&mut out);
    out
}
