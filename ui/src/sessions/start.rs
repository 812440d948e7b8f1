//! The form that starts a session, or puts a task in line: who, on which project and branch, with which agent.

use crate::attempt::{Attempt, Problem};
use crate::face::{Dialog, Face, face};
use crate::field::{Choice, Hint, HintLine, TextField};
use crate::icons::{Icon, PLAY};
use crate::slots::{agent_options, identity_options};
use crate::words;
use api::projects::{Branch, ListBranches};
use api::sessions::{PROMPT_MAX, Session, StartSession};
use api::slots::{Badge, SetSlot};
use api::tasks::{AddTask, WhenDone};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The agent's choice that means a command.
const COMMAND: &str = "command";

/// What is typed and chosen.
#[derive(Clone, Copy)]
struct Draft {
    /// The slot to start in; none for a task, which takes the first that is free.
    slot: Option<u32>,
    identity: RwSignal<String>,
    project: RwSignal<String>,
    branch: RwSignal<String>,
    base: RwSignal<String>,
    agent: RwSignal<String>,
    command: RwSignal<String>,
    task: RwSignal<String>,
    when_done: RwSignal<String>,
    branches: RwSignal<Vec<Branch>>,
}

impl Draft {
    /// What the slot did last, or else a fresh branch on the first project.
    fn of(face: Face, slot: Option<u32>) -> Self {
        let badge = slot.and_then(|slot| face.badge(slot).get_untracked());
        let last = badge.as_ref().and_then(|b| b.session.clone());
        let first_of =
            |list: Vec<(String, String)>| list.into_iter().next().map(|(key, _)| key).unwrap_or_default();
        let seated = badge.as_ref().and_then(|b| b.identity.as_ref().map(|w| w.name.clone()));
        let first = || slot.map(|_| untrack(|| first_of(identity_options(face, false)))).unwrap_or_default();
        let identity = seated.unwrap_or_else(first);
        let projects = face.projects.get_untracked().unwrap_or_default();
        let known =
            last.as_ref().map(|s| s.project.clone()).filter(|name| projects.iter().any(|p| p.name == *name));
        let project = known.or(projects.first().map(|p| p.name.clone())).unwrap_or_default();
        let command = last.as_ref().filter(|s| s.agent == COMMAND).map(|s| s.command.join(" "));
        Self {
            slot,
            branch: RwSignal::new(branch_for(&identity, last.as_ref())),
            identity: RwSignal::new(identity),
            project: RwSignal::new(project),
            base: RwSignal::new(String::new()),
            agent: RwSignal::new(match slot {
                Some(_) => agent_for(badge.as_ref(), last.as_ref()),
                None => agent_of_tasks(face),
            }),
            command: RwSignal::new(command.unwrap_or_default()),
            task: RwSignal::new(String::new()),
            when_done: RwSignal::new(WhenDone::Stop.name().to_string()),
            branches: RwSignal::new(Vec::new()),
        }
    }

    /// The branch of that name, if there is one.
    fn existing(self) -> Option<Branch> {
        let name = self.branch.get();
        self.branches.with(|all| all.iter().find(|b| b.name == name.trim()).cloned())
    }

    /// Whether what is chosen takes a task; a shell and a command don't.
    fn takes_task(self) -> bool {
        self.agent.with(|agent| agent != COMMAND && agent != "shell")
    }

    /// The task, where there is one for an agent that takes it.
    fn prompt(self) -> Option<String> {
        let task = self.task.with(|task| task.trim().to_string());
        Some(task).filter(|task| !task.is_empty() && self.takes_task())
    }

    /// The command, where that is chosen in place of an agent.
    fn command(self) -> api::Result<Vec<String>> {
        if self.agent.get_untracked() != COMMAND {
            return Ok(Vec::new());
        }
        let command = words::split(&self.command.get_untracked())?;
        match command.is_empty() {
            true => {
                Err(api::Error::invalid("there is no command to start").hint("write one, or choose an agent"))
            }
            false => Ok(command),
        }
    }

    fn start(self, slot: u32, command: Vec<String>) -> StartSession {
        let AddTask { project, branch, base, agent, prompt, .. } = self.wait(Vec::new());
        StartSession { slot, project, branch, base, agent, command, prompt, size: None }
    }

    fn wait(self, command: Vec<String>) -> AddTask {
        let some = |text: RwSignal<String>| Some(text.get_untracked()).filter(|text| !text.is_empty());
        let stop = self.when_done.with_untracked(|chosen| chosen == WhenDone::Stop.name());
        AddTask {
            project: self.project.get_untracked(),
            branch: self.branch.with_untracked(|b| b.trim().to_string()),
            base: untrack(|| self.existing().is_none()).then(|| some(self.base)).flatten(),
            agent: some(self.agent).filter(|agent| agent != COMMAND),
            command,
            slot: None,
            identity: some(self.identity),
            prompt: untrack(|| self.prompt()),
            when_done: if stop { WhenDone::Stop } else { WhenDone::Keep },
        }
    }

    /// Seats the identity where another one sits, and starts; or puts the task in line.
    async fn go(self, face: Face) -> api::Result<()> {
        let command = self.command()?;
        let Some(slot) = self.slot else {
            face.call(self.wait(command)).await?;
            face.relist_tasks();
            return Ok(());
        };
        let identity = self.identity.get_untracked();
        let seated = face.badge(slot).get_untracked().and_then(|b| b.identity).map(|w| w.name);
        if seated.as_ref() != Some(&identity) {
            face.call(SetSlot { slot, identity: Some(identity), ..SetSlot::default() }).await?;
        }
        face.call(self.start(slot, command)).await.map(drop)
    }
}

fn branch_for(identity: &str, last: Option<&Session>) -> String {
    match last {
        Some(session) => session.branch.clone(),
        None if identity.is_empty() => String::new(),
        None => format!("{identity}/work"),
    }
}

/// The first agent that is installed and takes a task.
fn agent_of_tasks(face: Face) -> String {
    let found = face.status.with_untracked(|status| {
        let all = status.iter().flat_map(|s| &s.agents).filter(|a| a.path.is_some());
        all.map(|agent| agent.name.clone()).find(|name| name != "shell")
    });
    found.unwrap_or_else(|| "shell".into())
}

fn agent_for(badge: Option<&Badge>, last: Option<&Session>) -> String {
    let agent = last.map(|s| s.agent.clone()).or_else(|| badge.map(|b| b.agent.clone()));
    agent.filter(|agent| !agent.is_empty()).unwrap_or_else(|| "shell".into())
}

/// The form.
#[component]
pub fn StartForm(
    /// The slot to start in; none for a task, which waits in line for one.
    #[prop(optional)]
    seat: Option<u32>,
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
    let face = face();
    let draft = Draft::of(face, seat);
    list_branches(face, draft);
    let starting = Attempt::new();
    let go = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        starting.run(draft.go(face), move |()| {
            close.run(());
            if let Some(seat) = seat {
                face.show_slot(seat);
            }
        });
    };
    let nobody = move || seat.is_some() && draft.identity.with(String::is_empty);
    let lacking = move || {
        nobody() || draft.project.with(String::is_empty) || draft.branch.with(|b| b.trim().is_empty())
    };
    let (verb, busy) =
        if seat.is_some() { ("Start", "Starting…") } else { ("Put in line", "Putting in line…") };
    view! {
        <form class="stack" on:submit=go>
            <div class="stack tight">
                <Who draft/>
                <Where draft/>
                <What draft/>
                {seat.is_none().then(|| view! { <Choice name="When its turn is over" value=draft.when_done test="start-when-done" options=when_done_options()/> })}
            </div>
            <Problem of=starting/>
            <div class="row end">
                <button class="button" type="button" data-test="cancel" on:click=move |_| close.run(())>"Cancel"</button>
                <button class="button main" data-test="start-go" data-focus="" disabled=move || starting.busy.get() || lacking()>
                    <Icon of=PLAY/>
                    {move || if starting.busy.get() { busy } else { verb }}
                </button>
            </div>
        </form>
    }
}

/// Lists the branches of whichever project is chosen.
fn list_branches(face: Face, draft: Draft) {
    Effect::new(move |_| {
        let project = draft.project.get();
        let default = face
            .projects
            .with(|all| all.iter().flatten().find(|p| p.name == project).map(|p| p.default_branch.clone()));
        draft.base.set(default.unwrap_or_default());
        if project.is_empty() {
            return;
        }
        spawn_local(async move {
            if let Ok(found) = face.call(ListBranches { project }).await {
                // The dialog may have been closed meanwhile.
                let _ = draft.branches.try_set(found);
            }
        });
    });
}

#[component]
fn Who(draft: Draft) -> impl IntoView {
    let face = face();
    let none = Memo::new(move |_| face.identities.with(|all| all.as_ref().is_some_and(Vec::is_empty)));
    let options = Signal::derive(move || match draft.slot {
        Some(_) => identity_options(face, draft.identity.with(String::is_empty)),
        None => {
            let anyone = (String::new(), "whoever sits in the first free slot".to_string());
            std::iter::once(anyone).chain(identity_options(face, false)).collect()
        }
    });
    move || match none.get() {
        true => {
            view! { <Missing what="There is no identity yet." verb="Create one" dialog=Dialog::NewIdentity/> }
                .into_any()
        }
        false => {
            view! { <Choice name="Identity" value=draft.identity test="start-identity" options/> }.into_any()
        }
    }
}

#[component]
fn Where(draft: Draft) -> impl IntoView {
    let face = face();
    let projects = Signal::derive(move || {
        face.projects
            .get()
            .unwrap_or_default()
            .into_iter()
            .map(|p| (p.name.clone(), p.name))
            .collect::<Vec<_>>()
    });
    let bases = Signal::derive(move || {
        draft.branches.get().into_iter().map(|b| (b.name.clone(), b.name)).collect::<Vec<_>>()
    });
    let is_old = Memo::new(move |_| draft.existing().is_some());
    let hint = move || match (draft.branch.with(String::is_empty), draft.existing()) {
        (true, _) => Hint::Say("a new branch, or one that exists".into()),
        (_, None) => Hint::Say("a new branch, in a worktree of its own".into()),
        (_, Some(Branch { checked_out_at: Some(path), .. })) => Hint::Say(format!("checked out at {path}")),
        (_, Some(_)) => Hint::Say("this branch exists: the work goes on there".into()),
    };
    let one = |branch: Branch| view! { <option value=branch.name></option> };
    move || {
        match projects.with(Vec::is_empty) {
        true => view! { <Missing what="There is no project yet." verb="Add one" dialog=Dialog::AddProject/> }.into_any(),
        false => view! {
            <Choice name="Project" value=draft.project test="start-project" options=projects/>
            <div class="two" style="margin-top:8px">
                <TextField name="Branch" value=draft.branch test="start-branch" mono=true list="start-branches" hinted=false/>
                <Choice name="From" value=draft.base test="start-base" options=bases disabled=is_old/>
            </div>
            <div class="field"><HintLine hint=Signal::derive(hint)/></div>
            <datalist id="start-branches">
                <For each=move || draft.branches.get() key=|b| b.name.clone() children=one/>
            </datalist>
        }
        .into_any(),
    }
    }
}

fn when_done_options() -> Vec<(String, String)> {
    let all = [
        (WhenDone::Stop, "it is stopped, and the next task gets its slot"),
        (WhenDone::Keep, "it stays in its slot"),
    ];
    all.map(|(when, what)| (when.name().to_string(), what.to_string())).to_vec()
}

#[component]
fn What(draft: Draft) -> impl IntoView {
    let face = face();
    let options = Signal::derive(move || {
        let command = (COMMAND.to_string(), "a command…".to_string());
        agent_options(face).into_iter().chain([command]).collect::<Vec<_>>()
    });
    let is_command = Memo::new(move |_| draft.agent.with(|a| a == COMMAND));
    let takes_task = Memo::new(move |_| draft.takes_task());
    let too_long = move || draft.task.with(|task| task.len() > PROMPT_MAX);
    view! {
        <Choice name="Agent" value=draft.agent test="start-agent" options/>
        {move || is_command.get().then(|| view! {
            <TextField name="Command" value=draft.command test="start-command" mono=true placeholder="cargo watch -x test" hinted=false/>
        })}
        {move || takes_task.get().then(|| view! {
            <label class="field">
                <span>"Task"</span>
                <textarea class="input" rows="3" data-test="start-task" placeholder="What it shall do; you can also tell it later, in its terminal"
                    aria-invalid=move || too_long().to_string() prop:value=move || draft.task.get()
                    on:input=move |event| draft.task.set(event_target_value(&event))></textarea>
                <HintLine hint=Signal::derive(move || if too_long() { Hint::Wrong("at most 120 KiB: put it into a file, and name that".into()) } else { Hint::None })/>
            </label>
        })}
    }
}

/// What is not there yet, with the way to it.
#[component]
fn Missing(what: &'static str, verb: &'static str, dialog: Dialog) -> impl IntoView {
    let face = face();
    view! {
        <p class="row">
            <span class="soft">{what}</span>
            <button class="link" type="button" on:click=move |_| face.dialog.set(Some(dialog.clone()))>{verb}</button>
        </p>
    }
}
