// Thumbnails without a role: pictures in plain links, films as they are, nothing that says which message they are of.

import { el } from "./dom.js";
import { texts } from "./texts.js";
import { openViewer } from "./viewer.js";

export function attachmentsOf(message) {
  const viewed = message.attachments.filter((one) => one.type === "image" || one.type === "video");
  const others = message.attachments.filter((one) => !viewed.includes(one));
  return el("figure", { class: "anexos" },
    viewed.map((one, place) => thumbnail(one, place, viewed)),
    others.map((one) => (one.type === "audio" ? el("audio", { src: one.url, controls: true, preload: "none" })
      : el("a", { href: one.url, target: "_blank" }, texts.file))));
}

function thumbnail(one, place, viewed) {
  const gone = () => frame.replaceChildren(el("em", {}, texts.contentUnavailable));
  const medium = one.type === "image"
    ? el("img", { src: one.url, alt: "", loading: "lazy", style: "width: 180px; height: 140px; object-fit: cover", onerror: gone })
    : el("video", { src: one.url, preload: "metadata", muted: true, style: "width: 180px; height: 140px", onerror: gone });
  const frame = el("a", { href: one.url, style: "display: inline-block; width: 180px; height: 140px" }, medium);
  frame.addEventListener("click", (event) => {
    event.preventDefault();
    openViewer(viewed, place);
  });
  return frame;
}
