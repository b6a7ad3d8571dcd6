//! The plainest selector that finds an element.

use std::{cmp::Reverse, fmt};

use super::group::{Group, is_lasting, lasting_classes, within};
use crate::html::Tree;

/// Elements that a selector is made from, of those that it has to find.
const MOST_MODELS: usize = 5;
/// Elements around an item that may stand before it in its selector.
const MOST_AROUND: usize = 8;

/// Elements around a part of an item that may stand before it in its selector.
const MOST_AROUND_PART: usize = 3;

/// `div.news`, `#main`, `li`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    Name(String),
    Class(String, String),
    Id(String),
}

/// A mark with marks of elements around it: `h3 a`, `ul.news > li`, `body > div > ul > li`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Path {
    /// The mark of an element somewhere around the others.
    around: Option<Mark>,
    /// The marks of an element and of its parents, the outermost first.
    inner: Vec<Mark>,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Class(name, class) => write!(f, "{name}.{class}"),
            Self::Id(id) => write!(f, "#{id}"),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(around) = &self.around {
            write!(f, "{around} ")?;
        }
        let inner: Vec<String> = self.inner.iter().map(ToString::to_string).collect();
        f.write_str(&inner.join(" > "))
    }
}

impl Mark {
    fn is(&self, tree: &Tree, at: usize) -> bool {
        let element = tree.at(at);
        match self {
            Self::Name(name) => element.name == *name,
            Self::Class(name, class) => element.name == *name && element.classes().any(|known| known == class),
            Self::Id(id) => element.attribute("id") == Some(id),
        }
    }

    /// What an element can be told by, the most telling first.
    fn of(tree: &Tree, at: usize) -> Vec<Self> {
        let name = &tree.at(at).name;
        let classes = lasting_classes(tree, at).map(|class| Self::Class(name.clone(), class.to_owned()));
        classes.chain([Self::Name(name.clone())]).collect()
    }
}

impl Path {
    fn of(around: Option<Mark>, inner: Mark) -> Self {
        Self { around, inner: vec![inner] }
    }

    fn finds(&self, tree: &Tree, at: usize) -> bool {
        let mut place = Some(at);
        let mut outermost = at;
        for mark in self.inner.iter().rev() {
            match place {
                Some(at) if mark.is(tree, at) => {
                    outermost = at;
                    place = tree.at(at).parent;
                }
                _ => return false,
            }
        }
        self.around.as_ref().is_none_or(|mark| tree.around(outermost).any(|at| mark.is(tree, at)))
    }

    /// Whether a name or class in it says what it is for.
    fn is_telling(&self) -> bool {
        const TELLING: [&str; 14] = [
            "author", "body", "created", "date", "excerpt", "fecha", "headline", "image", "summary", "teaser", "text", "time", "title",
            "titulo",
        ];
        self.around.iter().chain(&self.inner).any(|mark| match mark {
            Mark::Class(_, class) => class.split(['-', '_']).any(|word| TELLING.contains(&word.to_ascii_lowercase().as_str())),
            Mark::Name(name) => matches!(name.as_str(), "time" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6"),
            Mark::Id(_) => false,
        })
    }
}

/// The selector that finds the members of a group in the whole page, and as little else as can be.
pub(super) fn item(tree: &Tree, group: &Group) -> Option<String> {
    let first = *group.members.first()?;
    let inner = match &group.class {
        Some(class) => Mark::Class(group.name.clone(), class.clone()),
        None => Mark::Name(group.name.clone()),
    };
    let mut paths = Vec::new();
    if group.class.is_some() {
        paths.push(Path::of(None, inner.clone()));
    }
    let id = |at: usize| tree.at(at).attribute("id").filter(|id| is_lasting(id)).map(|id| Mark::Id(id.to_owned()));
    for (distance, around) in tree.around(first).take(MOST_AROUND).enumerate() {
        let marks = id(around).into_iter().chain(Mark::of(tree, around));
        for mark in marks.filter(|mark| !matches!(mark, Mark::Name(name) if name != "main")) {
            paths.push(match distance {
                0 if group.class.is_none() => Path { around: None, inner: vec![mark, inner.clone()] },
                _ => Path::of(Some(mark), inner.clone()),
            });
        }
    }
    // Without a name to hold on to: the way down to them.
    let mut way = vec![inner];
    for around in tree.around(first).take(MOST_AROUND) {
        way.insert(0, Mark::Name(tree.at(around).name.clone()));
        paths.push(Path { around: None, inner: way.clone() });
    }
    let found = |path: &Path| (0..tree.len()).filter(|at| path.finds(tree, *at)).count();
    let all = |path: &Path| group.members.iter().all(|at| path.finds(tree, *at));
    let mut best: Option<(usize, Path)> = None;
    for path in paths.into_iter().filter(all) {
        let extra = found(&path).saturating_sub(group.members.len());
        if best.as_ref().is_none_or(|(least, _)| extra < *least) {
            best = Some((extra, path));
        }
        if extra == 0 {
            break;
        }
    }
    // Half as many strangers as members are too many.
    best.filter(|(extra, _)| extra * 2 <= group.members.len()).map(|(_, path)| path.to_string())
}

/// The selector that finds, first of all in most items, the wanted element, and as little as can be in those `without` one. `.` is the item itself.
pub(super) fn part(tree: &Tree, wanted: &[(usize, usize)], without: &[usize]) -> Option<String> {
    if wanted.iter().filter(|(item, part)| item == part).count() * 2 > wanted.len() {
        return Some(".".to_owned());
    }
    let mut paths: Vec<Path> = Vec::new();
    for (item, part) in wanted.iter().filter(|(item, part)| item != part).take(MOST_MODELS) {
        let marks = Mark::of(tree, *part);
        let around = tree.around(*part).take_while(|at| at != item).take(MOST_AROUND_PART);
        let alone = marks.iter().cloned().map(|inner| Path::of(None, inner));
        let inside =
            around.flat_map(|around| Mark::of(tree, around)).filter_map(|outer| Some(Path::of(Some(outer), marks.last()?.clone())));
        for path in alone.chain(inside) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    let found = |path: &Path, item: usize| within(tree, item).skip(1).find(|at| path.finds(tree, *at));
    let hits = |path: &Path| wanted.iter().filter(|(item, part)| found(path, *item) == Some(*part)).count();
    // An empty element says nothing wrong.
    let says = |at: usize| tree.length(at) > 0 || tree.at(at).name == "img";
    let misses = |path: &Path| without.iter().filter(|item| found(path, **item).is_some_and(says)).count();
    // Of equals one that finds less elsewhere, then one whose class says what it is for, then the plainest.
    // The last of the greatest is taken: the plainest come last.
    let best = paths.iter().rev().max_by_key(|path| (hits(path), Reverse(misses(path)), path.is_telling()));
    best.filter(|path| hits(path) * 10 >= wanted.len() * 6).map(ToString::to_string)
}
