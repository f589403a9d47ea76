// What is in a message: text, and one medium by its address.

import { el } from "./dom.js";

const SHOWN = {
  image: (url, alt) => el("img", { class: "medium", src: url, alt, loading: "lazy" }),
  video: (url, alt) => el("video", { class: "medium", src: url, controls: true, preload: "metadata", "aria-label": alt }),
  audio: (url, alt) => el("audio", { src: url, controls: true, preload: "none", "aria-label": alt }),
};
const linked = (url, alt) => el("a", { href: url, target: "_blank", rel: "noopener" }, alt);

const kindOf = (message) => (/\.(mp4|mov|webm)$/i.test(message.mediaUrl.split(/[?#]/)[0]) ? "video"
  : message.messageType === "text" ? "image" : message.messageType);

export function body(message) {
  const parts = [];
  if (message.mediaUrl) {
    const kind = kindOf(message);
    parts.push((SHOWN[kind] ?? linked)(message.mediaUrl, `${kind} from ${message.senderName}`));
  }
  if (message.content) parts.push(el("p", { class: "content" }, message.content));
  return parts;
}
