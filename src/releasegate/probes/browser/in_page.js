// What looks at a page from the inside. Nothing here knows any application: things are recognised by addresses,
// ids and texts of the data, and by what is visible where. Installed before the page's own scripts run.
(() => {
  const kept = new Map();      // key -> element, for the program outside
  const pictures = new Map();  // address of a background -> Image that loads it again, out of the browser's memory

  const up = (el) => el.parentElement ?? el.getRootNode().host ?? null;

  function* walk(root) {
    for (const el of root.querySelectorAll("*")) {
      yield el;
      if (el.shadowRoot) yield* walk(el.shadowRoot);
    }
  }
  const all = () => [...walk(document)];
  const within = (root) => [root, ...walk(root)];
  const holds = (outer, inner) => { for (let el = inner; el; el = up(el)) if (el === outer) return true; return false; };

  const box = (el) => el.getBoundingClientRect();
  function seen(el) {
    if (!el.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: false })) return false;
    const { width, height } = box(el);
    return width > 0 && height > 0;
  }
  const plain = (text) => (text ?? "").normalize("NFC").replace(/\s+/g, " ").trim().toLowerCase();

  // --- addresses --------------------------------------------------------------------------------------------------

  function decoded(text) {
    try { return decodeURIComponent(text); } catch { return text; }
  }
  let remembered;  // for one question; the page may change after it
  const forget = () => { remembered = { addresses: new WeakMap(), texts: new WeakMap(), ids: new WeakMap() }; };
  forget();
  function once(memory, el, work) {
    if (!memory.has(el)) memory.set(el, work(el));
    return memory.get(el);
  }
  const addressesOf = (el) => once(remembered.addresses, el, findAddresses);
  const fullText = (el) => once(remembered.texts, el, () => plain(el.textContent));
  function findAddresses(el) {
    const found = [...el.attributes].filter((one) => one.name !== "class").map((one) => one.value);
    if (el.currentSrc) found.push(el.currentSrc);
    const image = getComputedStyle(el).backgroundImage;
    if (image.startsWith("url(") || image.includes(", url(")) found.push(image);
    return found.flatMap((one) => [one, decoded(one), decoded(decoded(one))]);
  }
  const refers = (el, needles) => {
    const addresses = addressesOf(el);
    return needles.some((needle) => addresses.some((one) => isNamedIn(one, needle)));
  };
  // /media/12 is not that of /media/1.
  function isNamedIn(address, needle) {
    const letter = /[0-9A-Za-z]/;
    for (let at = address.indexOf(needle); at >= 0; at = address.indexOf(needle, at + 1)) {
      if (!letter.test(needle.at(-1)) || !letter.test(address[at + needle.length] ?? "")) return true;
    }
    return false;
  }
  const backgroundOf = (el) => getComputedStyle(el).backgroundImage.match(/url\(["']?(.*?)["']?\)/)?.[1] ?? "";

  // --- how a medium stands ----------------------------------------------------------------------------------------

  const LINE = 24;  // pixels: a background no higher than a line of text is the icon before its words, and no picture
  const isBackground = (el) => Boolean(backgroundOf(el)) && box(el).height >= LINE;
  const isMedium = (el) => el.matches("img, video, audio, canvas, object, embed") || isBackground(el);

  function backgroundState(el) {
    const url = backgroundOf(el);
    if (!pictures.has(url)) {
      const image = new Image();
      image.src = url;
      pictures.set(url, image);
    }
    return imageState(pictures.get(url));
  }
  function imageState(image) {
    if (!image.complete) return "still loading";
    return image.naturalWidth > 0 ? "painted" : image.currentSrc || image.src ? "broken" : "still loading";
  }
  function playerState(el) {
    if (el.error) return "broken";
    if (el.readyState >= HTMLMediaElement.HAVE_METADATA) return "painted";
    const sources = [...el.querySelectorAll("source")];
    if (el.networkState === HTMLMediaElement.NETWORK_NO_SOURCE && (el.src || sources.length)) return "broken";
    if (el.preload === "none" && (el.src || el.currentSrc || sources.length)) return "player";
    return "still loading";
  }
  const sizes = (el) => { const { width, height } = box(el); return Math.min(width, height); };

  function stateOf(el) {
    if (!seen(el) && !el.matches("audio")) return "there but invisible";
    if (el.matches("img")) return sizes(el) < 16 && el.naturalWidth > 16 ? "there but invisible" : imageState(el);
    if (el.matches("video, audio")) return playerState(el);
    if (el.matches("canvas, object, embed")) return "painted";
    if (isBackground(el)) return backgroundState(el);
    return "only a link";
  }
  const RANK = ["painted", "player", "still loading", "broken", "there but invisible", "only a link"];
  const better = (one, other) => RANK.indexOf(one.state) - RANK.indexOf(other.state);

  // Every element that shows the medium, best first; of a link or a button around a picture, the picture.
  function showing(needles, roots) {
    const found = new Set();
    for (const el of roots) {
      if (!refers(el, needles) || el.matches("script, style, link, meta, head, html, body")) continue;
      if (el.matches("source")) { found.add(el.parentElement); continue; }
      if (isMedium(el)) { found.add(el); continue; }
      const inner = within(el).find((one) => one !== el && isMedium(one) && sizes(one) >= 16);
      found.add(inner ?? el);
    }
    return [...found].map((el) => ({ el, state: stateOf(el) })).sort(better);
  }

  // --- which part of the page is which message --------------------------------------------------------------------

  const ID_ATTRIBUTES = /^(id|href|name|key|value|for|aria-.*|data-.*)$/;
  // An <option> is a choice: of person 43, not message 43.
  const mayHoldIds = (el) => el.matches("option") ? [] : [...el.attributes].filter((one) => ID_ATTRIBUTES.test(one.name)).map((one) => one.value);
  const carriesId = (el, id) => once(remembered.ids, el, mayHoldIds).some((value) => endsWithId(value, id));
  // Message 12 is not the one of "message-112": what stands before an id is no letter and no digit.
  const endsWithId = (value, id) => value.endsWith(id) && !/[\p{L}\p{N}]/u.test(value.at(-id.length - 1) ?? "");
  const ownText = (el) => plain(el.innerText ?? el.textContent);

  function smallestWithText(elements, text) {
    const wanted = plain(text);
    const hits = elements.filter((el) => fullText(el).includes(wanted));
    return hits.filter((el) => !hits.some((other) => other !== el && el.contains(other)) && seen(el));
  }

  // messages: [{id, text, needles: [[...], ...], quoted}], in the order of the conversation; `quoted` says that another
  // one answers it. Returns Map id -> the largest element that holds this message and no other's: climbed from what
  // belongs to it alone, or, where its words, its files and its id are in other messages too, from what can only be its
  // place between its neighbours.
  function rowsOf(messages, css) {
    if (css.includes("{id}")) return rowsById(messages, css);
    const elements = [...walk(document.body)].filter((el) => !el.matches("script, style, head *"));
    const owners = ownersOf(messages);
    const anchors = messages.map((message) => [message.id, anchorsOf(message, elements, owners)]);
    const claims = anchors.flatMap(([, found]) => found);
    const isOnly = ([, found]) => found.length === 1 && claims.indexOf(found[0]) === claims.lastIndexOf(found[0]);
    const alone = anchors.filter(isOnly).map(([id, [el]]) => [id, el]);
    const places = anchors.map(([id, found], at) => [id, found.length ? found : anywhere(messages[at], elements)]);
    const known = new Map([...farthest(messages, places, elements), ...alone, ...inOrder(places, elements)]);
    const sure = [...known, ...together(anchors, known)];
    if (!css) return new Map(sure.map(([id, el]) => [id, climb(id, el, sure)]));
    const rows = elements.filter((el) => el.matches(css));
    const rowOf = (el) => rows.findLast((row) => holds(row, el)) ?? rows.find((row) => holds(el, row));
    return new Map(sure.map(([id, el]) => [id, rowOf(el)]).filter(([, row]) => row));
  }
  // The target's own way to a message: with {id} to this very one, without to every one of them, as what rows there are.
  function rowsById(messages, css) {
    const rows = new Map();
    for (const message of messages) {
      const row = document.querySelector(css.replaceAll("{id}", CSS.escape(message.id)));
      if (row) rows.set(message.id, row);
    }
    return rows;
  }
  function outermost(elements) {
    return elements.filter((el) => !elements.some((other) => other !== el && holds(other, el)));
  }
  // How many messages each form of an address is found in: people send the same picture twice, and a signed address
  // holds the unsigned one.
  function ownersOf(messages) {
    const all = messages.map((message) => [...new Set(message.needles.flat())]);
    const own = [...new Set(all.flat())];
    return new Map(own.map((needle) => [needle, all.filter((theirs) => theirs.some((one) => one.includes(needle))).length]));
  }
  function anchorsOf(message, elements, owners) {
    const byId = outermost(elements.filter((el) => carriesId(el, message.id)));
    if (byId.length !== 1) {
      const own = ownAnchorsOf(message, elements, owners);
      return own.length === 1 || !isDrawnAgain(byId, message) ? own : byId.slice(0, 1);
    }
    if (!message.quoted || endsWithId(byId[0].id, message.id)) return byId;
    const others = ownAnchorsOf(message, elements, owners).filter((el) => !holds(byId[0], el) && !holds(el, byId[0]));
    return [...byId, ...others];  // what carries it may be an answer's box: data-answers="171", href="#m-171"
  }
  // What is known by its file's address or its words.
  function ownAnchorsOf(message, elements, owners) {
    const own = message.needles.map((needles) => needles.filter((needle) => owners.get(needle) === 1));
    const byAddress = own.flatMap((needles) => elements.filter((el) => refers(el, needles)));
    const first = byAddress.find(isMedium) ?? byAddress[0];
    if (first && byAddress.length) return [first];
    if (message.text.length < 2) return [];
    const byText = smallestWithText(elements, message.text);
    const exact = byText.filter((el) => ownText(el) === plain(message.text));
    return exact.length === 1 ? exact : byText;
  }
  // The same kind of element bears the id several times, in the same attribute; of a message that is answered, as its own
  // id: each answer's box may bear it otherwise.
  function isDrawnAgain(carriers, { id, quoted }) {
    const forms = carriers.map((el) => [el.tagName, ...[...el.attributes].filter(({ value }) => endsWithId(value, id)).map(({ name }) => name)].join());
    return carriers.length > 1 && forms.every((form) => form === forms[0]) && (!quoted || carriers.every((el) => endsWithId(el.id, id)));
  }
  // Every place where a message may stand that has no words and whose file is in other messages too.
  function anywhere(message, elements) {
    const needles = message.needles[0] ?? [];
    return needles.length ? outermost(showing(needles, elements).map(({ el }) => el)) : [];
  }
  // A page shows messages in the order of the conversation, the newest first or last. Of all ways to give as many
  // messages as can be a place each in that order, only what is the same in every one of them is known.
  function inOrder(candidates, elements) {
    const position = new Map(elements.map((el, at) => [el, at]));
    const rows = candidates.map(([id, found]) => [id, found.map((el) => position.get(el))]);
    const [down, up] = [longestWay(rows), longestWay([...rows].reverse())];
    const known = up.length > down.length ? up.known : down.known.filter((one) => up.length < down.length || isIn(up.known, one));
    return known.map(({ id, at }) => [id, elements[at]]);
  }
  // Where a message's own words stand twice with no other message between them, it is what holds both: an answer's box
  // that shows the answer's words in the place of the original's.
  function together(anchors, known) {
    return anchors.filter(([id, found]) => found.length > 1 && !known.has(id)).flatMap(([id, found]) => {
      let shared = found[0];
      while (shared && !found.every((el) => holds(shared, el))) shared = up(shared);
      const placesOf = ([other, theirs]) => known.has(other) ? [known.get(other)] : theirs;
      const isAnothers = (one) => one[0] !== id && placesOf(one).some((el) => holds(shared, el));
      return shared && !anchors.some(isAnothers) ? [[id, shared]] : [];
    });
  }
  // Of the places of a message that is answered the one farthest from the answers, which come later in the conversation:
  // where an answer stands beside what it answers, order alone does not tell them apart.
  function farthest(messages, places, elements) {
    const position = new Map(elements.map((el, at) => [el, at]));
    const rows = places.map(([id, found]) => [id, found.map((el) => position.get(el)).sort((one, other) => one - other)]);
    const isNewestFirst = longestWay([...rows].reverse()).length > longestWay(rows).length;
    return rows.filter(([, at], place) => messages[place].quoted && at.length > 1)
      .map(([id, at]) => [id, elements[at.at(isNewestFirst ? -1 : 0)]]);
  }
  const isIn = (pairs, { id, at }) => pairs.some((one) => one.id === id && one.at === at);
  // rows: [[id, [position, ...]], ...]. Returns the length of the longest rising way that takes at most one position of
  // each row, and the pairs that no such way leaves out.
  function longestWay(rows) {
    const before = lengthsUpTo(rows);
    const after = lengthsUpTo(rows.map(([id, positions]) => [id, positions.map((at) => -at)]).reverse()).reverse();
    const length = Math.max(0, ...before.flat());
    const steps = Array.from({ length }, () => []);  // the pairs that can be the first, the second, ... of a longest way
    rows.forEach(([id, positions], row) => positions.forEach((at, place) => {
      const step = before[row][place];
      if (step + after[row][place] - 1 === length) steps[step - 1].push({ id, at });
    }));
    return { length, known: steps.filter((pairs) => pairs.length === 1).flat() };
  }
  // The length of the longest rising way that ends at each position of each row.
  function lengthsUpTo(rows) {
    const ends = [];  // ends[n]: the lowest position at which a way of n + 1 rows has ended so far
    return rows.map(([, positions]) => {
      const lengths = positions.map((at) => ends.filter((end) => end < at).length + 1);
      positions.forEach((at, place) => { ends[lengths[place] - 1] = Math.min(at, ends[lengths[place] - 1] ?? Infinity); });
      return lengths;
    });
  }
  function climb(id, start, anchors) {
    const others = anchors.filter(([other, el]) => other !== id && !holds(start, el)).map(([, el]) => el);
    let row = start;
    for (let el = up(start); el && el !== document.body; el = up(el)) {
      if (others.some((other) => holds(el, other)) || box(el).height > innerHeight * 1.5 && scrolls(el)) break;
      row = el;
    }
    return row;
  }
  const scrolls = (el) => /auto|scroll|overlay/.test(getComputedStyle(el).overflowY) && el.scrollHeight > el.clientHeight + 4;

  const matchesText = (el, source) => new RegExp(source, "i").test(el.innerText ?? "");

  // --- asked from outside -----------------------------------------------------------------------------------------

  let last = { entries: [], rows: new Map(), messages: [] };  // what was found when the page was last searched
  function thread({ messages, css, thumbnail, fallback, unavailable }) {
    forget();
    const rows = rowsOf(messages, css);
    const roots = [...walk(document.body)];
    const entries = messages.flatMap((message) => message.needles.map((needles, place) => (
      { id: message.id, key: `medium ${message.id} ${place}`, needles, place, row: rows.get(message.id) })));
    const taken = new Set();  // one element shows one medium: the same picture sent twice must be there twice
    for (const entry of entries) take(entry, byAddress(entry, rows, roots, taken), "address", taken);
    const tied = entries.filter((entry) => entry.el);
    for (const entry of entries) if (!entry.el) take(entry, byMessage(entry, { thumbnail, taken, rows, entries, tied }), "message", taken);
    for (const [id, row] of rows) kept.set(`row ${id}`, row);
    for (const entry of entries) entry.state = entry.el ? stateOf(entry.el) : "not there";
    const media = entries.map((entry) => ({ key: entry.key, state: entry.state, tied: entry.tied ?? "",
      says: saysGone(entry, entries, fallback, unavailable) }));
    last = { entries: rows.size > 1 || css ? entries : [], rows, messages };  // the only row that is found may be the whole page
    return { media, found: [...rows.keys()], unavailable: unavailable ? textCount(unavailable) : 0 };
  }

  function take(entry, el, tied, taken) {
    if (!el) { kept.delete(entry.key); return; }
    taken.add(el);
    kept.set(entry.key, el);
    Object.assign(entry, { el, tied });
  }

  // In its own message, or where no message is; never in another message that was sent the same file.
  function byAddress({ id, needles, row }, rows, roots, taken) {
    const foreign = (el) => [...rows].some(([other, one]) => other !== id && holds(one, el));
    const inside = row ? showing(needles, within(row)) : [];
    const found = inside.length ? inside : showing(needles, roots).filter(({ el }) => !foreign(el));
    return found.find(({ el }) => !taken.has(el))?.el;
  }

  // A medium of unknown address (a blob, a file behind another name) in the message that it belongs to. Where the page
  // shows the addresses of others, what is far smaller than these is none: a face, a quoted picture.
  function byMessage(entry, { thumbnail, taken, rows, entries, tied }) {
    const { place, row } = entry;
    if (!row) return null;
    if (thumbnail) return row.querySelectorAll(thumbnail)[place];
    const least = Math.min(...tied.filter(({ el }) => isMedium(el) && sizes(el) >= 40).map(({ el }) => area(el))) / 4;
    const left = within(row).filter((el) => isMedium(el) && !taken.has(el) && sizes(el) >= 40
      && (least === Infinity || area(el) >= least) && !isAnothers(el, entry, rows, entries));
    const largest = Math.max(...left.map(area));
    return left.filter((el) => area(el) >= largest / 4).map((el) => ({ el, state: stateOf(el) })).sort(better)[0]?.el;
  }
  // What has another medium's address, stands larger in another message, or in one that has no media at all.
  function isAnothers(el, entry, rows, entries) {
    const others = entries.filter((other) => other.id !== entry.id && !other.needles.some((one) => entry.needles.includes(one)));
    if (others.some((other) => refers(el, other.needles))) return true;
    const address = addressOf(el);
    return Boolean(address) && [...rows].some(([id, row]) => id !== entry.id && within(row).some((one) => (
      addressOf(one) === address && (area(one) > 1.5 * area(el) || !entries.some((other) => other.id === id)))));
  }
  const addressOf = (el) => (el.matches("img, video") ? el.currentSrc || el.src : "") || backgroundOf(el);

  // The text stands somewhere in the message; of several media it is not about the one that is shown beside a dead one.
  function saysGone({ row, id, state }, entries, fallback, unavailable) {
    const isShown = (one) => one === "painted" || one === "player";
    if (!row || isShown(state) && entries.some((one) => one.id === id && !isShown(one.state))) return false;
    if (fallback && [...row.querySelectorAll(fallback)].some(seen)) return true;
    return Boolean(unavailable) && matchesText(row, unavailable);
  }

  // How a kept element stands, without searching the page again; null when it is not there any more.
  const standing = (key) => kept.get(key)?.isConnected ? stateOf(kept.get(key)) : null;

  // The addresses that kept media really show.
  const sources = (keys) => keys.map((key) => kept.get(key)).filter(Boolean)
    .map(addressOf).filter(Boolean);

  function textCount(source, root = document.body) {
    const pattern = new RegExp(source, "i");
    const hits = within(root).filter((el) => seen(el) && pattern.test(el.innerText ?? "") && !el.matches("script, style"));
    return hits.filter((el) => !hits.some((other) => other !== el && holds(el, other))).length;
  }

  // The scrolling area around the messages, to bring what is only drawn in sight.
  function scroller() {
    const areas = [...walk(document.body)].filter((el) => scrolls(el) && seen(el));
    areas.push(document.scrollingElement);
    const inside = (area) => [...kept].some(([key, el]) => key.startsWith("row ") && el.isConnected && holds(area, el));
    return areas.filter(inside).sort((one, other) => other.scrollHeight - one.scrollHeight)[0]
      ?? areas.sort((one, other) => other.scrollHeight - one.scrollHeight)[0];
  }
  function scrollBy(share) {
    const area = scroller();
    const before = area.scrollTop;
    area.scrollBy({ top: area.clientHeight * share, behavior: "instant" });
    return area.scrollTop !== before;
  }
  const scrollLists = () => [...walk(document.body)].filter((el) => scrolls(el) && seen(el)).concat(document.scrollingElement)
    .map((area) => {
      const before = area.scrollTop;
      area.scrollTo({ top: area.scrollHeight, behavior: "instant" });
      return area.scrollTop !== before;
    }).some(Boolean);
  function boxes(ids) {
    return Object.fromEntries(ids.filter((id) => kept.get(`row ${id}`)?.isConnected).map((id) => {
      const { left, width, height } = box(kept.get(`row ${id}`));
      return [id, [left, width, height]];
    }));
  }
  const sideways = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const words = () => (document.body.innerText.match(/\S+/g) ?? []).length;

  // What the page says, and how many signs it gives of trouble or of work: alerts, progress bars, what moves by itself,
  // what its own name says.
  const SIGNS = "[role=alert], [role=status], [role=progressbar], [aria-busy=true], progress, svg:has(animate, animateTransform), "
    + ["spinner", "loader", "loading", "skeleton", "carregando"].map((name) => `[class*=${name} i]`).join(", ");
  function saying() {
    const marked = all().filter((el) => el.matches(SIGNS));
    const moving = document.getAnimations().map((one) => one.effect).filter((one) => one?.getComputedTiming?.().iterations === Infinity);
    const signs = new Set([...marked, ...moving.map((one) => one.target)].filter((el) => el && seen(el)));
    return { text: document.body.innerText, signs: signs.size };
  }

  // --- what a click brought ---------------------------------------------------------------------------------------

  let before = new WeakMap();  // what was visible -> its area
  function remember() {
    before = new WeakMap(all().filter(seen).map((el) => [el, area(el)]));
  }
  const area = (el) => { const { width, height } = box(el); return width * height; };
  // Not there before, or grown out of all proportion: some viewers blow the thumbnail itself up.
  const isNew = (el) => el !== document.body && el !== document.documentElement
    && (!before.has(el) || area(el) > 4 * before.get(el));
  function topmost(x, y) {
    let el = document.elementFromPoint(x, y);
    while (el?.shadowRoot?.elementFromPoint(x, y) && el.shadowRoot.elementFromPoint(x, y) !== el) {
      el = el.shadowRoot.elementFromPoint(x, y);
    }
    return el;
  }
  // The share of the window whose topmost element was not there before the click. Asking at 400 points takes a page with
  // long lists 50 ms, so what is too small to cover a tenth of the window, all of it together, is not asked for.
  function covered(css) {
    const root = css ? document.querySelector(css) : null;
    if (css && (!root || !seen(root))) return 0;
    const most = root ? 1 : spread(all().filter(isNew));
    if (most < 0.1) return most;
    let hits = 0;
    const STEPS = 20;
    for (let i = 0; i < STEPS; i += 1) {
      for (let j = 0; j < STEPS; j += 1) {
        const el = topmost((i + 0.5) / STEPS * innerWidth, (j + 0.5) / STEPS * innerHeight);
        if (el && (root ? holds(root, el) : isNew(el))) hits += 1;
      }
    }
    return hits / STEPS ** 2;
  }
  // The share of the window that elements have together, as if none lay over another.
  function spread(elements) {
    const areas = elements.map(box).map(({ left, right, top, bottom }) => (
      Math.max(Math.min(right, innerWidth) - Math.max(left, 0), 0) * Math.max(Math.min(bottom, innerHeight) - Math.max(top, 0), 0)));
    return areas.reduce((sum, one) => sum + one, 0) / (innerWidth * innerHeight);
  }
  // Not behind what opened: a thread goes on changing there, and is no part of it.
  function isOnTop(el) {
    const { left, top, width, height } = box(el);
    const there = topmost(left + width / 2, top + height / 2);
    return Boolean(there) && (holds(el, there) || holds(there, el));
  }
  const fresh = (css) => {
    const root = css ? document.querySelector(css) : null;
    if (css) return root && seen(root) ? within(root).filter(seen) : [];
    return all().filter((el) => isNew(el) && seen(el) && onScreen(el));
  };
  const onScreen = (el) => {
    const { left, right, top, bottom } = box(el);
    return right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
  };

  // needles: of the medium that should be there; others: [[...], ...] of every other medium that is known; key and
  // otherKeys: under which their thumbnails are kept.
  function viewer({ css, needles, others, unavailable, ratio, key, otherKeys = [] }) {
    forget();
    const there = fresh(css);
    const media = there.filter((el) => isMedium(el) && !el.matches("audio")).sort((one, other) => area(other) - area(one));
    const known = (el) => [needles, ...others].some((one) => refers(el, one));
    const large = media.find((el) => !isBackdrop(el, media, known)) ?? media[0];
    if (large) kept.set("enlarged", large);
    const { width, height } = large ? box(large) : { width: 0, height: 0 };
    return {
      covers: covered(css),
      state: large ? stateOf(large) : "not there",
      width, height,
      same: large ? isSame(large, needles, others, ratio) ?? isLikeThumbnail(large, key, otherKeys) : null,
      says: Boolean(unavailable) && there.some((el) => matchesText(el, unavailable) && isOnTop(el)),
      controls: controls(there).map((one) => one.name || "(no name)"),
    };
  }
  // What fills the window behind the medium, and is none itself: the address of something of the window's size on it
  // is known, and its own is not.
  const share = (el) => area(el) / (innerWidth * innerHeight);
  const isBackdrop = (el, media, known) => share(el) > 0.9 && Boolean(backgroundOf(el)) && !el.matches("img, video") && !known(el)
    && media.some((other) => other !== el && share(other) > 0.1 && known(other));
  function isSame(el, needles, others, ratio) {
    const mine = el.matches("video") ? [el, ...el.querySelectorAll("source")] : [el];
    if (mine.some((one) => refers(one, needles))) return true;
    if (mine.some((one) => others.some((other) => refers(one, other)))) return false;
    const [w, h] = [el.naturalWidth ?? el.videoWidth ?? 0, el.naturalHeight ?? el.videoHeight ?? 0];
    if (!ratio || !w || !h) return null;
    return Math.abs(w / h - ratio) < 0.02 * ratio ? null : false;
  }

  function isLikeThumbnail(el, key, otherKeys) {
    const own = kept.get(key);
    const others = otherKeys.map((one) => kept.get(one)).filter((one) => one && one !== own);
    return parts.isLike(el, own, others);
  }

  const CLICKABLE = "button, a[href], [role=button], [role=link], [onclick], [tabindex], input[type=button], summary, label";
  function nameOf(el) {
    const label = el.getAttribute("aria-label") || el.getAttribute("title") || el.getAttribute("alt");
    return (label || el.innerText || el.value || el.querySelector("img[alt], svg title")?.getAttribute?.("alt")
      || el.querySelector("title")?.textContent || "").trim().slice(0, 60);
  }
  function controls(elements) {
    const found = elements.filter((el) => el.matches(CLICKABLE) || pointed(el));
    return found.filter((el) => !found.some((other) => other !== el && holds(other, el) && area(other) < 40000))
      .map((el) => ({ el, name: nameOf(el), className: String(el.className?.baseVal ?? el.className ?? el.id) }));
  }
  // A cursor that this element, not an element around it, made a pointer.
  const pointed = (el) => getComputedStyle(el).cursor === "pointer" && up(el) && getComputedStyle(up(el)).cursor !== "pointer";

  // what: close, next or previous; source: the words for it. By name, then by class, then by where it stands.
  function control({ css, what, source, named }) {
    const isControl = (el) => area(el) < 40000 && !el.matches("img, video, audio, canvas, object, embed") || el.matches("button img");
    const isDrawn = (el) => !isMedium(el) || area(el) < 4096 || el.matches("button img");  // an icon, no thumbnail
    const usable = controls(fresh(css)).filter(({ el }) => isControl(el));
    const choice = usable.find((one) => isNamedFor(one, source)) ?? usable.find((one) => isMarkedFor(one, what))
      ?? (named ? null : usable.find((one) => isDrawn(one.el) && standsFor(one, what)));
    if (!choice) return null;
    kept.set("control", choice.el);
    return choice.name || choice.className || "(no name)";
  }
  const HINTS = { close: /close|fechar|dismiss|\bx\b/i, next: /next|right|prox|avanc/i, previous: /prev|left|anter/i };
  const isNamedFor = ({ name }, source) => Boolean(name) && new RegExp(source, "i").test(name);
  const isMarkedFor = ({ el, className }, what) => HINTS[what].test(className) || HINTS[what].test(el.dataset?.testid ?? "");
  const isFor = (one, what, source) => isNamedFor(one, source) || isMarkedFor(one, what) || standsFor(one, what);
  function standsFor({ el, name }, what) {
    if (name) return false;
    const { left, top, width, height } = box(el);
    const [x, y] = [(left + width / 2) / innerWidth, (top + height / 2) / innerHeight];
    if (what === "close") return y < 0.2 && (x > 0.8 || x < 0.2);
    return y > 0.3 && y < 0.7 && (what === "next" ? x > 0.6 : x < 0.4);
  }

  // --- replies ----------------------------------------------------------------------------------------------------

  const bare = (text) => (text ?? "").normalize("NFC").toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, "");
  const tells = (text) => (text.match(/\p{L}/gu) ?? []).length >= 4;  // fewer letters stand in any message by chance

  // own: the reply's own text; person: the names of who wrote the original, [] where that is not asked.
  function reply({ id, pattern, preview, gone, css, own, sender, others, person }) {
    const row = kept.get(`row ${id}`);
    if (!row?.isConnected) return null;
    const root = css ? row.querySelector(css) ?? row : row;
    const beside = besides(root, root === row ? bare(own) : "");
    const head = plain(headOf(root, pattern, preview));
    const quote = preview ? smallestWithText(within(root), preview).find((el) => !own || !plain(el.innerText).includes(plain(own))) : null;
    const fixed = [pattern, gone].map((source) => source && root.innerText.match(new RegExp(source, "i"))?.[0]);
    return {
      says: new RegExp(pattern, "i").test(root.innerText),
      preview: stands(beside, bare(preview), [...fixed, sender, ...others].map(bare)),
      gone: gone ? new RegExp(gone, "i").test(root.innerText) : null,
      other: Boolean(sender) && !head.includes(plain(sender)) && others.some((name) => head.includes(plain(name))),
      named: isNamed(root, beside.left, head, person),
      height: quote ? box(quote).height / innerHeight : 0,
    };
  }
  // The texts of an element that can be seen, in their order; what is there for readers aloud alone is a pixel large.
  function* texts(root) {
    for (const node of [...root.shadowRoot?.childNodes ?? [], ...root.childNodes]) {
      if (node.nodeType === Node.ELEMENT_NODE) yield* texts(node);
      else if (node.nodeType === Node.TEXT_NODE && node.data.trim() && isRead(node)) yield node.data;
    }
  }
  function isRead(node) {
    let el = node.parentElement ?? node.getRootNode().host;
    while (el && getComputedStyle(el).display === "contents") el = up(el);
    return Boolean(el) && seen(el) && sizes(el) > 1;
  }
  // The letters of a message without those of its own text, once for each place where that may be: "ok" stands in
  // "ok, obrigada" too. `own` is what could not be left out: it is cut short, or not there.
  function besides(root, own) {
    const whole = bare([...texts(root)].join(" "));
    const places = own ? [...whole.matchAll(new RegExp(`(?=${own})`, "gu"))].map(({ index }) => index) : [];
    if (!places.length) return { left: [whole], own };
    return { left: places.map((at) => `${whole.slice(0, at)} ${whole.slice(at + own.length)}`), own: "" };
  }
  // Whether words stand beside a message's own; null where they are too few to tell, or may stand there by another right.
  function stands({ left, own }, sought, fixed) {
    if (!tells(sought) || [own, ...fixed].some((text) => text.includes(sought))) return null;
    return left.some((text) => text.includes(sought));
  }
  const YOU = /(?<!\p{L})(?:you|yourself|voc[eê]s?|vc|mim|mesm[ao])(?!\p{L})/iu;
  function isNamed(root, left, head, person) {
    const words = person.flatMap((name) => name.split(/[^\p{L}\p{M}\p{N}]+/u)).map(bare).filter((word) => word.length > 2);
    if (!words.length || YOU.test(head)) return null;
    const labels = within(root).slice(1).flatMap((el) => ["alt", "title", "aria-label"].map((one) => bare(el.getAttribute(one))));
    return [...left, ...labels].some((text) => words.some((word) => text.includes(word)));
  }
  // The line that says "Replied to …", with the next one where the name stands there.
  function headOf(root, pattern, preview) {
    const lines = (root.innerText ?? "").split("\n").map((line) => line.trim()).filter(Boolean);
    const place = lines.findIndex((line) => new RegExp(pattern, "i").test(line));
    if (place < 0) return "";
    const next = lines[place + 1] ?? "";
    const rest = lines[place].replace(new RegExp(pattern, "i"), "").replace(/[\s:.]+/g, "");
    return rest || (preview && plain(next).includes(plain(preview))) ? lines[place] : `${lines[place]} ${next}`;
  }
  // What in a reply's box can be clicked: kept as "quote". Only where the box itself offers it.
  function quote(id, pattern) {
    const row = kept.get(`row ${id}`);
    const hits = row?.isConnected ? within(row).filter((el) => seen(el) && new RegExp(pattern, "i").test(el.innerText ?? "")) : [];
    let el = hits.find((one) => !hits.some((other) => other !== one && holds(one, other)));
    for (; el && el !== row; el = up(el)) {
      if (!el.matches(CLICKABLE) && !pointed(el)) continue;
      kept.set("quote", el);
      return true;
    }
    return false;
  }
  function isInSight(key) {
    const el = kept.get(key);
    if (!el?.isConnected) return false;
    const { top, bottom } = box(el);
    return bottom > 0 && top < innerHeight;
  }

  function brokenIcons(needles) {
    forget();
    return all().filter((el) => el.matches("img") && seen(el) && el.complete && el.naturalWidth === 0
      && (el.currentSrc || el.getAttribute("src")) && refers(el, needles)).length;
  }

  // Where a dead medium stood: the smallest element with the fallback text in its message, else what is left of it.
  function standIn(key, rowKey, source) {
    const row = kept.get(rowKey)?.isConnected ? kept.get(rowKey) : document.body;
    const pattern = source ? new RegExp(source, "i") : null;
    const hits = pattern ? within(row).filter((el) => seen(el) && pattern.test(el.innerText ?? "")) : [];
    const place = hits.find((el) => !hits.some((other) => other !== el && holds(el, other)));
    const left = kept.get(key);
    return place ?? (left?.isConnected && seen(left) ? left : null);
  }

  // Whether a click at its middle meets it, a part of it, or what it stands in: nothing lies over it.
  function liesBare(el) {
    el.scrollIntoView({ block: "center", behavior: "instant" });
    return isOnTop(el);
  }

  // For a picture: drawn inside the edge, so that nothing moves, and taken away again.
  function outline(el, style) {
    if (style) el.scrollIntoView({ block: "center", behavior: "instant" });
    el.style.outline = style;
    el.style.outlineOffset = style ? "-4px" : "";
    if (!style && el.getAttribute("style") === "") el.removeAttribute("style");
  }

  // For a picture: no text can be read but the short ones that hold a pattern. Nothing moves, for nothing changes its
  // size. A sheet that is made here is no business of the page's content security policy.
  const blurred = new CSSStyleSheet();
  const UNREADABLE = `
    *, ::before, ::after, ::placeholder, ::marker {
      color: transparent !important; -webkit-text-fill-color: transparent !important;
      -webkit-text-stroke-color: transparent !important; transition: none !important;
      text-shadow: 0 0 1.1em rgb(90 90 90), 0 0 1.1em rgb(90 90 90) !important; }
    svg text, svg text * { fill: transparent !important; stroke: transparent !important; }`;
  const roots = () => [document, ...all().map((el) => el.shadowRoot).filter(Boolean)];
  const directText = (el) => [...el.childNodes].map((node) => (node.nodeType === Node.TEXT_NODE ? node.data : "")).join(" ").trim();
  function blur(patterns) {
    const read = patterns.map((source) => new RegExp(source, "i"));
    const isRead = (text) => text && text.length < 80 && read.some((pattern) => pattern.test(text));
    const rules = all().filter((el) => isRead(directText(el))).map((el, number) => {
      const { color } = getComputedStyle(el);
      el.setAttribute("data-releasegate-read", number);
      return `[data-releasegate-read="${number}"] { color: ${color} !important; -webkit-text-fill-color: ${color} !important; text-shadow: none !important; }`;
    });
    blurred.replaceSync(UNREADABLE + rules.join("\n"));
    for (const root of roots()) root.adoptedStyleSheets = [...root.adoptedStyleSheets.filter((one) => one !== blurred), blurred];
  }
  function sharpen() {
    for (const root of roots()) root.adoptedStyleSheets = root.adoptedStyleSheets.filter((one) => one !== blurred);
    for (const el of all()) el.removeAttribute("data-releasegate-read");
  }

  // --- the keyboard -----------------------------------------------------------------------------------------------

  // Give the focus to what stands for a medium: itself, what it stands in, what stands in it. Whether it took it.
  function focus(key) {
    const el = kept.get(key);
    if (!el?.isConnected) return false;
    const around = [];
    for (let one = el; one && one !== document.body && around.length < 5; one = up(one)) around.push(one);
    const small = around.filter((one) => area(one) < 4 * area(el));
    const target = [...small, ...walk(el)].find((one) => one.tabIndex >= 0 && seen(one));
    target?.focus({ focusVisible: true });
    if (!target || active() !== target) return false;
    kept.set("focused", target);
    return true;
  }
  function active() {
    let el = document.activeElement;
    while (el?.shadowRoot?.activeElement) el = el.shadowRoot.activeElement;
    return el;
  }
  function focusIsInside(css) {
    const el = active();
    if (!el || el === document.body) return false;
    return css ? holds(document.querySelector(css), el) : isNew(el) || fresh(css).some((one) => holds(one, el));
  }
  const focusIsBack = () => Boolean(kept.get("focused")?.isConnected) && active() === kept.get("focused");

  // The open viewer as one element: the target's, else the outermost new element that covers the middle of the window.
  function keepViewer(css) {
    let el = css ? document.querySelector(css) : topmost(innerWidth / 2, innerHeight / 2);
    while (!css && el && up(el) && up(el) !== document.body && isNew(up(el))) el = up(el);
    if (el) kept.set("viewer", el);
  }

  // Where everything in the open viewer is, how large and how clear: two equal answers, and nothing moves or fades.
  const poses = (css) => fresh(css).map((el) => {
    const { left, top, width, height } = box(el);
    return [left, top, width, height, getComputedStyle(el).opacity * 100].map(Math.round).join();
  }).join(" ");

  // What counts the attachments in the open viewer: "2 / 3", "2 de 3"; "" where nothing does. A date is no counter: the
  // second number is one of `counts`, the first no greater, and no third one follows.
  function counter({ css, counts }) {
    const texts = fresh(css).map((el) => plain(el.innerText)).filter((text) => text.length < 40);
    const pairs = texts.flatMap((text) => [...text.matchAll(/(?<![\d/.:-])(\d+)\s*(?:\/|of|de|\||-)\s*(\d+)(?![\d/.:-])/g)]);
    const found = pairs.map(([, place, of]) => [Number(place), Number(of)])
      .find(([place, of]) => counts.includes(of) && place >= 1 && place <= of);
    return found?.join("/") ?? "";
  }
  const places = () => [scroller()?.scrollTop ?? 0, scrollY];
  // Whether the enlarged video plays, or has controls, its own or the page's; what closes or turns is none (`others`:
  // the words for it, by what it is for). null for anything but a video.
  function isPlayable({ css, others }) {
    const el = kept.get("enlarged");
    if (!el?.matches?.("video")) return null;
    if (el.controls || !el.paused) return true;
    const there = fresh(css);
    const isOther = (one) => Object.entries(others).some(([what, source]) => isFor(one, what, source));
    return controls(there).some((one) => one.el.matches("button, [role=button]") && !isOther(one))
      || there.some((one) => one.matches("[role=slider], input[type=range]"));
  }

  // Keep the entry of a conversation whose id is a short number, of what carries that number (`css`): a person, a page of
  // the list and a saved search do too. It is what stands in a row with one of the conversation's `names`; where the page
  // shows none of them and none of its `neighbours` either, at the `last`, what has the form of the most numbered links.
  function entry({ css, names, neighbours, last }) {
    const carriers = [...document.querySelectorAll(css)].filter(seen);
    const formOf = (el) => (el.getAttribute("href") ?? el.id).replace(/\d+/g, "#");
    const forms = new Map();
    for (const el of document.querySelectorAll("a[href], [id]")) {
      const text = el.getAttribute("href") ?? el.id;
      if (/\d/.test(text) && seen(el)) forms.set(formOf(el), (forms.get(formOf(el)) ?? new Set()).add(text));
    }
    const often = (el) => forms.get(formOf(el))?.size ?? 0;
    const has = (el, texts) => el && texts.some((text) => plain(el.textContent).includes(plain(text)));
    const rowOf = (el) => el.closest("tr, li, article, [role=row], [role=listitem], [role=option]");
    carriers.sort((one, other) => has(other, names) - has(one, names) || often(other) - often(one)
      || formOf(one).length - formOf(other).length);
    const named = carriers.find((el) => has(el, names) || has(rowOf(el), names));
    const isOpen = last && !has(document.body, neighbours);
    kept.delete("entry");
    if (named ?? (isOpen && carriers[0])) kept.set("entry", named ?? carriers[0]);
    return kept.has("entry");
  }

  const pictureCount = () => all().filter((el) => el.matches("img, video, canvas, svg") && seen(el)).length;

  const parts = { ID_ATTRIBUTES, addressesOf, all, area, box, carriesId, endsWithId, holds, isMedium, matchesText, plain, refers, seen, sizes, stateOf, tells, up, within, lastSeen: () => last };
  const api = { parts, entry, saying, liesBare, blur, sharpen, keepViewer, poses, quote, isInSight, focus, focusIsInside, focusIsBack, counter, places, isPlayable, outline, standing, scrollLists, standIn, pictures: pictureCount, kept, thread, scrollBy, boxes, sideways, words, textCount, remember, viewer, control, reply, brokenIcons, seen, all, nameOf, sources };
  Object.defineProperty(window, "__releasegate", { value: api, configurable: true });
})();
