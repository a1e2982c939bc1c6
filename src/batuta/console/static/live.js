// Keeps parts of a page up to date: the same page is asked for again, and its live parts take their places.
// So what a job looks like is written in one place, on the server.

import { problemOf, toLogin } from "./api.js";
import { freshTimes } from "./times.js";

const BUSY_MS = 1500;
const CALM_MS = 3000;
const LONGEST_MS = 20000;
const LIMIT_MS = 10000;

export async function refresh(address = location.href, options = {}) {
  const answer = await fetch(address, {
    headers: { Accept: "application/xhtml+xml, application/problem+json" },
    signal: AbortSignal.timeout(LIMIT_MS),
    ...options,
  });
  if (answer.status === 401) toLogin();
  if (answer.status === 404) location.reload();
  if (!answer.ok) throw problemOf(answer.status, await answer.text());
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const newer = fresh.getElementById(part.id);
    if (newer) takePlace(part, newer);
  }
  freshTimes();
  return fresh;
}

function takePlace(old, fresh) {
  const rows = old.querySelector("[data-keyed]");
  const freshRows = fresh.querySelector("[data-keyed]");
  if (rows && freshRows) return mergeRows(rows, freshRows, old, fresh);
  if (old.innerHTML.trim() === fresh.innerHTML.trim()) return;
  keepingFocus(old, () => old.replaceChildren(...fresh.childNodes));
}

function mergeRows(rows, freshRows, old, fresh) {
  keepingFocus(old, () => {
    const known = new Map([...rows.children].map((row) => [row.dataset.key, row]));
    const wanted = [...freshRows.children].map((row) => {
      const kept = known.get(row.dataset.key);
      return kept && kept.dataset.version === row.dataset.version ? kept : row;
    });
    const same = wanted.length === rows.children.length && wanted.every((row, at) => row === rows.children[at]);
    if (!same) rows.replaceChildren(...wanted);
    const paging = old.querySelector(".paging");
    const freshPaging = fresh.querySelector(".paging");
    if (paging && freshPaging) {
      if (paging.innerHTML !== freshPaging.innerHTML) paging.replaceWith(freshPaging);
    } else if (freshPaging) old.append(freshPaging);
    else paging?.remove();
  });
}

function keepingFocus(part, change) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const name = focused?.dataset.focus;
  change();
  if (!focused || part.contains(document.activeElement)) return;
  const again = focused.isConnected ? focused : name && part.querySelector(`[data-focus="${CSS.escape(name)}"]`);
  (again || document.getElementById("main")).focus({ preventScroll: true });
}

export function wirePolling() {
  const part = document.querySelector("[data-poll]");
  if (!part) return;
  let timer = 0;
  let failures = 0;
  const calm = () => Number(part.dataset.poll) || (part.querySelector("[data-active]") ? BUSY_MS : CALM_MS);
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => poll(), Math.min(LONGEST_MS, calm() * 2 ** failures));
  };
  async function poll(address = part.dataset.from) { // what changes by itself may have an address of its own
    if (document.hidden) return;
    try {
      await refresh(address);
      failures = 0;
    } catch {
      failures = Math.min(failures + 1, 5);
    }
    part.classList.toggle("is-stale", failures > 1);
    later();
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) poll();
  });
  document.addEventListener("batuta:changed", () => poll(location.href));
  later();
}
