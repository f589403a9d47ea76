// What stands in a conversation beside the messages of the data: one of them drawn again, and media in a message that has
// none of them. Installed after in_page.js and spares.js, whose parts it uses.
//
// A page draws a message again for many good reasons: pinned on top, quoted, in a panel or a gallery beside, in the list
// of conversations, in nodes that it keeps for later. None of these is made as the message itself is: under the same
// elements, as large, in the same column, one below the other, with the same words and marks.
(() => {
  const {
    ID_ATTRIBUTES, addressesOf, all, area, box, carriesId, endsWithId, holds, lastSeen, lieOver, matchesText, ownOf, plain,
    refers, seen, sizes, tells, up, within,
  } = __releasegate.parts;
  const { kept } = __releasegate;
  const LEAST = 40;  // pixels: what is smaller is a face, an icon, a picture to choose by
  const ROUNDING = 2;  // pixels

  // Return { copies: [key, ...], strays: [{ key, medium, message }, ...] }; each element is kept under its key.
  // whole: the data knows every message of the conversation; replied: the promised text beside a reply.
  function repeats({ whole, replied }) {
    const { entries, rows, messages } = lastSeen();
    for (const key of [...kept.keys()]) if (key.startsWith("copy ") || key.startsWith("stray ")) kept.delete(key);
    const everything = all();
    const addressed = everything.filter((el) => addressesOf(el).some((one) => /[./%]/.test(one)));
    const given = { entries, rows, whole, replied, everything, addressed, texts: new Map(messages.map((one) => [one.id, one.whole ?? one.text])) };
    const placed = entries.filter(({ el, row }) => el && row && holds(row, el) && isThere(el));
    return { copies: placed.flatMap((entry) => copiesOf(entry, given)), strays: placed.flatMap((entry) => straysOf(entry, given)) };
  }
  const isThere = (el) => seen(el) && sizes(el) >= LEAST;
  function keep(key, el) {
    kept.set(key, el);
    return key;
  }

  // --- a whole message again --------------------------------------------------------------------------------------

  function copiesOf(entry, given) {
    const found = [];
    for (const one of [...byAddress(entry, given), ...byId(entry, given)]) {
      const copy = copyAround(one, entry, given);
      if (copy && !found.some((other) => other.copy === copy)) found.push({ one, copy });
    }
    return found.map(({ one }, at) => keep(`copy ${at} ${entry.key}`, one));
  }
  // What shows this medium and no other, by its address, or by that of the link around it.
  function byAddress(entry, { entries, addressed }) {
    const own = ownOf(entry, entries);
    return own.length ? placedAlike(entry, addressed.filter((one) => refers(one, own))) : [];
  }
  // What stands where the medium does, in another element with the message's id.
  function byId(entry, { everything }) {
    return placedAlike(entry, everything.filter((one) => carriesId(one, entry.id)))
      .filter((one) => one.naturalWidth === entry.el.naturalWidth);
  }
  // Of elements with the same mark: what stands in them where the medium stands in the innermost one around it.
  function placedAlike({ row, el }, marked) {
    const around = marked.findLast((one) => holds(one, el));
    if (!around) return [];
    const places = wayUp(el, around).reverse().map((one) => [...up(one).children].indexOf(one));
    const others = marked.filter((one) => one.tagName === around.tagName && !holds(row, one));
    return others.map((one) => places.reduce((at, place) => at?.children[place], one))
      .filter((one) => one?.tagName === el.tagName && isThere(one));
  }

  // The element that is the same message again, around `one` as the message is around its medium; null for none.
  function copyAround(one, { id, row, el }, { entries, rows, texts, whole }) {
    const ways = !holds(row, one) && isOneBelow(el, one) && waysAlike(el, one);
    if (!ways) return null;
    const [mine, its] = ways;
    const others = [...rows].filter(([other]) => other !== id).map(([, other]) => other);
    const cores = coresOf(id, entries, rows);
    if (cores.some((other) => holds(other, one))) return null;
    const isList = (part) => cores.some((other) => holds(part, other));
    const at = mine.findLastIndex((part, place) => holds(row, part) && !isList(its[place]));
    const [first, copy] = [mine[at], its[at]];
    if (!first || lieBeside(box(first), box(copy)) || !isWhole(first, row, id, texts.get(id))) return null;
    const above = mine.slice(at + 1).map((part, place) => [part, its[at + 1 + place]]);
    if (above.length && !(above.at(-1).every(isList) && above.every(([part, other]) => part.className === other.className))) return null;
    return isSame(first, copy, id, texts.get(id), whole) && isMarkedAlike(first, copy, others) ? copy : null;
  }
  // What surely is another message's: its medium, else the part of the page that it was found in. The one message that is
  // known in a part of the list is given all of that.
  function coresOf(id, entries, rows) {
    const others = entries.filter((entry) => entry.id !== id && entry.el && entry.row);
    const without = [...rows].filter(([other]) => other !== id && !others.some((entry) => entry.id === other));
    return [...others.map(({ el }) => el), ...without.map(([, other]) => other)];
  }
  const isNear = (one, other) => Math.abs(one - other) <= ROUNDING;
  function isOneBelow(one, other) {
    const [mine, its] = [box(one), box(other)];
    return ["left", "width", "height"].every((side) => isNear(mine[side], its[side])) && !lieOver(mine, its);
  }
  const lieBeside = (one, other) => one.bottom > other.top + ROUNDING && other.bottom > one.top + ROUNDING;
  // A part of the page has all that makes it this message: its id, else its words; without either it is all that was found.
  function isWhole(part, row, id, text) {
    if (namesIn(row, id).size) return namesIn(part, id).size > 0;
    return tells(text) ? plain(part.textContent).includes(plain(text)) : part === row;
  }
  // By the id, which either both bear or none; else by the time of day, or where the data knows every message.
  function isSame(first, copy, id, text, whole) {
    const [names, others] = [namesIn(first, id), namesIn(copy, id)];
    if ([...names].some((name) => !others.has(name)) || names.size === 0 && others.size > 0) return false;
    const [clock, other] = [clockOf(first, text), clockOf(copy, text)];
    if (clock && other && clock !== other) return false;
    return names.size > 0 || whole || Boolean(clock && other);
  }
  // Where an id stands: the elements' names, with those of the attributes.
  function namesIn(root, id) {
    return new Set(within(root).flatMap((el) => [...el.attributes]
      .filter(({ name, value }) => ID_ATTRIBUTES.test(name) && endsWithId(value, id)).map(({ name }) => `${el.tagName} ${name}`)));
  }
  const labelsOf = (el) => ["aria-label", "title", "alt", "datetime"].map((name) => el.getAttribute(name) ?? "");
  // The times of day that stand in a message beside its own text.
  function clockOf(root, text) {
    const said = [root.innerText ?? "", ...within(root).flatMap(labelsOf)].join("\n");
    const times = said.match(/(?<!\d)\d{1,2}[:h]\d{2}(?::\d{2})?(?!\d)/g) ?? [];
    return [...new Set(times.filter((time) => !text.includes(time)))].sort().join();
  }

  // What one of the two has and the other has not (a word, a class, an icon) stands in other messages too: a sender's name
  // above the first of several, a time below the last. "Pinned" does not.
  const BY_PLACE = new RegExp(`(?<![a-z])(?:${[
    "first", "last", "latest", "newest", "recent", "unread", "new", "start", "middle", "end", "single", "group(?:ed)?", "even", "odd",
    "active", "current", "focus(?:ed)?", "hover(?:ed)?", "load(?:ed|ing)?", "in-?view", "visible",
  ].join("|")})(?![a-z])`, "i");
  function isMarkedAlike(first, copy, others) {
    const [mine, its] = [marksOf(first), marksOf(copy)];
    const odd = [...mine].filter((mark) => !its.has(mark)).concat([...its].filter((mark) => !mine.has(mark)))
      .filter((mark) => !(mark.startsWith(".") && BY_PLACE.test(mark)));
    if (!odd.length) return true;
    const common = new Set(others.flatMap((other) => [...marksOf(other)]));
    return odd.every((mark) => common.has(mark));
  }
  function marksOf(root) {
    const parts = within(root);
    const words = [root.innerText ?? "", ...parts.flatMap(labelsOf)].join(" ").normalize("NFC").toLowerCase().match(/\p{L}+/gu) ?? [];
    const classes = parts.flatMap((el) => [...el.classList].map((name) => `.${name}`));
    const drawn = parts.filter((el) => el.matches("use, path")).map((el) => `/${el.getAttribute("href") ?? el.getAttribute("d")}`);
    return new Set([...words, ...classes, ...drawn]);
  }

  // --- what is made alike -----------------------------------------------------------------------------------------

  function wayUp(el, top) {
    const way = [];
    for (let one = el; one && one !== top; one = up(one)) way.push(one);
    return way;
  }
  // The ways from two elements up to where they meet; null where they are not made of the same elements.
  function waysAlike(one, other) {
    let top = up(one);
    while (top && !holds(top, other)) top = up(top);
    const ways = [wayUp(one, top), wayUp(other, top)];
    return ways[0].length === ways[1].length && ways[0].every((el, at) => isMadeAlike(el, ways[1][at])) ? ways : null;
  }
  const lies = (el) => ["absolute", "fixed", "sticky"].find((way) => getComputedStyle(el).position === way) ?? "";
  const isMadeAlike = (one, other) => one.tagName === other.tagName && lies(one) === lies(other)
    && one.getAttribute("role") === other.getAttribute("role");

  // --- a medium in a message that has none of it ------------------------------------------------------------------

  function straysOf(entry, given) {
    if (entry.tied !== "address") return [];
    const found = byAddress(entry, given).map((one) => [one, hostOf(one, entry, given)]).filter(([, host]) => host);
    return found.map(([one, host], at) => ({ key: keep(`stray ${at} ${entry.key}`, one), medium: entry.key, message: host }));
  }
  // The id of the other message that shows `one` as a medium of its own; null where it may have another right to it.
  function hostOf(one, { id, row, el }, { rows, texts, whole, replied }) {
    const [host, around] = [...rows].find(([other, place]) => other !== id && holds(place, one)) ?? [];
    const ways = around && !holds(around, row) && isAsLarge(one, el) && waysAlike(el, one);
    if (!ways || quotes(around, texts.get(id), replied)) return null;
    const [mine, its] = ways;
    const isNamed = mine.some((part, at) => shared(part, id, its[at], host));
    return isNamed || whole && mine[its.indexOf(around)] === row ? host : null;
  }
  const isAsLarge = (one, other) => area(one) >= area(other) / 2 && area(one) <= area(other) * 2;
  const quotes = (row, text, replied) => Boolean(replied) && matchesText(row, replied) || tells(text) && plain(row.innerText).includes(plain(text));
  // Whether two elements bear the two messages' ids in the same attribute.
  const shared = (part, id, other, host) => [...part.attributes].some(({ name, value }) => (
    ID_ATTRIBUTES.test(name) && endsWithId(value, id) && endsWithId(other.getAttribute(name) ?? "", host)));

  Object.assign(__releasegate, { repeats });
})();
