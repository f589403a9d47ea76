// One conversation: its messages, the newest at the bottom, and the composer.

import { markRead, messages } from "./api.js";
import { Composer } from "./composer.js";
import { el, icon, notice } from "./dom.js";
import { body } from "./message.js";
import { texts } from "./texts.js";
import { dateAndTime, dayOf, timeOf } from "./times.js";

export class Thread {
  constructor(conversation, { name, onBack, onRead }) {
    this.conversation = conversation;
    this.onRead = onRead;
    this.title = el("h2", {}, name ?? "");
    this.earlier = el("div", { class: "earlier" });
    this.list = el("div", { class: "messages", role: "log", "aria-label": texts.messages });
    this.scroller = el("div", { class: "scroller", tabindex: "0", "aria-label": texts.messages, role: "region" },
      this.earlier, this.list);
    this.composer = new Composer(conversation, (message) => this.append([message]));
    this.element = el("section", { class: "thread", "aria-label": texts.conversation },
      el("header", { class: "thread-head" },
        el("button", { class: "round back", type: "button", "aria-label": texts.back, onclick: onBack }, icon("back")),
        this.title),
      this.scroller, this.composer.element);
  }

  async load() {
    this.list.replaceChildren(el("p", { class: "hint" }, texts.loading));
    try {
      const page = await messages(this.conversation);
      this.list.replaceChildren();
      if (page.messages.length === 0) this.list.append(el("p", { class: "hint" }, texts.noMessages));
      this.append(page.messages);
      this.showEarlier(page);
      await this.read(page.messages);
    } catch {
      this.list.replaceChildren(notice(texts.couldNotLoadMessages, () => this.load(), texts.tryAgain));
    }
  }

  // Add messages at the bottom and keep the bottom in sight.
  append(added) {
    this.list.append(...added.map((message) => this.row(message)));
    this.markDays();
    const customer = added.find((message) => message.senderType === "customer");
    if (customer && !this.title.textContent) this.title.textContent = customer.senderName;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  showEarlier(page) {
    this.before = page.has_more ? page.messages[0].id : null;
    this.earlier.replaceChildren(...(this.before ? [el("button", { class: "button quiet", type: "button",
      onclick: () => this.loadEarlier() }, texts.showEarlier)] : []));
  }

  async loadEarlier() {
    try {
      const page = await messages(this.conversation, this.before);
      const height = this.scroller.scrollHeight;
      this.list.prepend(...page.messages.map((message) => this.row(message)));
      this.markDays();
      this.scroller.scrollTop += this.scroller.scrollHeight - height;
      this.showEarlier(page);
      return true;
    } catch {
      this.earlier.replaceChildren(notice(texts.couldNotLoadMessages, () => this.loadEarlier(), texts.tryAgain));
      return false;
    }
  }

  row(message) {
    const who = message.senderType === "user" ? "ours" : "theirs";
    return el("article", { class: `message ${who}`, id: `message-${message.id}`, tabindex: "-1",
      "data-day": dayOf(message.createdAt),
      "aria-label": `${message.senderName}, ${dateAndTime(message.createdAt)}` },
    ...body(message, this),
    el("time", { datetime: message.createdAt }, timeOf(message.createdAt)));
  }

  // Write the day above the first message of each day.
  markDays() {
    this.list.querySelectorAll(".day").forEach((mark) => mark.remove());
    let day = "";
    for (const row of this.list.querySelectorAll(".message")) {
      if (row.dataset.day !== day) row.before(el("p", { class: "day" }, row.dataset.day));
      day = row.dataset.day;
    }
  }

  // Bring a message into sight, loading earlier ones while it is not there.
  async goTo(id) {
    const find = () => this.list.querySelector(`#message-${CSS.escape(id)}`);
    for (let pages = 0; !find() && this.before && pages < 20; pages += 1) {
      if (!await this.loadEarlier()) return;
    }
    const row = find();
    if (!row) return;
    row.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
    row.focus({ preventScroll: true });
    row.classList.add("found");
    setTimeout(() => row.classList.remove("found"), 1600);
  }

  async read(shown) {
    if (!shown.some((message) => message.senderType === "customer" && !message.isRead)) return;
    try {
      await markRead(this.conversation);
      this.onRead(this.conversation);
    } catch {
      // It stays unread in the list, which says so; the messages are there all the same.
    }
  }
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
