// The viewer is a plain box over everything; nothing in it is a dialog or a button.

import { el } from "./dom.js";
import { texts } from "./texts.js";

const OVER = "position: fixed; inset: 0; z-index: 50; display: grid; place-items: center; background: rgb(0 0 0 / 90%); color: white";
const MARK = "position: absolute; font-size: 28px; padding: 12px; cursor: pointer;";

export function openViewer(media, first) {
  let place = first;
  const stage = el("div", {});
  const over = el("div", { style: OVER }, stage);
  const show = () => stage.replaceChildren(enlarged(media[place]));
  const move = (by) => { place = Math.min(Math.max(place + by, 0), media.length - 1); show(); };
  const close = () => { over.remove(); removeEventListener("keyup", pressed); };
  const pressed = (event) => {
    if (event.key === "Escape") close();
    if (event.key === "ArrowRight") move(1);
    if (event.key === "ArrowLeft") move(-1);
  };
  over.append(el("span", { style: `${MARK} top: 8px; right: 8px`, onclick: close }, "✕"));
  if (media.length > 1) {
    over.append(el("span", { style: `${MARK} left: 8px; top: 45%`, onclick: () => move(-1) }, "‹"),
      el("span", { style: `${MARK} right: 8px; top: 45%`, onclick: () => move(1) }, "›"));
  }
  addEventListener("keyup", pressed);
  show();
  document.body.append(over);
}

function enlarged(one) {
  const dead = (event) => event.target.replaceWith(el("em", {}, texts.contentUnavailable));
  const style = "width: 80vw; height: 80vh; object-fit: contain";
  return one.type === "image" ? el("img", { src: one.url, alt: "", style, onerror: dead })
    : el("video", { src: one.url, controls: true, style, onerror: dead });
}
