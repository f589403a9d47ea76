// The way in.

import { ApiError, signIn } from "./api.js";
import { el } from "./dom.js";
import * as session from "./session.js";
import { texts } from "./texts.js";

export function loginPage(message, done) {
  const email = el("input", { id: "email", name: "email", type: "email", autocomplete: "username", required: true });
  const password = el("input", { id: "password", name: "password", type: "password",
    autocomplete: "current-password", required: true });
  const button = el("button", { class: "button", type: "submit" }, texts.signIn);
  const said = el("p", { class: "form-message", role: "alert" }, message ?? "");
  const form = el("form", { class: "login", novalidate: true },
    el("div", { class: "brand" }, el("span", { class: "mark", "aria-hidden": "true" }), texts.product),
    el("h1", {}, texts.welcome),
    el("p", { class: "hint" }, texts.welcomeHint),
    el("label", { for: "email" }, texts.email), email,
    el("label", { for: "password" }, texts.password), password,
    said, button);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.textContent = "";
    button.disabled = true;
    try {
      session.begin(await signIn(email.value.trim(), password.value));
      done();
    } catch (problem) {
      said.textContent = problem instanceof ApiError && problem.status === 401 ? texts.wrongLogin : texts.loginFailed;
    } finally {
      button.disabled = false;
    }
  });
  return el("main", { class: "login-page" }, form);
}
