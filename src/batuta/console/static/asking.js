// A question (a transcript, an album) is asked without leaving the page: its address is asked for, and the answer
// takes its place.

import { toast } from "./toast.js";
import { reveal } from "./reveal.js";
import { refresh } from "./live.js";

const LIMIT_MS = 120000;
const MAKING_MS = 3600000;
const BROKEN_OFF_MS = 20000;

export function wireAsking() {
  const form = document.getElementById("ask");
  if (!form) return;
  let stop = () => {};

  async function ask(address, { body = null, keep = true, words } = {}) {
    stop(); // of two questions the later one counts
    const mine = new AbortController();
    const ended = begin(words || form.dataset.words || "Looking for it…");
    stop = () => {
      mine.abort();
      ended();
    };
    try {
      const fresh = await answered(address, body, mine.signal);
      if (!mine.signal.aborted) show(fresh, keep);
    } catch (problem) {
      if (!mine.signal.aborted) toast(wordsOf(problem), "bad");
    }
    if (!mine.signal.aborted) ended();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = new FormData(form, event.submitter);
    const making = fields.get("make") && !fields.get("tracks");
    fields.delete("make");
    if (making) ask(form.action, { body: fields, words: form.dataset.making });
    else ask(addressOf(form.action, fields));
  });
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.asks === undefined) return;
    event.preventDefault();
    const words = event.submitter?.dataset.words || event.target.dataset.words;
    ask(event.target.action, { body: new FormData(event.target, event.submitter), words });
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-asks]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (link.ariaDisabled !== "true") ask(link.href);
  });
  addEventListener("popstate", () => ask(location.href, { keep: false }));
  document.addEventListener("batuta:changed", () => ask(location.href, { keep: false }));
  waitOut();
}

function wordsOf(problem) {
  if (problem.name === "TimeoutError") return "No answer came in time. Try again.";
  return problem instanceof TypeError ? "The server does not answer. Is it running?" : problem.message;
}

function addressOf(action, fields) {
  const query = new URLSearchParams([...fields].filter(([, value]) => value.trim()));
  return `${new URL(action).pathname}?${query}`.replaceAll("%2C", ",");
}

// What is made takes longer than some keep a connection open: asked again, it joins what is under way.
async function answered(address, body, signal) {
  for (;;) {
    const begun = Date.now();
    const limit = AbortSignal.timeout(body ? MAKING_MS : LIMIT_MS);
    const options = body ? { method: "POST", body } : {};
    try {
      return await refresh(address, { ...options, signal: AbortSignal.any([signal, limit]) });
    } catch (problem) {
      if (!body || !(problem instanceof TypeError) || Date.now() - begun < BROKEN_OFF_MS) throw problem;
    }
  }
}

function begin(words) {
  const shown = document.getElementById("asking");
  const seconds = document.getElementById("asking-seconds");
  const answer = document.getElementById("answer");
  const begun = Date.now();
  const tick = () => { seconds.textContent = `${Math.round((Date.now() - begun) / 1000)} s`; };
  document.getElementById("asking-text").textContent = words;
  document.getElementById("said").textContent = words;
  seconds.textContent = "";
  answer.ariaBusy = "true";
  const appear = setTimeout(() => { shown.hidden = false; }, 150); // what is there at once needs no such word
  const ticking = setInterval(tick, 1000);
  return () => {
    clearTimeout(appear);
    clearInterval(ticking);
    shown.hidden = true;
    answer.ariaBusy = "false";
  };
}

function show(fresh, keep) {
  const answer = fresh.getElementById("answer");
  document.title = fresh.title;
  for (const field of document.querySelectorAll("#ask .field input")) field.value = fresh.getElementById(field.id)?.value ?? "";
  if (keep && answer.dataset.address) history.pushState(null, "", answer.dataset.address);
  document.getElementById("said").textContent = answer.dataset.said || "";
  reveal();
  waitOut();
  const taken = document.getElementById("answer");
  const place = taken.children.length ? taken : document.getElementById("offer");
  if (keep && place.getBoundingClientRect().top > innerHeight / 2) place.scrollIntoView();
}

// Where asking again will not help yet, the way to do so opens when it may.
function waitOut() {
  const link = document.querySelector("a[data-wait]");
  if (!link) return;
  const said = document.querySelector("[data-wait-said]");
  const until = Date.now() + 1000 * Number(link.dataset.wait);
  link.ariaDisabled = "true";
  const look = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left > 0) said.textContent = `It will not help for another ${left < 120 ? `${left} s` : `${Math.ceil(left / 60)} min`}.`;
    else {
      link.removeAttribute("aria-disabled");
      said.textContent = "";
    }
    if (left <= 0 || !link.isConnected) clearInterval(looking);
  };
  const looking = setInterval(look, 1000);
  look();
}
