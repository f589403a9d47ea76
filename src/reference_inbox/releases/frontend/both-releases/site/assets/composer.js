// Writing a message.

import { send } from "./api.js";
import { el, icon } from "./dom.js";
import { texts } from "./texts.js";

export class Composer {
  constructor(conversation, onSent) {
    this.conversation = conversation;
    this.onSent = onSent;
    this.extra = {};
    this.slot = el("div", { class: "composer-slot" });
    this.said = el("p", { class: "form-message", role: "alert" });
    this.text = el("textarea", { id: "message", rows: "1", placeholder: texts.writeMessage });
    this.button = el("button", { class: "round send", type: "submit", "aria-label": texts.send }, icon("send"));
    this.element = el("form", { class: "composer" }, this.slot,
      el("label", { for: "message", class: "unseen" }, texts.message),
      el("div", { class: "composer-line" }, this.text, this.button), this.said);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.text.addEventListener("input", () => this.fit());
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.submit();
      }
    });
  }

  // What is sent along, and what shows it above the text; nothing of both ends it.
  carry(extra, element) {
    this.extra = extra ?? {};
    this.slot.replaceChildren(...(element ? [element] : []));
    this.text.focus();
  }

  fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }

  async submit() {
    const content = this.text.value.trim();
    if (!content) return;
    this.said.textContent = "";
    this.button.disabled = true;
    try {
      const sent = await send(this.conversation, { content, ...this.extra });
      this.text.value = "";
      this.fit();
      this.carry();
      this.onSent(sent);
    } catch {
      this.said.textContent = texts.couldNotSend;
    } finally {
      this.button.disabled = false;
    }
  }
}
