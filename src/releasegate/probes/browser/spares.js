// What a message shows more often than the data says. Installed after in_page.js, whose parts it uses.
(() => {
  const { area, box, holds, isMedium, refers, sizes, stateOf, up, within, lastSeen } = __releasegate.parts;

  // How often a medium stands in its message beyond what the data says. Counted is what by its own address shows this
  // medium and no other, about as large as where it was recognised; what lies over one another is one: a placeholder, a
  // blurred copy behind it.
  function spares() {
    const { entries } = lastSeen();
    return Object.fromEntries(entries.map((entry) => [entry.key, spare(entry, entries)]).filter(([, count]) => count));
  }
  const isThis = ({ id, needles }) => (other) => other.id === id && other.needles.join() === needles.join();
  // The forms of a medium's address that no other medium of the conversation has.
  function ownOf(entry, entries) {
    const others = entries.filter((other) => !isThis(entry)(other)).flatMap((other) => other.needles);
    return entry.needles.filter((needle) => !others.some((other) => other.includes(needle)));
  }
  function spare(entry, entries) {
    const { row, el } = entry;
    const own = ownOf(entry, entries);
    if (!own.length || !row || !el) return 0;
    const alike = within(row).filter((one) => isMedium(one) && refers(one, own) && sizes(one) >= 40
      && area(one) >= area(el) / 2 && isAsSeen(one, row) && ["painted", "player"].includes(stateOf(one)));
    const apart = alike.filter((one, at) => !alike.slice(0, at).some((earlier) => lieOver(box(earlier), box(one))));
    return Math.max(apart.length - entries.filter(isThis(entry)).length, 0);
  }
  function lieOver(one, other) {
    const [width, height] = [["left", "right"], ["top", "bottom"]].map(([from, to]) => Math.min(one[to], other[to]) - Math.max(one[from], other[from]));
    return width > 0 && height > 0 && width * height > Math.min(one.width * one.height, other.width * other.height) / 4;
  }
  // Half of it at least is neither beside the window nor cut away by what it stands in: a turning gallery draws its
  // first picture again behind the last.
  function isAsSeen(el, row) {
    let { left, right, top, bottom } = box(el);
    const clip = (edge) => { [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)]; };
    clip({ left: 0, right: innerWidth });
    for (let one = up(el); one && one !== row; one = up(one)) {
      const { overflowX, overflowY } = getComputedStyle(one);
      if (overflowX !== "visible") clip(box(one));
      if (overflowY !== "visible") [top, bottom] = [Math.max(top, box(one).top), Math.min(bottom, box(one).bottom)];
    }
    return right > left && bottom > top && (right - left) * (bottom - top) >= area(el) / 2;
  }

  Object.assign(__releasegate, { spares });
  Object.assign(__releasegate.parts, { ownOf, lieOver });
})();
