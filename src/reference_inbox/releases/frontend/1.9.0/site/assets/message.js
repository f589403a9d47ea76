// What is in a message: the reply box, the attachments, the text, and the way to answer it.

import { attachmentsOf } from "./attachments.js";
import { el } from "./dom.js";
import { replyBox, replyButton } from "./reply.js";

export function body(message, thread) {
  return [
    message.repliedTo && replyBox(message.repliedTo, thread),
    message.attachments.length > 0 && attachmentsOf(message),
    message.content && el("p", { class: "content" }, message.content),
    replyButton(message, thread),
  ];
}
