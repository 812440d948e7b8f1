//! A counterpart for the kind `command`: a program whose issued tokens live in a folder, one file each, so that a
//! test can see what is alive there whatever became of the daemon.

use crate::{World, python};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Issues, revokes and finds by what its folder says. A file `mode` in it makes it misbehave.
const PROGRAM: &str = include_str!("issuer.py");

/// The counterpart.
pub struct Counterpart {
    folder: PathBuf,
}

impl World {
    /// Makes a counterpart and adds it as an issuer of this name, with this policy.
    #[track_caller]
    pub fn issuer(&self, name: &str, policy: &str) -> Counterpart {
        let counterpart = self.counterpart(name);
        let program = format!("command={}", counterpart.program().display());
        let args = ["issuers", "add", name, "--kind", "command", "--set", &program, "--policy", policy];
        self.lanyard_with(&[&args[..], &["--secret", "-"]].concat(), "issuers-own-secret").ok();
        counterpart
    }

    /// Makes a counterpart that no issuer names yet.
    #[track_caller]
    pub fn counterpart(&self, name: &str) -> Counterpart {
        let folder = self.path(&format!("issuer-{name}"));
        fs::create_dir_all(folder.join("live")).expect("the counterpart's folder is made");
        let python = python().expect("the counterpart needs Python, which cargo xtask needs as well");
        let counterpart = Counterpart { folder };
        let text = PROGRAM.replace("PYTHON", &python.display().to_string());
        fs::write(counterpart.program(), text).expect("the counterpart is written");
        let executable = fs::Permissions::from_mode(0o700);
        fs::set_permissions(counterpart.program(), executable).expect("the counterpart is executable");
        counterpart
    }
}

impl Counterpart {
    /// Its program.
    pub fn program(&self) -> PathBuf {
        self.folder.join("program")
    }

    /// Makes it misbehave when it is asked to do this; an empty mode is good behaviour again.
    #[track_caller]
    pub fn behave(&self, what: &str, mode: &str) {
        fs::write(self.folder.join(format!("mode-{what}")), mode).expect("the mode is written");
    }

    /// The values of the tokens that are alive there.
    #[track_caller]
    pub fn live(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.folder.join("live")).expect("the folder reads").flatten();
        let entries = entries.filter(|entry| entry.path().extension().is_none());
        let value = |text: String| -> Value { serde_json::from_str(&text).unwrap_or(json!(null)) };
        let read = entries.filter_map(|entry| fs::read_to_string(entry.path()).ok());
        read.map(|text| value(text)["value"].as_str().unwrap_or_default().to_string()).collect()
    }

    /// Ends every token behind everybody's back.
    #[track_caller]
    pub fn end_all(&self) {
        let live = self.folder.join("live");
        fs::remove_dir_all(&live).and_then(|()| fs::create_dir(&live)).expect("they can be ended");
    }

    /// What it was asked, one line a call: what to do, and the name.
    pub fn calls(&self) -> String {
        fs::read_to_string(self.folder.join("calls")).unwrap_or_default()
    }
}
