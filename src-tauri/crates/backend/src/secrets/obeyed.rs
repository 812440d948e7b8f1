//! Names of variables that programs obey. A secret of such a name would run in every session of its identity from then
//! on, so that only the owner sets one: no agent, and no server whose vault is kept alike.

use crate::caller::Caller;
use anyhow::{Result, bail};
use api::Error;

/// What begins like this steers a program of that name, or the loader of all programs.
const BEGINNINGS: [&str; 15] = [
    "LD_",
    "DYLD_",
    "BASH_",
    "GIT_",
    "SSH_",
    "PYTHON",
    "PIP_",
    "UV_",
    "NPM_CONFIG_",
    "YARN_",
    "CARGO_",
    "XDG_",
    "CLAUDE_",
    "CODEX_",
    "OPENCODE_",
];
/// What ends like this is an address that keys are sent to.
const ENDINGS: [&str; 4] = ["_BASE_URL", "_API_URL", "_API_BASE", "_PROXY"];
/// What ends like this is a credential, however it begins.
const CREDENTIALS: [&str; 6] = ["_TOKEN", "_KEY", "_SECRET", "_PASSWORD", "_PASS", "_AUTH"];
const NAMES: [&str; 57] = [
    "ENV",
    "IFS",
    "PS4",
    "PROMPT_COMMAND",
    "SHELLOPTS",
    "BASHOPTS",
    "ZDOTDIR",
    "FPATH",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "MANPAGER",
    "BROWSER",
    "LESSOPEN",
    "LESSCLOSE",
    "TERMINFO",
    "LOCPATH",
    "GCONV_PATH",
    "NODE_OPTIONS",
    "NODE_PATH",
    "NODE_EXTRA_CA_CERTS",
    "PERL5OPT",
    "PERL5LIB",
    "PERLLIB",
    "RUBYOPT",
    "RUBYLIB",
    "GEM_HOME",
    "GEM_PATH",
    "BUNDLE_GEMFILE",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "MAVEN_OPTS",
    "GRADLE_OPTS",
    "CLASSPATH",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "GOFLAGS",
    "GOPROXY",
    "GOSUMDB",
    "GOENV",
    "CC",
    "CXX",
    "LD",
    "MAKEFLAGS",
    "CMAKE_TOOLCHAIN_FILE",
    "OPENSSL_CONF",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "CURL_HOME",
    "SSLKEYLOGFILE",
    "PATH",
    "HOME",
];

/// Whether a program does what a variable of this name says. Shells and libraries read some in small letters too.
fn is_obeyed(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    let begins = || BEGINNINGS.iter().any(|beginning| key.starts_with(beginning));
    let ends = |ends: &[&str]| ends.iter().any(|ending| key.ends_with(ending));
    !ends(&CREDENTIALS) && (begins() || ends(&ENDINGS) || NAMES.contains(&key.as_str()))
}

/// Refuses a new secret of such a name by anybody but the owner.
pub fn check(caller: &Caller, key: &str) -> Result<()> {
    match !is_obeyed(key) || !(caller.is_agent() || matches!(caller, Caller::Source)) {
        true => Ok(()),
        false => bail!(
            Error::refused(format!("{key} is a name that programs obey, so that only the owner sets it"))
                .hint("take another name, or ask the owner to set it")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_obey_is_told_from_credentials() {
        let obeyed = [
            "BASH_ENV",
            "NODE_OPTIONS",
            "LD_PRELOAD",
            "ld_preload",
            "GIT_EXTERNAL_DIFF",
            "PYTHONSTARTUP",
            "ANTHROPIC_BASE_URL",
            "https_proxy",
            "PATH",
            "NPM_CONFIG_REGISTRY",
            "CARGO_BUILD_RUSTC_WRAPPER",
            "CLAUDE_CONFIG_DIR",
            "OPENCODE_CONFIG_CONTENT",
        ];
        assert_eq!(obeyed.iter().find(|key| !is_obeyed(key)), None);
        let credentials = [
            "GITHUB_TOKEN",
            "GIT_TOKEN",
            "NPM_TOKEN",
            "NODE_AUTH_TOKEN",
            "RAVI_API_KEY",
            "SSH_PRIVATE_KEY",
            "DATABASE_URL",
            "STRIPE_SECRET",
            "WORKTREE_TOKEN",
            "PYPI_TOKEN",
            "API_KEY",
            "CARGO_REGISTRY_TOKEN",
            "CLAUDE_CODE_OAUTH_TOKEN",
            "CODEX_API_KEY",
        ];
        assert_eq!(credentials.iter().find(|key| is_obeyed(key)), None);
    }
}
