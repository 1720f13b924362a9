//! Layers hold: crates and the rooms of `src/` use only those before them, and no
//! files use one another in a circle, except a module and its own parts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use syn::visit::{self, Visit};

/// The crates, each of which may use those before it only. Leaves of the same line of
/// work stand together.
const CRATES: &[&str] = &[
    "logicnet",
    "bytebeat",
    "synth",
    "gatebend-import",
    "gatebend-midi",
    "gatebend-engine",
    "gatebend-instrument",
    "gatebend-player",
    "gatebend-capi",
    "trill",
    "pru-isa",
    "pru-codegen",
    "gatebend",
    "gatebend-web",
];

/// Pairs that must not meet although their order would allow it.
const APART: &[(&str, &str)] = &[("gatebend-instrument", "gatebend-engine")];

/// Crates that rooms must not use.
const ROOMS_APART: &[(&str, &str)] = &[("panel", "engine"), ("storage", "engine")];

/// The rooms of `src/`, likewise.
const ROOMS: &[&str] = &[
    "spawn",
    "wav",
    "handle",
    "logging",
    "factory_networks",
    "storage",
    "panel",
    "pru",
    "link",
    "runtime",
    "board",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn crates_use_only_those_before_them() {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let place = |name: &str| CRATES.iter().position(|other| *other == name);
    let mut seen = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let Some(own) = place(name) else { continue };
        seen.insert(own);
        for dependency in package["dependencies"].as_array().unwrap() {
            // Tests may use what they like.
            if dependency["kind"] == "dev" {
                continue;
            }
            let used = dependency["name"].as_str().unwrap();
            assert!(
                place(used).is_none_or(|used| used < own) && !APART.contains(&(name, used)),
                "{name} must not use {used}"
            );
        }
    }
    assert_eq!(seen.len(), CRATES.len(), "a crate of the list is missing");
}

#[test]
fn rooms_use_only_those_before_them() {
    let files = Files::of("src/lib.rs");
    let room = |module: &Module| module.first().cloned().unwrap_or_default();
    let place = |room: &str| ROOMS.iter().position(|other| *other == room);
    for (from, names) in &files.foreign {
        for name in names {
            let pair = (room(from), name.clone());
            let apart = |(room, name): &&(&str, &str)| (*room, *name) == (&*pair.0, &*pair.1);
            assert!(!ROOMS_APART.iter().any(|pair| apart(&pair)), "{pair:?}");
        }
    }
    for (from, targets) in &files.uses {
        for to in targets {
            let (from_room, to_room) = (room(from), room(to));
            if from_room.is_empty() || to_room.is_empty() {
                continue;
            }
            let unknown = "a room is missing in tests/layers.rs";
            let (own, used) = (place(&from_room), place(&to_room));
            assert!(
                used.expect(unknown) <= own.expect(unknown),
                "{} must not use {}",
                from.join("::"),
                to.join("::")
            );
        }
    }
}

#[test]
fn no_files_use_one_another_in_a_circle() {
    let mut roots = vec!["src/lib.rs".to_string(), "src/main.rs".to_string()];
    let crates = fs::read_dir(root().join("crates")).unwrap();
    roots.extend(crates.map(|folder| {
        let name = folder.unwrap().file_name().into_string().unwrap();
        format!("crates/{name}/src/lib.rs")
    }));
    let mut circles = Vec::new();
    for file in roots {
        circles.extend(Files::of(&file).circles());
    }
    assert!(circles.is_empty(), "{circles:#?}");
}

/// A module's path from its crate's root.
type Module = Vec<String>;

/// The files of a crate, and which use which.
#[derive(Default)]
struct Files {
    modules: BTreeSet<Module>,
    /// `pub use` of a module: the name, and where it leads.
    exports: BTreeMap<(Module, String), Module>,
    uses: BTreeMap<Module, BTreeSet<Module>>,
    /// First words of paths, which may name other crates.
    foreign: BTreeMap<Module, BTreeSet<String>>,
}

impl Files {
    fn of(lib: &str) -> Files {
        let mut files = Files::default();
        let mut parsed = Vec::new();
        files.read(&root().join(lib), Vec::new(), &mut parsed);
        let mut found = Vec::new();
        for (module, file) in &parsed {
            let mut paths = Paths {
                module: module.clone(),
                found: Vec::new(),
                exported: Vec::new(),
            };
            paths.visit_file(file);
            for (name, path) in paths.exported {
                let to = files.resolve(module, &path);
                files.exports.insert((module.clone(), name), to);
            }
            found.push((module.clone(), paths.found));
        }
        for (module, paths) in found {
            let targets = paths.iter().map(|(at, path)| files.resolve(at, path));
            let targets: BTreeSet<Module> = targets.filter(|to| *to != module).collect();
            let first = paths.iter().filter_map(|(_, path)| path.first().cloned());
            files.foreign.insert(module.clone(), first.collect());
            files.uses.insert(module, targets);
        }
        files
    }

    fn read(&mut self, path: &Path, module: Module, parsed: &mut Vec<(Module, syn::File)>) {
        let text = fs::read_to_string(path).unwrap();
        let file = syn::parse_file(&text).unwrap();
        self.modules.insert(module.clone());
        for item in &file.items {
            let syn::Item::Mod(item) = item else { continue };
            if item.content.is_some() || is_test(&item.attrs) {
                continue;
            }
            let name = item.ident.to_string();
            let child = [module.as_slice(), &[name]].concat();
            if let Some(path) = Self::path(path, &child) {
                self.read(&path, child, parsed);
            }
        }
        parsed.push((module, file));
    }

    /// The file of a child module.
    fn path(parent: &Path, child: &Module) -> Option<PathBuf> {
        let name = child.last()?;
        let folder = parent.parent()?;
        let stem = parent.file_stem()?.to_str()?;
        let inside = match stem {
            "lib" | "main" | "mod" => folder.to_path_buf(),
            _ => folder.join(stem),
        };
        [format!("{name}.rs"), format!("{name}/mod.rs")]
            .map(|path| inside.join(path))
            .into_iter()
            .find(|path| path.exists())
    }

    /// The module whose file a path leads to, through `pub use` of other modules.
    fn resolve(&self, from: &Module, path: &[String]) -> Module {
        let mut at = from.clone();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => (at, rest) = (Vec::new(), &path[1..]),
            Some("self") => rest = &path[1..],
            Some("super") => {}
            // Another crate, or something of this file.
            Some(name)
                if !self
                    .modules
                    .contains(&[at.as_slice(), &[name.into()]].concat()) =>
            {
                return from.clone();
            }
            _ => {}
        }
        for name in rest {
            let next = [at.as_slice(), std::slice::from_ref(name)].concat();
            if name == "super" {
                at.pop();
            } else if self.modules.contains(&next) {
                at = next;
            } else if let Some(to) = self.exports.get(&(at.clone(), name.clone())) {
                return to.clone();
            } else {
                break;
            }
        }
        at
    }

    /// Circles of files, leaving out what a module and its own parts use of each other.
    fn circles(&self) -> Vec<String> {
        let kin = |a: &Module, b: &Module| a.starts_with(b) || b.starts_with(a);
        let next = |from: &Module| {
            let targets = self.uses.get(from).into_iter().flatten();
            let from = from.clone();
            targets.filter(move |to| !kin(&from, to))
        };
        let mut circles = Vec::new();
        for start in &self.modules {
            // Breadth first, so that the circle is a shortest one.
            let mut before: BTreeMap<&Module, &Module> = BTreeMap::new();
            let mut queue = std::collections::VecDeque::from([start]);
            while let Some(at) = queue.pop_front() {
                for to in next(at) {
                    if before.contains_key(to) {
                        continue;
                    }
                    before.insert(to, at);
                    queue.push_back(to);
                }
            }
            if before.contains_key(start) {
                let mut circle = vec![start.join("::")];
                let mut at = before[start];
                while at != start {
                    circle.push(at.join("::"));
                    at = before[at];
                }
                circle.reverse();
                // Each circle once, by its least member.
                if circle.iter().min() == circle.last() {
                    circles.push(circle.join(" -> "));
                }
            }
        }
        circles
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}

/// Collects the paths of a file, each with the module that it stands in.
struct Paths {
    module: Module,
    found: Vec<(Module, Vec<String>)>,
    exported: Vec<(String, Vec<String>)>,
}

impl Paths {
    fn tree(&mut self, tree: &syn::UseTree, before: &[String], public: bool) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        let (path, name) = match tree {
            syn::UseTree::Path(path) => return self.tree(&path.tree, &with(&path.ident), public),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, before, public);
                }
                return;
            }
            syn::UseTree::Name(name) => (with(&name.ident), name.ident.to_string()),
            syn::UseTree::Rename(name) => (with(&name.ident), name.rename.to_string()),
            syn::UseTree::Glob(_) => (before.to_vec(), String::new()),
        };
        if public {
            self.exported.push((name, path.clone()));
        }
        self.found.push((self.module.clone(), path));
    }
}

impl<'a> Visit<'a> for Paths {
    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        let public = !matches!(item.vis, syn::Visibility::Inherited);
        self.tree(&item.tree, &[], public);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let segments = path.segments.iter();
        let names: Vec<String> = segments.map(|segment| segment.ident.to_string()).collect();
        if names.len() > 1 {
            self.found.push((self.module.clone(), names));
        }
        visit::visit_path(self, path);
    }
}
