// The list of conversations, newest first.

import { conversations } from "./api.js";
import { el, notice } from "./dom.js";
import { texts } from "./texts.js";
import { short } from "./times.js";

const PAGE = 30;

export class Inbox {
  constructor(onOpen) {
    this.onOpen = onOpen;
    this.known = new Map();
    this.list = el("ul", { class: "conversations" });
    this.foot = el("div", { class: "list-foot" });
    this.element = el("nav", { class: "inbox", "aria-label": texts.conversations }, this.list, this.foot);
  }

  async load() {
    this.foot.replaceChildren(el("p", { class: "hint" }, texts.loading));
    try {
      const page = await conversations(PAGE, this.known.size);
      for (const one of page.conversations) this.add(one);
      this.showFoot(page.total);
    } catch {
      this.foot.replaceChildren(notice(texts.couldNotLoadConversations, () => this.load(), texts.tryAgain));
    }
  }

  showFoot(total) {
    const more = el("button", { class: "button quiet", type: "button", onclick: () => this.load() }, texts.showMore);
    if (this.known.size < total) this.foot.replaceChildren(more);
    else this.foot.replaceChildren(...(total === 0 ? [el("p", { class: "hint" }, texts.noConversations)] : []));
  }

  add(one) {
    if (this.known.has(one.id)) return;
    const badge = one.unreadCount > 0 && el("span", { class: "badge" }, String(one.unreadCount),
      el("span", { class: "unseen" }, ` ${texts.unread}`));
    const link = el("a", { href: `/inbox/${one.id}`, "data-conversation": one.id },
      el("span", { class: "avatar", "aria-hidden": "true", style: `--hue: ${hueOf(one.id)}` }, initials(one.customerName)),
      el("span", { class: "who" }, one.customerName),
      el("time", { datetime: one.lastMessageAt }, one.lastMessageAt ? short(one.lastMessageAt) : ""),
      el("span", { class: "preview" }, previewOf(one.lastMessage)), badge);
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.onOpen(one.id);
    });
    this.known.set(one.id, { ...one, link });
    this.list.append(el("li", {}, link));
  }

  nameOf(id) {
    return this.known.get(id)?.customerName;
  }

  select(id) {
    for (const [known, { link }] of this.known) {
      if (known === id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  markRead(id) {
    this.known.get(id)?.link.querySelector(".badge")?.remove();
  }
}

function previewOf(last) {
  const said = last.content || texts.kinds[last.type] || "";
  return last.senderType === "user" ? `${texts.you} ${said}` : said;
}

export function initials(name) {
  const words = name.split(" ").filter((word) => /^\p{Lu}/u.test(word));
  return words.slice(0, 1).concat(words.slice(1).slice(-1)).map((word) => word[0]).join("");
}

export function hueOf(id) {
  return parseInt(id.slice(0, 6), 16) % 360;
}
