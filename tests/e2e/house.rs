//! The rules of the house: what every file looks like, and who leans on whom.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The longest file, the longest file of tests, and the longest function, in lines.
const FILE_MAX: usize = 400;
const TEST_FILE_MAX: usize = 600;
const FUNCTION_MAX: usize = 60;

struct Source {
    /// Its path from the root of the workspace.
    name: String,
    text: String,
}

impl Source {
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(number, line)| (number + 1, line))
    }

    /// The part that is shipped: the lines of what is for tests alone are left empty.
    fn shipped(&self) -> String {
        let mut shipped = String::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            if line.trim() != "#[cfg(test)]" {
                shipped = shipped + line + "\n";
                continue;
            }
            let end = line.replace("#[cfg(test)]", "}");
            let mut begun = false;
            shipped.push('\n');
            for line in lines.by_ref() {
                shipped.push('\n');
                if line == end || (!begun && line.ends_with([';', '}'])) {
                    break;
                }
                begun |= !line.trim_start().starts_with("#[");
            }
        }
        shipped
    }

    /// The files that hold the modules of tests that this one names.
    fn tests(&self) -> impl Iterator<Item = String> {
        let name = self.name.trim_end_matches(".rs");
        let folder = match name.rsplit_once('/') {
            Some((folder, "mod" | "lib" | "main")) => folder,
            _ => name,
        };
        let named = self.text.split("#[cfg(test)]\n").skip(1).filter(|next| is_of_a_file(next));
        let module = |next: &str| next.trim_start_matches("pub ").split([' ', ';']).nth(1).map(String::from);
        named.filter_map(module).map(move |module| format!("{folder}/{module}"))
    }

    fn is_in(&self, folder: &str) -> bool {
        self.name.starts_with(folder)
    }
}

/// Whether a module begins here that stands in a file of its own.
fn is_of_a_file(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("pub ").starts_with("mod ") && line.ends_with(';')
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace has a root").to_path_buf()
}

/// Every Rust file of ours.
fn sources() -> Vec<Source> {
    let root = root();
    let mut folders: Vec<PathBuf> =
        ["src-tauri", "ui", "tests", "xtask"].iter().map(|folder| root.join(folder)).collect();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let foreign = ["target", "node_modules", "gen"].iter().any(|name| path.ends_with(name));
            if path.is_dir() && !foreign {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).expect("it is below the root").display().to_string();
                sources.push(Source { name, text: fs::read_to_string(&path).expect("the file reads") });
            }
        }
    }
    assert!(sources.len() > 20, "the sources were not found");
    sources
}

/// The native sources without those of tests.
fn native() -> Vec<Source> {
    let mut sources: Vec<Source> =
        sources().into_iter().filter(|source| source.is_in("src-tauri/")).collect();
    let tests: Vec<String> = sources.iter().flat_map(Source::tests).collect();
    assert!(tests.len() > 5, "the modules of tests were not found: {tests:?}");
    let is_test = |name: &str| {
        name.contains("/tests/") || tests.iter().any(|test| name.trim_end_matches(".rs").starts_with(test))
    };
    sources.retain(|source| !is_test(&source.name));
    sources
}

#[track_caller]
fn none(broken: Vec<String>, rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn every_file_says_first_what_it_is() {
    let silent = |source: &Source| !source.text.starts_with("//! ");
    let broken = sources().into_iter().filter(silent).map(|source| source.name).collect();
    none(broken, "a file begins with `//!` and one sentence");
}

#[test]
fn no_file_is_longer_than_the_cap() {
    let too_long = |source: &Source| {
        let (lines, cap) =
            (source.text.lines().count(), if source.is_in("tests/") { TEST_FILE_MAX } else { FILE_MAX });
        (lines > cap).then(|| format!("{}: {lines} lines, {cap} is the cap", source.name))
    };
    none(sources().iter().filter_map(too_long).collect(), "files are short");
}

#[test]
fn no_function_is_longer_than_the_cap() {
    let too_long = |source: &Source| -> Vec<String> {
        let lines: Vec<&str> = source.text.lines().collect();
        let starts = (0..lines.len()).filter(|&at| starts_function(lines[at]));
        let length = |at: usize| {
            let indent = lines[at].len() - lines[at].trim_start().len();
            let end = format!("{}}}", " ".repeat(indent));
            lines[at..].iter().position(|line| *line == end).map_or(1, |end| end + 1)
        };
        let told = |at: usize| format!("{}:{}: {} lines", source.name, at + 1, length(at));
        starts.filter(|&at| length(at) > FUNCTION_MAX).map(told).collect()
    };
    none(sources().iter().flat_map(too_long).collect(), "functions are short");
}

fn starts_function(line: &str) -> bool {
    let line = line.trim_start();
    // A function of one line ends where it starts.
    let words = line.split("fn ").next().unwrap_or("");
    let known = ["pub", "pub(crate)", "pub(super)", "async", "const", "unsafe", "extern", "\"C\""];
    line.contains("fn ") && !line.ends_with('}') && words.split_whitespace().all(|word| known.contains(&word))
}

#[test]
fn no_name_says_nothing() {
    let modules = ["utils", "util", "common", "types", "helpers", "misc"];
    let endings = ["Manager", "Service", "Helper", "Util", "Handler"];
    let mut broken = Vec::new();
    for source in sources() {
        let path = Path::new(&source.name);
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let folder = path.parent().and_then(|folder| folder.file_name()?.to_str()).unwrap_or_default();
        if modules.contains(&stem) || modules.contains(&folder) {
            broken.push(source.name.clone());
        }
        for (number, line) in source.lines() {
            let mut words =
                line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
            let named =
                words.by_ref().any(|word| ["struct", "enum", "trait"].contains(&word)).then(|| words.next());
            let code = !line.trim_start().starts_with("//") && !line.contains('"');
            if let Some(name) =
                named.flatten().filter(|name| code && endings.iter().any(|end| name.ends_with(end)))
            {
                broken.push(format!("{}:{number}: {name}", source.name));
            }
        }
    }
    none(broken, "names say what a thing is");
}

#[test]
fn nothing_is_left_to_do_and_nothing_sleeps() {
    // Written in two parts, so that this file does not break its own rule.
    let words = [
        concat!("thread::", "sleep"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("dbg", "!("),
    ];
    let mut broken = Vec::new();
    for source in sources() {
        // xtask waits for other people's programs, which tell nobody when they are ready.
        let sleeps = source.is_in("xtask/");
        let banned = &words[usize::from(sleeps)..];
        let hits = source.lines().filter(|(_, line)| banned.iter().any(|word| line.contains(word)));
        broken.extend(hits.map(|(number, line)| format!("{}:{number}: {}", source.name, line.trim())));
    }
    none(broken, "no stubs, and no waiting but for an event");
}

#[test]
fn every_pause_says_why_nothing_can_be_waited_for() {
    let mut broken = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let sleeps = line.contains("sleep(") || line.contains("sleep_until(");
            // A named time says at its name what it is for.
            let bare = sleeps && line.contains("Duration::from_");
            let says =
                || lines[at.saturating_sub(4)..at].iter().any(|near| near.trim_start().starts_with("// "));
            let in_test = source.is_in("tests/") && line.contains(concat!("time::", "sleep"));
            if in_test || (bare && !says()) {
                broken.push(format!("{}:{}: {}", source.name, at + 1, line.trim()));
            }
        }
    }
    none(broken, "a pause is named or has its reason above it, and no test sleeps");
}

#[test]
fn nothing_that_changes_is_kept_in_a_static() {
    let changing =
        ["mut ", "Mutex", "RwLock", "Atomic", "OnceLock", "OnceCell", "Cell<", "Semaphore", "Notify"];
    let (mut broken, mut seen) = (Vec::new(), 0);
    for source in native() {
        for (number, line) in source.shipped().lines().enumerate() {
            let item = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            let is_static = item.starts_with("static ");
            seen += usize::from(is_static);
            let changes = is_static && changing.iter().any(|word| item.contains(word));
            if changes || item.starts_with(concat!("thread_", "local!")) {
                broken.push(format!("{}:{}: {}", source.name, number + 1, line.trim()));
            }
        }
    }
    assert!(seen > 3, "the tables that never change were not found");
    none(broken, "state belongs to the backend, not to the program");
}

#[test]
fn nothing_that_is_shipped_panics_on_purpose() {
    let panics = [".unwrap()", "panic!(", "unreachable!(", ".expect("];
    let mut broken = Vec::new();
    for source in native() {
        // Sealing cannot fail, and going on where it did would be worse than stopping.
        let banned = &panics[..panics.len() - usize::from(source.is_in("src-tauri/crates/vault/"))];
        for (number, line) in source.shipped().lines().enumerate() {
            let code = !line.trim_start().starts_with("//");
            if code && banned.iter().any(|word| line.contains(word)) {
                broken.push(format!("{}:{}: {}", source.name, number + 1, line.trim()));
            }
        }
    }
    none(broken, "what can fail is an error");
}

#[test]
fn every_rule_that_is_lifted_says_why() {
    let mut broken = Vec::new();
    for source in sources() {
        for (number, line) in source.lines() {
            let lifts = ["#[allow(", "#![allow(", "#[expect(", "#![expect("]
                .iter()
                .any(|word| line.trim_start().starts_with(word));
            let reason = || {
                let rest: Vec<&str> = source.text.lines().skip(number - 1).take(5).collect();
                rest.join("").split(']').next().is_some_and(|lifted| lifted.contains("reason = "))
            };
            if lifts && !reason() {
                broken.push(format!("{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    none(broken, "a lint is lifted with `reason = …`");
}

#[test]
fn every_look_at_a_secret_says_why() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| !source.is_in("tests/")) {
        let shipped = source.shipped();
        let lines: Vec<&str> = shipped.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let looks = line.contains(".expose(") || line.contains(".expose_str(");
            let says = || lines[at.saturating_sub(5)..=at].iter().any(|near| near.contains("// EXPOSE: "));
            if looks && !line.trim_start().starts_with("//") && !says() {
                broken.push(format!("{}:{}: {}", source.name, at + 1, line.trim()));
            }
        }
    }
    none(broken, "every `.expose()` has a line `// EXPOSE: why` above it");
}

#[test]
fn only_hosts_read_the_environment() {
    let reads = ["env::var(", "env::var_os(", "env::vars(", "env::vars_os("];
    let mut broken = Vec::new();
    let native = |source: &&Source| source.is_in("src-tauri/") && !source.name.ends_with("main.rs");
    for source in sources().iter().filter(native).filter(|source| !source.name.contains("/tests/")) {
        for (number, line) in source.shipped().lines().enumerate() {
            if reads.iter().any(|read| line.contains(read)) {
                broken.push(format!("{}:{}: {}", source.name, number + 1, line.trim()));
            }
        }
    }
    none(broken, "only `main.rs` reads the environment");
}

#[test]
fn every_test_is_named_as_a_sentence() {
    let mut broken = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let is_test = ["#[test]", "#[tokio::test]"].contains(&line.trim());
            let name =
                lines[at..].iter().take(6).find_map(|line| line.split_once("fn ")?.1.split('(').next());
            if let Some(name) = name.filter(|name| is_test && name.split('_').count() < 3) {
                broken.push(format!("{}:{}: {name}", source.name, at + 1));
            }
        }
    }
    none(broken, "a test's name is a sentence");
}

/// Our packages and which of our packages each leans on, tests of its own aside.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let args = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(cargo).args(args).current_dir(root()).output().expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    let packages = metadata["packages"].as_array().expect("there are packages");
    let ours: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let leans = |package: &Value| -> BTreeSet<String> {
        let all = package["dependencies"].as_array().into_iter().flatten();
        let shipped = all.filter(|dependency| dependency["kind"].as_str() != Some("dev"));
        shipped.filter_map(|d| d["name"].as_str()).filter(|d| ours.contains(d)).map(str::to_string).collect()
    };
    packages
        .iter()
        .map(|package| (package["name"].as_str().unwrap_or_default().to_string(), leans(package)))
        .collect()
}

#[test]
fn packages_lean_only_on_what_they_may() {
    let may: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("api", &[][..]),
        ("vault", &[][..]),
        ("peer", &[][..]),
        ("backend", &["api", "vault", "peer"][..]),
        ("cli", &["api", "peer"][..]),
        ("ui", &["api"][..]),
        ("tests", &["api"][..]),
        ("lanyard-desktop", &["api", "peer"][..]),
        ("xtask", &["api"][..]),
    ]);
    let mut broken = Vec::new();
    for (package, leans) in packages() {
        let allowed = may.get(package.as_str()).unwrap_or_else(|| panic!("{package} is not on the map"));
        let wrong = leans.iter().filter(|lean| !allowed.contains(&lean.as_str()));
        broken.extend(wrong.map(|lean| format!("{package} leans on {lean}")));
    }
    none(broken, "packages lean downwards");
}

/// Which modules of the backend each of its modules names, unit tests aside.
fn backend() -> BTreeMap<String, BTreeSet<String>> {
    let folder = "src-tauri/crates/backend/src/";
    let mut leans: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources().iter().filter(|source| source.is_in(folder)) {
        let first = source.name[folder.len()..].split('/').next().unwrap_or_default();
        let module = first.trim_end_matches(".rs").to_string();
        let named = leans.entry(module.clone()).or_default();
        for part in source.shipped().split("crate::").skip(1) {
            // `use crate::{a::B, c}` names several at once.
            let inner = part.strip_prefix('{').and_then(|list| list.split('}').next());
            let names = inner.map_or_else(|| vec![part], |list| list.split(',').collect());
            let word = |name: &str| {
                name.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().map(String::from)
            };
            named.extend(names.into_iter().filter_map(word).filter(|name| *name != module));
        }
    }
    let modules: BTreeSet<String> = leans.keys().cloned().collect();
    leans.values_mut().for_each(|named| named.retain(|name| modules.contains(name)));
    leans
}

#[test]
fn rooms_of_the_backend_lean_downwards() {
    let leans = backend();
    let rank = |module: &str| match module {
        "main" | "lib" => 5,
        "serve" => 4,
        "dispatch" => 3,
        "backend" => 2,
        "store" | "bus" | "config" | "failpoint" | "clock" | "git" | "telling" | "caller" | "safe"
        | "keeper" => 0,
        _ => 1,
    };
    let mut broken = Vec::new();
    for (module, named) in &leans {
        let upwards = named.iter().filter(|name| rank(name) > rank(module));
        broken.extend(upwards.map(|name| format!("{module} leans on {name}, which is above it")));
    }
    none(broken, "serve → dispatch → rooms → store, bus and vault");
}

#[test]
fn rooms_of_the_backend_lean_on_each_other_in_no_circle() {
    let mut leans = backend();
    // What leans on nothing that is left cannot be part of a circle.
    loop {
        let free: Vec<String> =
            leans.iter().filter(|(_, named)| named.is_empty()).map(|(module, _)| module.clone()).collect();
        if free.is_empty() {
            break;
        }
        leans.retain(|module, _| !free.contains(module));
        leans.values_mut().for_each(|named| named.retain(|name| !free.contains(name)));
    }
    let told = leans.iter().map(|(module, named)| format!("{module} → {named:?}")).collect();
    none(told, "no circles");
}
