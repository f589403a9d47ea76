// Whether a picture in the viewer is that of a thumbnail, by what is painted: for pages that show no address (blob:).
// Installed after in_page.js, which asks it where addresses do not tell.
(() => {
  const { parts } = __releasegate;
  const SIDE = 12;  // a picture's colours on 12 by 12 places: enough to tell photographs, and no detail
  const FLAT = 4;  // standard deviation of 0 to 255 below which there is nothing to compare
  const [ALIKE, APART] = [0.9, 0.2];  // correlation of the same picture at another size; how far the next one must be

  const sourceOf = (el) => el.currentSrc || el.src || "";
  const sizeOf = (el) => [el.naturalWidth ?? el.videoWidth ?? 0, el.naturalHeight ?? el.videoHeight ?? 0];

  // The colours of an image or of a film's frame, cut around its middle to a ratio; null where the page may not read
  // them (of another host), where nothing is painted, or where all is one colour.
  function colours(el, ratio) {
    if (!el.matches("img, video") || (el.matches("video") && el.readyState < 2)) return null;
    const [width, height] = sizeOf(el);
    if (!width || !height) return null;
    const [w, h] = width / height > ratio ? [height * ratio, height] : [width, width / ratio];
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIDE;
    const context = canvas.getContext("2d");
    try {
      context.drawImage(el, (width - w) / 2, (height - h) / 2, w, h, 0, 0, SIDE, SIDE);
      const values = [...context.getImageData(0, 0, SIDE, SIDE).data].filter((_, at) => at % 4 !== 3);
      const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
      const from = values.map((one) => one - mean);
      const length = Math.hypot(...from);
      return length / Math.sqrt(values.length) < FLAT ? null : from.map((one) => one / length);
    } catch {
      return null;
    }
  }
  function likeness(el, thumbnail) {
    const [width, height] = sizeOf(thumbnail);
    const [one, other] = [el, thumbnail].map((each) => width && height && colours(each, width / height));
    return one && other ? one.reduce((sum, value, at) => sum + value * other[at], 0) : null;
  }

  // Whether `el` shows what `own` shows, and none of `others`; null where nobody can tell.
  function isLike(el, own, others) {
    if (!own || !el.matches("img, video")) return null;
    const source = sourceOf(el);
    const bearers = [own, ...others].filter((one) => source && sourceOf(one) === source);
    if (bearers.length === 1) return bearers[0] === own;
    const mine = likeness(el, own);
    const best = Math.max(-1, ...others.map((one) => likeness(el, one)).filter((value) => value !== null));
    if (mine === null) return null;
    if (mine > ALIKE && mine - best > APART) return true;
    return best > ALIKE && best - mine > APART ? false : null;
  }

  parts.isLike = isLike;
})();
