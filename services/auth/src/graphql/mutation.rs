//! What may be changed of the caller's own account, and what who administrates accounts does. What strangers do is REST
//! alone: it sets cookies, and is counted for the address it comes from, which a gateway would hide.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use platform_auth::SignedIn;
use platform_graphql::Result;
use uuid::Uuid;

use super::{auth, caller};
use crate::{
    account,
    administration::{self, Administrator},
    api_key,
    client::Client,
    identity, mail_change, passkey, password,
    registration::Hidden,
    session,
    sign_in::{self, Proof},
    totp, workspace,
};

/// What may be changed.
pub(crate) struct Mutation;

/// A new key with its text, which is shown this once.
#[derive(SimpleObject)]
pub(super) struct NewApiKey {
    /// The key.
    api_key: api_key::Model,
    /// Its text.
    text: String,
}

/// What an authenticator has to know.
#[derive(SimpleObject)]
pub(super) struct TotpEnrolment {
    /// The secret in base 32.
    secret: String,
    /// The same as an address for a QR code.
    url: String,
}

/// Another password.
#[derive(InputObject)]
pub(super) struct ChangePasswordInput {
    /// The present one, where there is one.
    current_password: Option<Hidden>,
    /// The new one.
    new_password: Hidden,
}

/// Shows again who one is: give one of the two.
#[derive(InputObject)]
pub(super) struct ConfirmInput {
    /// The password.
    password: Option<Hidden>,
    /// A code of the authenticator.
    code: Option<Hidden>,
}

#[Object]
impl Mutation {
    /// Ends the session that asks.
    #[graphql(guard = "SignedIn")]
    async fn sign_out(&self, ctx: &Context<'_>) -> Result<bool> {
        session::sign_out(auth(ctx), &caller(ctx).await?.session).await?;
        Ok(true)
    }

    /// Ends another session.
    #[graphql(guard = "SignedIn")]
    async fn revoke_session(&self, ctx: &Context<'_>, id: Uuid) -> Result<bool> {
        session::revoke(auth(ctx), &caller(ctx).await?, id).await?;
        Ok(true)
    }

    /// Ends all other sessions, and says how many there were.
    #[graphql(guard = "SignedIn")]
    async fn revoke_other_sessions(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(session::revoke_others(auth(ctx), &caller(ctx).await?).await?)
    }

    /// Lets the session that asks act in a workspace of the caller's, or with nothing in none. Its next tokens say so.
    #[graphql(guard = "SignedIn")]
    async fn switch_workspace(&self, ctx: &Context<'_>, workspace: Option<Uuid>) -> Result<session::Model> {
        Ok(workspace::switch(auth(ctx), &caller(ctx).await?, workspace).await?)
    }

    /// Shows again who one is, to be allowed to change how one signs in.
    #[graphql(guard = "SignedIn")]
    async fn confirm(&self, ctx: &Context<'_>, input: ConfirmInput) -> Result<bool> {
        let proof = Proof::one_of(input.password, input.code)?;
        sign_in::confirm(auth(ctx), &caller(ctx).await?, proof).await?;
        Ok(true)
    }

    /// Changes the password, or sets the first one. All other sessions end. Where codes are asked for, confirm first.
    #[graphql(guard = "SignedIn")]
    async fn change_password(&self, ctx: &Context<'_>, input: ChangePasswordInput) -> Result<bool> {
        let passwords = (input.current_password.map(Hidden::secret), input.new_password.secret());
        password::change(auth(ctx), &caller(ctx).await?, passwords).await?;
        Ok(true)
    }

    /// Begins to change the mail address: both the old and the new one are asked by mail.
    #[graphql(guard = "SignedIn")]
    async fn request_mail_change(&self, ctx: &Context<'_>, email: String) -> Result<bool> {
        mail_change::begin(auth(ctx), &caller(ctx).await?, &email).await?;
        Ok(true)
    }

    /// Makes an API key.
    #[graphql(guard = "SignedIn")]
    async fn create_api_key(&self, ctx: &Context<'_>, input: api_key::New) -> Result<NewApiKey> {
        let (api_key, text) = api_key::create(auth(ctx), &caller(ctx).await?, input).await?;
        let text = text.expose().clone();
        Ok(NewApiKey { api_key, text })
    }

    /// Revokes an API key.
    #[graphql(guard = "SignedIn")]
    async fn revoke_api_key(&self, ctx: &Context<'_>, id: Uuid) -> Result<bool> {
        api_key::revoke(auth(ctx), &caller(ctx).await?, id).await?;
        Ok(true)
    }

    /// Begins with codes of an authenticator.
    #[graphql(guard = "SignedIn")]
    async fn begin_totp(&self, ctx: &Context<'_>) -> Result<TotpEnrolment> {
        let enrolment = totp::begin(auth(ctx), &caller(ctx).await?).await?;
        Ok(TotpEnrolment {
            secret: enrolment.secret.expose().clone(),
            url: enrolment.url.expose().clone(),
        })
    }

    /// Asks for codes from now on, and gives the recovery codes, which are shown this once. All other sessions end.
    #[graphql(guard = "SignedIn")]
    async fn enable_totp(&self, ctx: &Context<'_>, code: Hidden) -> Result<Vec<String>> {
        // Behind a gateway nobody knows which device asks.
        let unknown = Client::default();
        let codes = totp::enable(auth(ctx), &caller(ctx).await?, code.text(), &unknown).await?;
        Ok(codes.iter().map(|code| code.expose().clone()).collect())
    }

    /// Asks for no codes any more.
    #[graphql(guard = "SignedIn")]
    async fn disable_totp(&self, ctx: &Context<'_>) -> Result<bool> {
        totp::disable(auth(ctx), &caller(ctx).await?).await?;
        Ok(true)
    }

    /// New recovery codes in place of the old ones.
    #[graphql(guard = "SignedIn")]
    async fn renew_recovery_codes(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        let codes = totp::renew_recovery(auth(ctx), &caller(ctx).await?).await?;
        Ok(codes.iter().map(|code| code.expose().clone()).collect())
    }

    /// Removes a passkey.
    #[graphql(guard = "SignedIn")]
    async fn remove_passkey(&self, ctx: &Context<'_>, id: Uuid) -> Result<bool> {
        passkey::remove(auth(ctx), &caller(ctx).await?, id).await?;
        Ok(true)
    }

    /// Unties an identity at a provider.
    #[graphql(guard = "SignedIn")]
    async fn unlink_identity(&self, ctx: &Context<'_>, id: Uuid) -> Result<bool> {
        identity::remove(auth(ctx), &caller(ctx).await?, id).await?;
        Ok(true)
    }

    /// Deletes the caller's account, here and in all services.
    #[graphql(guard = "SignedIn")]
    async fn delete_account(&self, ctx: &Context<'_>) -> Result<bool> {
        account::delete_own(auth(ctx), &caller(ctx).await?).await?;
        Ok(true)
    }

    /// Suspends somebody else's account: nothing lets them in any more, and their sessions and API keys stop everywhere within
    /// seconds. It takes the permission `users:suspend` or `deactivate_users`, and every administrative one that they hold.
    #[graphql(guard = "SignedIn")]
    async fn suspend_account(
        &self,
        ctx: &Context<'_>,
        id: Uuid,
        #[graphql(desc = "Why, in a line that its owner is told and the audit log keeps")] reason: String,
    ) -> Result<account::Model> {
        let caller = caller(ctx).await?;
        let by = Administrator::Person(&caller);
        Ok(administration::suspend(auth(ctx), by, (id, &reason)).await?)
    }

    /// Lets somebody in again who was suspended. It takes the permission `users:suspend` or `reactivate_users`, and every
    /// administrative one that they hold.
    #[graphql(guard = "SignedIn")]
    async fn reinstate_account(&self, ctx: &Context<'_>, id: Uuid) -> Result<account::Model> {
        let caller = caller(ctx).await?;
        Ok(administration::reinstate(auth(ctx), Administrator::Person(&caller), id).await?)
    }

    /// Ends all sessions of an account, and says how many there were. It takes the permission `sessions:end`, and every
    /// administrative one that its owner holds.
    #[graphql(guard = "SignedIn")]
    async fn end_sessions_of(&self, ctx: &Context<'_>, account: Uuid) -> Result<u64> {
        let caller = caller(ctx).await?;
        Ok(administration::end_sessions(auth(ctx), Administrator::Person(&caller), account).await?)
    }
}
