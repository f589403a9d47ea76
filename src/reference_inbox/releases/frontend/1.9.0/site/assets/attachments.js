// The attachments of a message in the thread: thumbnails that open the viewer, players, papers.

import { el, icon } from "./dom.js";
import { texts } from "./texts.js";
import { openViewer, unavailable } from "./viewer.js";

const VIEWED = new Set(["image", "video"]);

export function attachmentsOf(message) {
  const viewed = message.attachments.filter((one) => VIEWED.has(one.type));
  const tiles = viewed.map((one, place) => thumbnail(one, place, viewed, message));
  const others = message.attachments.filter((one) => !VIEWED.has(one.type)).map((one) => (
    one.type === "audio" ? player(one, message) : paper(one)));
  return el("div", { class: "attachments" },
    tiles.length > 0 && el("div", { class: `tiles count-${Math.min(tiles.length, 4)}` }, tiles), others);
}

function thumbnail(attachment, place, viewed, message) {
  const kind = texts.kinds[attachment.type];
  const which = viewed.length > 1 ? ` ${place + 1} ${texts.of} ${viewed.length}` : "";
  const whose = `${which} ${texts.from} ${message.senderName}`;
  const name = kind + whose;
  const button = el("button", { class: "tile", type: "button", "data-kind": attachment.type,
    "aria-label": texts.open[attachment.type] + whose });
  button.append(...preview(attachment, name, () => {
    button.replaceChildren(...unavailable());
    button.classList.add("gone");
    button.setAttribute("aria-label", `${name}: ${texts.contentUnavailable}`);
  }));
  button.addEventListener("click", () => openViewer(viewed, place, message.senderName, button));
  return button;
}

function preview(attachment, name, onDead) {
  if (attachment.type === "image") {
    return [el("img", { src: attachment.url, alt: name, loading: "lazy", decoding: "async", onerror: onDead })];
  }
  const video = el("video", { src: attachment.url, preload: "metadata", muted: true, playsinline: true,
    tabindex: "-1", "aria-hidden": "true", onerror: onDead });
  return [video, el("span", { class: "play" }, icon("play"))];
}

function player(attachment, message) {
  const audio = el("audio", { src: attachment.url, controls: true, preload: "metadata",
    "aria-label": `${texts.kinds.audio} ${texts.from} ${message.senderName}` });
  audio.addEventListener("error", () => audio.replaceWith(el("p", { class: "paper gone" }, unavailable())));
  return audio;
}

function paper(attachment) {
  const last = new URL(attachment.url, location.href).pathname.replace(/\/$/, "").split("/").pop();
  return el("a", { class: "paper", href: attachment.url, target: "_blank", rel: "noopener" },
    icon("paper"), el("span", {}, `${texts.file} ${readable(last)}`));
}

function readable(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
