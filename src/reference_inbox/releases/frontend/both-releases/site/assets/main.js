// The start: who is signed in, and which page the address means.

import { el, icon } from "./dom.js";
import { Inbox } from "./inbox.js";
import { loginPage } from "./login.js";
import * as session from "./session.js";
import { texts } from "./texts.js";
import { Thread } from "./thread.js";

const app = document.getElementById("app");
window.__BUILD__ = document.querySelector('meta[name="build"]').content;

let inbox = null;
let pane = null;

const conversationInAddress = () => location.pathname.match(/^\/inbox\/([^/]+)$/)?.[1] ?? null;

function go(path) {
  if (location.pathname !== path) history.pushState(null, "", path);
  show();
}

function showLogin(message) {
  inbox = null;
  document.title = texts.product;
  app.replaceChildren(loginPage(message, () => {
    if (!conversationInAddress()) history.replaceState(null, "", "/inbox");
    show();
  }));
}

function showInbox() {
  inbox = new Inbox((id) => go(`/inbox/${id}`));
  pane = el("div", { class: "pane" });
  const out = el("button", { class: "round", type: "button", "aria-label": texts.signOut, onclick: signOut }, icon("out"));
  app.replaceChildren(el("main", { class: "workplace" },
    el("div", { class: "side" },
      el("header", { class: "side-head" },
        el("h1", { class: "brand" }, el("span", { class: "mark", "aria-hidden": "true" }), texts.product), out),
      inbox.element),
    pane));
  return inbox.load();
}

function signOut() {
  session.end();
  history.pushState(null, "", "/");
  showLogin();
}

async function show() {
  if (!session.current()) return showLogin();
  const listed = inbox ? null : showInbox();
  const id = conversationInAddress();
  app.firstChild.classList.toggle("has-conversation", id !== null);
  if (!id) {
    pane.replaceChildren(el("p", { class: "hint nothing-open" }, texts.chooseConversation));
    inbox.select(null);
    return listed;
  }
  const thread = new Thread(id, { name: inbox.nameOf(id), onBack: () => go("/inbox"), onRead: (one) => inbox?.markRead(one) });
  pane.replaceChildren(thread.element);
  inbox.select(id);
  await Promise.all([thread.load(), listed]);
  inbox?.select(id);
}

window.addEventListener("popstate", show);
window.addEventListener("session-ended", () => showLogin(texts.sessionEnded));
show();
