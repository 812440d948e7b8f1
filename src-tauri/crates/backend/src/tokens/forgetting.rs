//! A token that nobody can settle is given up by its owner: its issuer's answer was lost, and that issuer can
//! neither list its tokens, nor take one back by name, nor says how long they live.

use super::issuer::Failure;
use super::{Tokens, row};
use crate::caller::Caller;
use crate::store::TokenRow;
use anyhow::{Context, Result, bail};
use api::names::shown;
use api::tokens::{ForgetToken, State, Token};
use api::{Code, Error};

impl Tokens {
    /// Forgets a token that is being revoked for ever. The issuer is asked once more: what can still be settled
    /// is settled or stays.
    pub async fn forget(&self, caller: &Caller, call: ForgetToken) -> Result<Token> {
        let id = self.find(caller, &call.token).await?.id;
        let _hold = self.hold_later(&id).await?;
        let row = self.store.token(&id).await?.context("a token is gone")?;
        if let Some(why) = can_be_settled(&row) {
            bail!(why);
        }
        match self.call_back(&row).await? {
            Err(Failure::Refused { .. } | Failure::NotFound(_) | Failure::Invalid(_)) if call.sure => {
                self.store.end_token(&id, State::Forgotten, None).await?;
                self.tell(&id);
            }
            Err(Failure::Refused { .. } | Failure::NotFound(_) | Failure::Invalid(_)) => bail!(unsure(&row)),
            Err(failure) => bail!(failure.told(&row.issuer)),
            settled => self.conclude(&row, settled).await?,
        }
        row::seen(self.store.token(&id).await?.context("a token is gone")?)
    }
}

/// Why there is no need to forget a token.
fn can_be_settled(row: &TokenRow) -> Option<Error> {
    if row.state != State::Revoking.name() {
        let error = Error::conflict(format!("the token is {}, and not lost", row.state));
        return Some(error.hint("what is to be gone is revoked: lanyard tokens revoke ID"));
    }
    let why = match row {
        TokenRow { intent_at: Some(_), issued_at: None, .. } => "its issuer is still being called",
        TokenRow { sealed: Some(_), .. } | TokenRow { upstream_id: Some(_), .. } => {
            "its issuer can still take it back"
        }
        TokenRow { expires_at: Some(_), .. } => "it ends by itself",
        _ => return None,
    };
    Some(
        Error::conflict(format!("the token is not lost: {why}"))
            .hint("Lanyard looks after it until it is gone"),
    )
}

fn unsure(row: &TokenRow) -> Error {
    let message = format!(
        "nobody can say whether this token still lives: {0} can neither list its tokens nor take one back by its \
         name, {1}. Once forgotten, it is no longer looked after, and may work for ever",
        shown(&row.issuer),
        row.name,
    );
    Error::new(Code::Unconfirmed, message).hint(
        "look for that name at the issuer and end it by hand there; then: lanyard tokens forget ID --yes",
    )
}
