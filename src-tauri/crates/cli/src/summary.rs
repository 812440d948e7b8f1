//! What a session came to, as text.

use crate::output::{Output, count, lasting};
use crate::table::details;
use api::summaries::{Asked, Credential, Summary, Usage, Used, Work};

/// How many commits and files are named.
const NAMED: usize = 10;

/// The lines that follow those of the session itself.
pub fn summary_text(out: &Output, summary: &Summary) -> String {
    let mut rows = vec![("lasted", lasting(0, summary.lasted_ms))];
    if let Some(work) = &summary.work {
        work_rows(work, &mut rows);
    }
    if !summary.used.is_empty() {
        rows.push(("used", summary.used.iter().map(used_text).collect::<Vec<_>>().join(", ")));
    }
    if !summary.asked.is_empty() {
        rows.push(("asked for", summary.asked.iter().map(asked_text).collect::<Vec<_>>().join(", ")));
    }
    rows.extend(summary.usage.as_ref().map(|usage| ("used up", usage_text(usage))));
    details(out, &rows)
}

fn work_rows(work: &Work, rows: &mut Vec<(&'static str, String)>) {
    let least = if work.cut { "at least " } else { "" };
    if let Some(base) = &work.base {
        let files = count(work.file_count as usize, "file");
        let lines = format!("{files}, +{} −{}", work.added, work.deleted);
        let commits = count(work.commit_count as usize, "commit");
        rows.push((
            "commits",
            match work.commit_count {
                0 => format!("none since {base}"),
                _ => format!("{least}{commits} since {base}: {lines}"),
            },
        ));
        rows.extend(work.commits.iter().take(NAMED).map(|commit| ("", commit.clone())));
    }
    if work.uncommitted_count > 0 {
        let named = work.uncommitted.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if work.uncommitted_count as usize > NAMED { ", …" } else { "" };
        let files = count(work.uncommitted_count as usize, "file");
        rows.push(("uncommitted", format!("{least}{files}: {named}{more}")));
    }
}

fn used_text(used: &Used) -> String {
    let what = match used.what {
        Credential::Injected | Credential::Secret => used.name.clone(),
        Credential::Token => format!("a token of {}", used.name),
        Credential::Git => format!("a login for {}", used.name),
        Credential::Password => format!("the password of {}", used.name),
        Credential::Code => format!("a code of {}", used.name),
        Credential::Key => format!("the key {}", used.name),
    };
    match (used.what, used.times) {
        (Credential::Injected, _) => format!("{what} (injected)"),
        (_, 1) => what,
        (_, times) => format!("{what} ({times} times)"),
    }
}

fn asked_text(asked: &Asked) -> String {
    let outcomes = [(asked.approved, "approved"), (asked.denied, "denied"), (asked.unanswered, "unanswered")];
    let told = outcomes.into_iter().filter(|(times, _)| *times > 0).map(|(times, how)| match times {
        1 => how.to_string(),
        _ => format!("{how} {times} times"),
    });
    format!("{} {} ({})", asked.action.wants(), asked.subject, told.collect::<Vec<_>>().join(", "))
}

fn usage_text(usage: &Usage) -> String {
    let cost = usage.cost_micros.map(|micros| format!(", {:.2} $", micros as f64 / 1e6)).unwrap_or_default();
    format!("{} tokens in, {} cached, {} out{cost}", usage.input, usage.cached, usage.output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::approvals::Action;

    #[test]
    fn credentials_and_questions_are_told_in_words() {
        let used = |what, name: &str, times| used_text(&Used { what, name: name.into(), times });
        assert_eq!(used(Credential::Injected, "GITHUB_TOKEN", 1), "GITHUB_TOKEN (injected)");
        assert_eq!(used(Credential::Token, "builds", 3), "a token of builds (3 times)");
        let asked = Asked {
            action: Action::ReadSecret,
            subject: "NPM_TOKEN".into(),
            approved: 2,
            denied: 1,
            unanswered: 0,
        };
        assert_eq!(asked_text(&asked), "the secret NPM_TOKEN (approved 2 times, denied)");
    }
}
