// Building elements: text is always text, never markup.

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

// The paths are drawn for this page; `name` is a key of SHAPES. Icons are decoration: names stand on the buttons.
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

const SHAPES = {
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  close: "M6 6l12 12M18 6L6 18",
  reply: "M10 6L4 12l6 6M4 12h9a7 7 0 0 1 7 7",
  send: "M4 12l16-8-5 16-4-7zM11 13l9-9",
  play: "M8 5.500v13l11-6.500z",
  paper: "M7 3h7l4 4v14H7zM14 3v4h4M10 12h5M10 16h5",
  gone: "M4 5l16 15M7 5h12a1 1 0 0 1 1 1v11M17 20H5a1 1 0 0 1-1-1V8M4 17l4-4 3 3",
  out: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
};

export function notice(text, again, label) {
  return el("div", { class: "notice", role: "alert" }, el("p", {}, text),
    again && el("button", { class: "button quiet", type: "button", onclick: again }, label));
}
