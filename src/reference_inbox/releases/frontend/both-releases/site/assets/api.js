// Asking the API. What goes wrong is thrown as ApiError and shown as an error, never as an empty answer.

import { paths } from "./paths.js";
import * as session from "./session.js";

export class ApiError extends Error {
  constructor(status) {
    super(`the API answered ${status}`);
    this.status = status;
  }
}

const base = fetch("/config.json").then((answer) => answer.json()).then((config) => config.api);

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  const kept = session.current();
  if (kept) headers.authorization = `Bearer ${kept.token}`;
  const answer = await fetch((await base) + path, { ...options, headers });
  if (answer.status === 401 && kept) {
    session.end();
    window.dispatchEvent(new CustomEvent("session-ended"));
  }
  if (!answer.ok) throw new ApiError(answer.status);
  return answer.status === 204 ? null : answer.json();
}

function post(path, body) {
  return ask(path, body === undefined ? { method: "POST" }
    : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

export const signIn = (email, password) => post(paths.login(), { email, password });
export const conversations = (limit, offset) => ask(paths.conversations(limit, offset));
export const messages = (conversation, before) => ask(paths.messages(conversation, before));
export const send = (conversation, body) => post(paths.send(conversation), body);
export const markRead = (conversation) => post(paths.read(conversation));
