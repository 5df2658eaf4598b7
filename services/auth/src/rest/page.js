// The links in mails: what stands behind the # says what to do, and is sent once the form is.
"use strict";

const tasks = {
  verify: { what: "Give the password you have chosen at registration.", fields: ["password"], path: "register/verify",
            body: (token, form) => ({ token, password: form.password, mode: "cookie" }), done: "You are signed in." },
  reset: { what: "Choose a new password, of at least ten characters.", fields: ["password", "keep"],
           path: "password/reset", done: "The password is set. Sign in with it.",
           body: (token, form) => ({ token, password: form.password, keepAccess: form.keep }) },
  mail: { what: "Agree that the account gets the new mail address.", fields: [], path: "mail/confirm",
          body: (token) => ({ token }), done: "Thank you. The address is changed once both mails are answered." },
  code: { what: "Give the code of your authenticator, or a recovery code.", fields: ["code"], path: "sign-in/code",
          body: (token, form) => ({ challenge: token, code: form.code, mode: "cookie" }), done: "You are signed in." },
  forgot: { what: "Where is the mail to be sent?", fields: ["email"], path: "password/forgot",
            body: (_, form) => ({ email: form.email }), done: "A mail is on its way, if the address has an account." },
};

const element = (id) => document.getElementById(id);
const [what, goOn] = location.hash.slice(1).split("&to=");
const [name, token] = what.split("=");
const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
// The link is good once, but the history need not keep it.
history.replaceState(null, "", location.pathname);

if (task) {
  for (const field of ["email", "password", "code", "keep"]) {
    element(`${field}-label`).hidden = !task.fields.includes(field);
  }
  element("password").autocomplete = name === "reset" ? "new-password" : "current-password";
  element("what").textContent = task.what;
  element("said").textContent = "";
  element("form").hidden = false;
}

element("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = {
    email: element("email").value,
    password: element("password").value,
    code: element("code").value,
    keep: element("keep").checked,
  };
  const answer = await fetch(task.path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(task.body(token, form)),
  });
  if (answer.ok) {
    element("form").hidden = true;
    element("said").textContent = task.done;
    // Anybody may have written the link: it leads to this site and to no other.
    const next = goOn && new URL(decodeURIComponent(goOn), location.origin);
    if (next && next.origin === location.origin) location.assign(next);
  } else {
    const problem = await answer.json();
    element("said").textContent = problem.detail;
  }
});
