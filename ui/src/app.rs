//! The whole page: the frame, the place that is shown, and the dialog over it.

use crate::approvals::QuestionBar;
use crate::audit::LedgerPage;
use crate::dialog::Sheet;
use crate::face::{Dialog, Face, face};
use crate::frame::{LinkBar, TopBar};
use crate::identities::{DeleteIdentityForm, IdentitiesPage, IdentityForm};
use crate::inbox::InboxPage;
use crate::keys::{KeyList, follow_keys};
use crate::link::LinkState;
use crate::notices::NoticeCorner;
use crate::notify::RouteForm;
use crate::palette::Palette;
use crate::place::Place;
use crate::projects::{AddProjectForm, ProjectsPage};
use crate::sessions::{Desks, StartForm};
use crate::settings::SettingsPage;
use crate::slots::{Wall, follow_title};
use crate::sources::SourceForm;
use crate::status::{NoCode, OtherVersion, VaultBar, VaultGate, gate_stands, provide_gate};
use crate::tokens::{AppForm, IssuerForm, RequestTokenForm, TokensPage};
use crate::worktrees::ArchiveForm;
use leptos::prelude::*;

/// The page.
#[component]
pub fn App() -> impl IntoView {
    let face = Face::open();
    provide_context(face);
    follow_keys(face);
    follow_title(face);
    let unreachable = Memo::new(move |_| match face.link_state.get() {
        LinkState::NoCode => Some(None),
        LinkState::OtherVersion(version) => Some(Some(version)),
        _ => None,
    });
    move || match unreachable.get() {
        Some(None) => view! { <NoCode/> }.into_any(),
        Some(Some(version)) => view! { <OtherVersion version/> }.into_any(),
        None => view! { <Frame/> }.into_any(),
    }
}

#[component]
fn Frame() -> impl IntoView {
    let face = face();
    provide_gate();
    view! {
        <div class="frame">
            <TopBar/>
            // It lies over the place that is shown: a question moves nothing and resizes no terminal.
            <div class="questions-place"><QuestionBar/></div>
            <div><LinkBar/><VaultBar/></div>
            <Shown/>
        </div>
        <Over/>
        <NoticeCorner of=face.notices/>
    }
}

/// The place, or the vault's gate before it.
#[component]
fn Shown() -> impl IntoView {
    let face = face();
    let gate = gate_stands(face);
    // Desks come and go beside each other: the terminals that stay must not be drawn anew.
    let kind = Memo::new(move |_| match face.place.get() {
        Place::Desks(_) => Place::Desks(Vec::new()),
        other => other,
    });
    move || match (gate.get(), kind.get()) {
        (true, _) => view! { <VaultGate/> }.into_any(),
        (false, Place::Home) => view! { <Wall/> }.into_any(),
        (false, Place::Desks(_)) => view! { <Desks/> }.into_any(),
        (false, Place::Inbox) => view! { <InboxPage/> }.into_any(),
        (false, Place::Identities) => view! { <IdentitiesPage/> }.into_any(),
        (false, Place::Projects) => view! { <ProjectsPage/> }.into_any(),
        (false, Place::Tokens) => view! { <TokensPage/> }.into_any(),
        (false, Place::Ledger) => view! { <LedgerPage/> }.into_any(),
        (false, Place::Settings) => view! { <SettingsPage/> }.into_any(),
    }
}

/// The dialog, if one is open.
#[component]
fn Over() -> impl IntoView {
    let face = face();
    let close = Callback::new(move |()| face.dialog.set(None));
    move || {
        let dialog = face.dialog.get()?;
        Some(match dialog {
            Dialog::Palette => view! { <Palette close/> }.into_any(),
            Dialog::Keys => view! { <Sheet title="Keys" close><KeyList/></Sheet> }.into_any(),
            Dialog::Start(slot) => {
                view! { <Sheet title=format!("Start in slot {slot}") close><StartForm seat=slot close/></Sheet> }.into_any()
            }
            Dialog::NewTask => view! { <Sheet title="New task" close><StartForm close/></Sheet> }.into_any(),
            Dialog::NewIdentity => {
                view! { <Sheet title="New identity" close><IdentityForm close/></Sheet> }.into_any()
            }
            Dialog::EditIdentity(old) => {
                view! { <Sheet title=format!("Change {}", old.name) close><IdentityForm old=*old close/></Sheet> }
                    .into_any()
            }
            Dialog::DeleteIdentity(one) => {
                view! { <Sheet title=format!("Delete {}", one.name) close><DeleteIdentityForm one=*one close/></Sheet> }
                    .into_any()
            }
            Dialog::AddProject => view! { <Sheet title="Add a project" close><AddProjectForm close/></Sheet> }.into_any(),
            Dialog::RequestToken(identity) => {
                view! { <Sheet title="Request a token" close><RequestTokenForm identity close/></Sheet> }.into_any()
            }
            Dialog::AddIssuer => view! { <Sheet title="Add an issuer" close><IssuerForm close/></Sheet> }.into_any(),
            Dialog::SetUpApp => view! { <Sheet title="Set up a GitHub App" close><AppForm close/></Sheet> }.into_any(),
            Dialog::AddRoute => view! { <Sheet title="Add a route" close><RouteForm close/></Sheet> }.into_any(),
            Dialog::EditRoute(old) => {
                view! { <Sheet title=format!("Change {}", old.name) close><RouteForm old=*old close/></Sheet> }.into_any()
            }
            Dialog::AddSource => view! { <Sheet title="Add a source" close><SourceForm close/></Sheet> }.into_any(),
            Dialog::EditSource(old) => {
                view! { <Sheet title=format!("Change {}", old.name) close><SourceForm old=*old close/></Sheet> }.into_any()
            }
            Dialog::EditIssuer(old) => {
                view! { <Sheet title=format!("Change {}", old.name) close><IssuerForm old=*old close/></Sheet> }.into_any()
            }
            Dialog::Archive(one) => {
                view! { <Sheet title=format!("Archive {}", one.name) close><ArchiveForm one=*one close/></Sheet> }
                    .into_any()
            }
        })
    }
}
