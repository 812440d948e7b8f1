//! What a session came to: how long, what changed, what it used and asked for, and what it cost.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::words;
use api::sessions::Session;
use api::summaries::{Asked, Credential, SummarizeSession, Summary, Usage, Used, Work};
use leptos::prelude::*;

/// The summary of a session; it is asked for again when its state changes.
#[component]
pub fn SessionSummary(
    /// Which session.
    session: Memo<Option<Session>>,
) -> impl IntoView {
    let face = face();
    let asking = Attempt::new();
    let told = RwSignal::new(None::<Summary>);
    let key = Memo::new(move |_| session.with(|s| s.as_ref().map(|s| (s.id.clone(), s.state, s.ended_at))));
    Effect::new(move |before: Option<Option<String>>| {
        let id = key.with(|key| key.as_ref().map(|(id, ..)| id.clone()));
        if before.flatten() != id {
            told.set(None);
        }
        if let Some(session) = id.clone() {
            // The tab may have been left meanwhile.
            asking.run(face.call(SummarizeSession { session }), move |summary| {
                drop(told.try_set(Some(summary)))
            });
        }
        id
    });
    view! {
        <Problem of=asking/>
        {move || told.get().map(|summary| view! { <Told summary/> })}
    }
}

#[component]
fn Told(summary: Summary) -> impl IntoView {
    let Summary { work, used, asked, usage, .. } = summary;
    let used: Vec<_> = used.iter().map(used_in_words).collect();
    let asked: Vec<_> = asked.iter().map(asked_in_words).collect();
    let line = |name: &'static str, said: Vec<String>| {
        (!said.is_empty()).then(|| view! {
            <dt>{name}</dt><dd>{said.into_iter().map(|one| view! { <p>{one}</p> }).collect::<Vec<_>>()}</dd>
        })
    };
    view! {
        <section class="stack tight" data-test="summary">
            <h3>"What it came to"</h3>
            {work.map(|work| view! { <Changes work/> })}
            <dl class="facts">
                {line("Used", used)}
                {line("Asked for", asked)}
                {usage.map(|usage| line("Used up", vec![usage_in_words(&usage)]))}
            </dl>
        </section>
    }
}

/// Commits and files, with the lines that were added and taken away.
#[component]
fn Changes(work: Work) -> impl IntoView {
    let at_least = if work.cut { "at least " } else { "" };
    let base = work.base.as_ref().map(|base| format!(" since {base}")).unwrap_or_default();
    let counted = format!("{at_least}{}{base}", words::count(work.commit_count, "commit"));
    let numbers = (work.file_count > 0).then(|| {
        view! {
            <span>{words::count(work.file_count, "file")}</span>
            <span class="plus">{format!("+{}", work.added)}</span>
            <span class="minus">{format!("−{}", work.deleted)}</span>
        }
    });
    let rest = (work.uncommitted_count > 0).then(|| {
        let names = work.uncommitted.join("\n");
        let said = format!("{} not committed", words::count(work.uncommitted_count, "file"));
        view! { <span class="pending" title=names>{said}</span> }
    });
    let commits: Vec<_> = work
        .commits
        .iter()
        .map(|line| view! { <li class="cut" title=line.clone()>{words::plain(line)}</li> })
        .collect();
    let files: Vec<_> = work
        .files
        .into_iter()
        .map(|f| {
            let lines = |sign: &str, n: Option<u32>| n.filter(|n| *n > 0).map(|n| format!("{sign}{n}"));
            view! {
                <li><code class="cut grow">{words::plain(&f.path)}</code><span class="plus">{lines("+", f.added)}</span>
                    <span class="minus">{lines("−", f.deleted)}</span></li>
            }
        })
        .collect();
    view! {
        <p class="row wrap" data-test="work"><b>{words::capital(&counted)}</b>{numbers}{rest}</p>
        {(!commits.is_empty()).then(|| view! { <ul class="commits">{commits}</ul> })}
        {(!files.is_empty()).then(|| view! {
            <details class="gone"><summary>"Files"</summary><ul class="commits">{files}</ul></details>
        })}
    }
}

fn used_in_words(used: &Used) -> String {
    let how = match used.what {
        Credential::Injected => "in the environment".to_string(),
        Credential::Secret | Credential::Password => format!("read {}", words::times(used.times)),
        Credential::Token => format!("token, {}", words::times(used.times)),
        Credential::Git => format!("git login, {}", words::times(used.times)),
        Credential::Code => format!("one-time code, {}", words::times(used.times)),
        Credential::Key => format!("key, signed {}", words::times(used.times)),
    };
    format!("{}: {how}", words::plain(&used.name))
}

fn asked_in_words(asked: &Asked) -> String {
    let counts = [(asked.approved, "approved"), (asked.denied, "denied"), (asked.unanswered, "unanswered")];
    let said: Vec<_> = counts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| if *n == 1 { (*what).to_string() } else { format!("{what} {}", words::times(*n)) })
        .collect();
    format!("{} {}: {}", asked.action.wants(), words::plain(&asked.subject), said.join(", "))
}

/// What the agent says that it has used up.
fn usage_in_words(usage: &Usage) -> String {
    let tokens =
        format!("{} tokens in, {} out", thousands(usage.input + usage.cached), thousands(usage.output));
    match usage.cost_micros {
        Some(micros) => format!("{tokens}, ${}.{:02}", micros / 1_000_000, micros % 1_000_000 / 10_000),
        None => tokens,
    }
}

/// `950`, `12k`, `3.4M`.
fn thousands(n: u64) -> String {
    match n {
        0..1000 => n.to_string(),
        1000..1_000_000 => format!("{}k", n / 1000),
        _ => format!("{}.{}M", n / 1_000_000, n % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_up_is_told_in_round_numbers() {
        let usage = Usage { input: 12_345, output: 950, cached: 3_400_000, cost_micros: Some(1_234_567) };
        assert_eq!(usage_in_words(&usage), "3.4M tokens in, 950 out, $1.23");
        assert_eq!(usage_in_words(&Usage { input: 5, ..Usage::default() }), "5 tokens in, 0 out");
    }
}
