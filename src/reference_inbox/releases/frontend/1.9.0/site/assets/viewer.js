// The viewer: one medium at full size, the others of its message by arrows. Nothing wraps round.

import { el, icon } from "./dom.js";
import { texts } from "./texts.js";

class Viewer {
  constructor(attachments, place, sender, opener) {
    this.attachments = attachments;
    this.place = place;
    this.sender = sender;
    this.opener = opener;
    this.stage = el("div", { class: "stage" });
    this.counter = el("p", { class: "counter", "aria-live": "polite" });
    this.previous = this.arrow("previous", "back", -1);
    this.next = this.arrow("next", "next", 1);
    this.exit = el("button", { class: "round exit", type: "button", "aria-label": texts.close,
      onclick: () => this.dialog.close() }, icon("close"));
    const several = attachments.length > 1 ? [this.counter, this.previous, this.next] : [];
    this.dialog = el("dialog", { class: "viewer", "aria-label": texts.viewer }, this.stage, several, this.exit);
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("close", () => this.leave());
  }

  arrow(name, drawn, by) {
    return el("button", { class: `round arrow ${name}`, type: "button", "aria-label": texts[name],
      onclick: () => this.move(by) }, icon(drawn));
  }

  open() {
    document.body.append(this.dialog);
    document.documentElement.classList.add("has-viewer");
    this.dialog.showModal();
    this.show();
    this.exit.focus();
  }

  leave() {
    document.documentElement.classList.remove("has-viewer");
    this.dialog.remove();
    this.opener.focus();
  }

  key(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined || this.attachments.length < 2) return;
    event.preventDefault();
    this.move(by);
  }

  move(by) {
    const there = this.place + by;
    if (there < 0 || there >= this.attachments.length) return;
    this.place = there;
    this.show();
  }

  show() {
    const last = this.attachments.length - 1;
    this.counter.textContent = `${this.place + 1} / ${last + 1}`;
    this.stage.replaceChildren(this.medium(this.attachments[this.place]));
    this.previous.disabled = this.place === 0;
    this.next.disabled = this.place === last;
    if (document.activeElement?.disabled) (this.place === 0 ? this.next : this.previous).focus();
  }

  medium(attachment) {
    const name = `${texts.kinds[attachment.type]} ${texts.from} ${this.sender}`;
    const waiting = el("span", { class: "spinner", "aria-hidden": "true" });
    const frame = el("div", { class: "frame" }, waiting);
    const dead = () => frame.replaceChildren(el("div", { class: "unavailable", role: "status" }, unavailable()));
    const ready = () => waiting.remove();
    frame.append(attachment.type === "image"
      ? el("img", { src: attachment.url, alt: name, onerror: dead, onload: ready })
      : el("video", { src: attachment.url, controls: true, playsinline: true, preload: "auto", "aria-label": name,
        onerror: dead, onloadeddata: ready }));
    return frame;
  }
}

export function openViewer(attachments, place, sender, opener) {
  new Viewer(attachments, place, sender, opener).open();
}

// What stands in the place of a medium that is gone, here and in the thread.
export function unavailable() {
  return [icon("gone"), el("span", {}, texts.contentUnavailable)];
}
