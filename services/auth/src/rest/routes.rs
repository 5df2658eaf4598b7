//! Every route in one table, of which the router and the document are made.

use platform_auth::wire;

use super::{
    account, administration, document, factors, internal, keys, page, password, provider,
    route::{Asker, Route, delete, get, post, put},
    session, sign_in,
};

/// Every route of the service.
pub(super) fn all() -> Vec<Route> {
    let person = |route: Route| route.by(Asker::Person);
    let mut routes = ways_in();
    routes.extend(links());
    routes.extend(own_account().into_iter().map(person));
    routes.extend(second_factors().into_iter().map(person));
    routes.extend(identities().into_iter().map(person));
    routes.extend(of_others().into_iter().map(person));
    routes.extend(internal());
    routes
}

fn ways_in() -> Vec<Route> {
    vec![
        get("/auth/openapi.json", "openapi", document::get)
            .says("This document.")
            .gives(200, "Document"),
        post("/auth/register", "register", sign_in::register)
            .says("Registers an address: a mail with a link goes there. The answer is always the same.")
            .takes("Registration")
            .gives(202, "Next"),
        post("/auth/register/verify", "verifyRegistration", sign_in::verify)
            .says("Makes the account, for who has the link and knows the password, and signs in.")
            .takes("Verification")
            .gives(200, "Granted"),
        post("/auth/sign-in", "signIn", sign_in::with_password)
            .says("Signs in by a password, or asks for a code.")
            .takes("Credentials")
            .gives(200, "SignedInOrAsked"),
        post("/auth/sign-in/code", "signInWithCode", sign_in::with_code)
            .says("Gives the code, or a recovery code, after the password.")
            .takes("CodeAnswer")
            .gives(200, "Granted"),
        post("/auth/sign-in/passkey/begin", "askForPasskey", sign_in::ask_for_passkey)
            .says("Begins to sign in by a passkey: what the browser is asked.")
            .gives(200, "Question"),
        post("/auth/sign-in/passkey", "signInWithPasskey", sign_in::with_passkey)
            .says("Signs in whoever the passkey belongs to.")
            .takes("PasskeyAnswer")
            .gives(200, "Granted"),
        post("/auth/refresh", "refresh", session::refresh)
            .says(
                "New tokens for a refresh token of the body or of a cookie. Each is good once. They act in a workspace \
                 where that is asked for, or was before and the person still belongs to it.",
            )
            .takes("Renewal")
            .gives(200, "Granted"),
        get("/auth/providers", "listProviders", provider::list)
            .says("The providers that sign people in.")
            .gives(200, "Providers"),
        get("/auth/oidc/{provider}/start", "goToProvider", provider::depart)
            .says("Sends the browser to a provider.")
            .asks(&["returnTo", "mode"])
            .ends(303),
        get("/auth/oidc/{provider}/callback", "comeFromProvider", provider::arrive)
            .says(
                "Where a provider sends the browser back to. Programs that began with mode=bearer get an answer. Who is \
                 not let in is told why: by a page, where that is what the header accept likes best.",
            )
            .asks(&["code", "state", "error", "iss"])
            .gives(200, "SignedInOrAsked")
            .ends(303),
    ]
}

fn links() -> [Route; 5] {
    [
        post("/auth/password/forgot", "forgotPassword", password::forgot)
            .says("Has a link sent, if the address has an account. The answer is always the same.")
            .takes("Address")
            .gives(202, "Next"),
        post("/auth/password/reset", "resetPassword", password::reset)
            .says(
                "Sets a new password for who has the link. All sessions end, and API keys, passkeys and identities are \
                 removed unless keepAccess is true: whoever had the account may have added them.",
            )
            .takes("Reset")
            .ends(204),
        post("/auth/mail/confirm", "confirmMail", account::confirm_mail)
            .says("Agrees to another mail address, for who has one of the two links.")
            .takes("LinkToken")
            .gives(200, "MailProgress"),
        get("/auth/page", "page", page::page)
            .says("The page that links in mails open.")
            .ends(200),
        get("/auth/page.js", "pageScript", page::script)
            .says("The script of that page.")
            .ends(200),
    ]
}

fn own_account() -> Vec<Route> {
    vec![
        get("/auth/me", "me", account::me)
            .says("The caller's account.")
            .gives(200, "Account"),
        delete("/auth/me", "deleteMe", account::delete)
            .says("Deletes the caller's account, here and in all services.")
            .ends(204),
        post("/auth/confirm", "confirm", account::confirm)
            .says("Shows again who one is, to be allowed to change how one signs in: a password or a code.")
            .takes("Confirmation")
            .ends(204),
        post("/auth/sign-out", "signOut", session::sign_out)
            .says("Ends the session that asks, everywhere within seconds.")
            .ends(204),
        get("/auth/sessions", "listSessions", session::list)
            .says("The caller's sessions, the newest first.")
            .gives(200, "Sessions"),
        delete("/auth/sessions", "revokeOtherSessions", session::revoke_others)
            .says("Ends all other sessions of the caller.")
            .gives(200, "Revoked"),
        delete("/auth/sessions/{id}", "revokeSession", session::revoke)
            .says("Ends a session of the caller's.")
            .ends(204),
        put("/auth/password", "changePassword", password::change)
            .says("Changes the password, or sets the first one. All other sessions end. With codes on, confirm first.")
            .takes("PasswordChange")
            .ends(204),
        post("/auth/mail", "changeMail", account::change_mail)
            .says("Begins to change the mail address: both the old and the new one are asked by mail.")
            .takes("Address")
            .gives(202, "Next"),
        get("/auth/keys", "listKeys", keys::list)
            .says("The caller's API keys, the newest first, ended ones too for a while.")
            .gives(200, "Keys"),
        post("/auth/keys", "createKey", keys::create)
            .says("Makes an API key. Its text is shown this once.")
            .takes("NewKey")
            .gives(201, "MadeKey"),
        delete("/auth/keys/{id}", "revokeKey", keys::revoke)
            .says("Revokes an API key of the caller's, everywhere within seconds.")
            .ends(204),
    ]
}

fn second_factors() -> [Route; 8] {
    [
        post("/auth/totp", "beginTotp", factors::begin)
            .says("Begins with codes of an authenticator: the secret it has to know.")
            .gives(200, "TotpEnrolment"),
        delete("/auth/totp", "disableTotp", factors::disable)
            .says("Asks for no codes any more.")
            .ends(204),
        post("/auth/totp/confirm", "enableTotp", factors::enable)
            .says("Asks for codes from now on, and gives the recovery codes, shown this once. All other sessions end.")
            .takes("Code")
            .gives(200, "RecoveryCodes"),
        post(
            "/auth/totp/recovery-codes",
            "renewRecoveryCodes",
            factors::renew_recovery,
        )
        .says("New recovery codes in place of the old ones.")
        .gives(200, "RecoveryCodes"),
        get("/auth/passkeys", "listPasskeys", factors::passkeys)
            .says("The caller's passkeys, the newest first.")
            .gives(200, "Passkeys"),
        post("/auth/passkeys", "registerPasskey", factors::register)
            .says("Registers the passkey that the browser made.")
            .takes("NewPasskey")
            .gives(201, "Passkey"),
        post("/auth/passkeys/begin", "beginPasskey", factors::begin_passkey)
            .says("Begins to register a passkey: what the browser is asked.")
            .gives(200, "Question"),
        delete("/auth/passkeys/{id}", "removePasskey", factors::remove_passkey)
            .says("Removes a passkey, unless it is the only way to sign in.")
            .ends(204),
    ]
}

fn identities() -> [Route; 3] {
    [
        get("/auth/identities", "listIdentities", provider::identities)
            .says("What providers may sign the caller in, the newest first.")
            .gives(200, "Identities"),
        delete("/auth/identities/{id}", "unlinkIdentity", provider::untie)
            .says("Unties an identity, unless it is the only way to sign in.")
            .ends(204),
        post("/auth/providers/{provider}/link", "linkIdentity", provider::tie)
            .says("Begins to tie an identity at a provider to the caller's account: where the browser has to go.")
            .takes("Tie")
            .gives(200, "Departure"),
    ]
}

fn of_others() -> [Route; 6] {
    [
        get("/auth/accounts", "listAccounts", administration::list)
            .says("All accounts, the newest first. It takes the permission users:view or view_users.")
            .asks(&["email", "emailBegins", "state", "first", "after"])
            .gives(200, "AccountRecords"),
        get("/auth/accounts/{id}", "getAccount", administration::one)
            .says("An account. It takes the permission users:view or view_users.")
            .gives(200, "AccountRecord"),
        put(
            "/auth/accounts/{id}/suspension",
            "suspendAccount",
            administration::suspend,
        )
        .says(
            "Suspends somebody else's account: nothing lets them in any more. It takes the permission users:suspend or \
             deactivate_users, and every administrative one that they hold.",
        )
        .takes("Suspension")
        .gives(200, "AccountRecord"),
        delete(
            "/auth/accounts/{id}/suspension",
            "reinstateAccount",
            administration::reinstate,
        )
        .says(
            "Lets somebody in again who was suspended. It takes the permission users:suspend or reactivate_users, and \
             every administrative one that they hold.",
        )
        .ends(204),
        get(
            "/auth/accounts/{id}/sessions",
            "listSessionsOf",
            administration::sessions,
        )
        .says("Somebody's sessions, the newest first. It takes the permission sessions:view.")
        .gives(200, "Sessions"),
        delete(
            "/auth/accounts/{id}/sessions",
            "endSessionsOf",
            administration::end_sessions,
        )
        .says(
            "Ends all sessions of an account. It takes the permission sessions:end, and every administrative one that its \
             owner holds.",
        )
        .gives(200, "Revoked"),
    ]
}

fn internal() -> [Route; 4] {
    [
        get(wire::JWKS, "jwks", internal::jwks)
            .says("The keys that verify tokens (RFC 7517).")
            .gives(200, "Document"),
        get(wire::REVOCATIONS, "revocations", internal::revocations)
            .says("What is over before its tokens are, since a cursor.")
            .asks(&["since"])
            .gives(200, "Revocations")
            .by(Asker::Service),
        post(wire::SERVICE_TOKENS, "serviceToken", internal::service_token)
            .says("A token for a service that calls another one.")
            .takes("ServiceTokenRequest")
            .gives(200, "Token")
            .by(Asker::Service),
        post(wire::KEY_TOKENS, "keyToken", internal::key_token)
            .says("A token of minutes for an API key.")
            .takes("KeyTokenRequest")
            .gives(200, "Token")
            .by(Asker::Service),
    ]
}
