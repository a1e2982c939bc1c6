// Asks the API. What goes wrong comes as a Problem (RFC 9457), whatever it was.

export const captions = document.body.dataset.apiCaptions;

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || "Something went wrong");
    this.status = status;
    this.code = body.code || "";
  }
}

export function problemOf(status, text) {
  try {
    return new Problem(status, JSON.parse(text));
  } catch {
    return new Problem(status, { detail: `The server answered ${status}` });
  }
}

export function toLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

export async function ask(url, options = {}) {
  let answer;
  try {
    answer = await fetch(url, { ...options, headers: { Accept: "application/json", ...options.headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "The server does not answer. Is it running?" });
  }
  if (answer.status === 401 && !location.pathname.startsWith("/login")) toLogin();
  if (!answer.ok) throw problemOf(answer.status, await answer.text());
  return answer.status === 204 ? null : answer.json();
}

export function sendJson(url, body, method = "POST") {
  return ask(url, { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
}
