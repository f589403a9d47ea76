// A reply quotes what it answers; a click leads nowhere.

import { el } from "./dom.js";
import { texts } from "./texts.js";

export function replyBox(original) {
  const words = original.deleted ? texts.originalDeleted : original.preview || texts.kinds[original.kind] || "";
  return el("blockquote", {}, el("cite", {}, `${texts.repliedTo} ${original.senderName}`), el("br"), words);
}

export function replyButton() {
  return null;
}
