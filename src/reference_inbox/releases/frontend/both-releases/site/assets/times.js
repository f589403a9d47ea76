// Times as people read them, in the language of their browser.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const near = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const far = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const whole = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

const sameDay = (one, other) => one.toDateString() === other.toDateString();

export const timeOf = (iso) => clock.format(new Date(iso));
export const dayOf = (iso) => whole.format(new Date(iso));

export function short(iso) {
  const when = new Date(iso);
  const now = new Date();
  if (sameDay(when, now)) return clock.format(when);
  return (when.getFullYear() === now.getFullYear() ? near : far).format(when);
}

export function dateAndTime(iso) {
  return `${far.format(new Date(iso))}, ${timeOf(iso)}`;
}
