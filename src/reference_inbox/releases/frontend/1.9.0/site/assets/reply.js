// Replies: the box that shows what a message answers, and the way to answer one.

import { el, icon } from "./dom.js";
import { texts } from "./texts.js";

// The text of a message, or for one that is only media what it is.
const wordsFor = (text, kind) => text || texts.kinds[kind] || "";

export function replyBox(original, thread) {
  const head = el("span", { class: "reply-head" }, `${texts.repliedTo} ${original.senderName}`);
  if (original.deleted) {
    return el("div", { class: "reply-box deleted" }, head, el("span", { class: "reply-text" }, texts.originalDeleted));
  }
  return el("button", { class: "reply-box", type: "button", title: texts.showOriginal,
    onclick: () => thread.goTo(original.id) },
  head, el("span", { class: "reply-text" }, wordsFor(original.preview, original.kind)));
}

export function replyButton(message, thread) {
  const answer = () => thread.composer.carry({ replied_to_message_id: message.id }, bar(message, thread));
  return el("button", { class: "round answer", type: "button", onclick: answer,
    "aria-label": `${texts.reply} ${message.senderName}` }, icon("reply"));
}

function bar(message, thread) {
  const words = wordsFor(message.content, message.attachments[0]?.type);
  return el("div", { class: "reply-bar" },
    el("div", {}, el("span", { class: "reply-head" }, `${texts.replyingTo} ${message.senderName}`),
      el("span", { class: "reply-text" }, words)),
    el("button", { class: "round", type: "button", "aria-label": texts.cancelReply,
      onclick: () => thread.composer.carry() }, icon("close")));
}
