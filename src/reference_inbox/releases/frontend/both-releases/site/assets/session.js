// Who is signed in, kept over a reload until the token ends.

const KEY = "inbox.session";

export function current() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return kept && kept.endsAt > Date.now() ? kept : null;
  } catch {
    return null;
  }
}

export function begin(answer) {
  const kept = { token: answer.access_token, user: answer.user, endsAt: Date.now() + answer.expires_in * 1000 };
  localStorage.setItem(KEY, JSON.stringify(kept));
}

export function end() {
  localStorage.removeItem(KEY);
}
