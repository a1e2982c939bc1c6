// The page of one job, of captions or a batch of transcripts: told of every event while the job goes on, and made anew at its end.

import { sendJson } from "./api.js";
import { clearWrong, optionsOf, showWrong } from "./forms.js";
import { refresh } from "./live.js";

const PAUSE_MS = 700;
const ALONE_MS = 5000;
const CALM = 4;
const ENDS = ["job.completed", "job.failed", "job.cancelled"];
const KINDS = [...ENDS, "job.retried", "stage.started", "stage.waiting", "stage.submitted", "stage.progress", "stage.stalled", "stage.completed", "stage.failed"];

export function wireJob() {
  const job = document.getElementById("job");
  if (!job) return;
  document.addEventListener("batuta:changed", () => location.reload());
  wireRetry();
  if (job.dataset.final !== "true") follow(job, () => location.reload());
}

// Keeps the page up to date until the job is over; then `over` is called, once.
export function follow(job, over) {
  let source = null;
  const said = document.getElementById("said");
  let seen = Number(job.dataset.seq);
  let waiting = 0;
  let working = false;
  let pause = PAUSE_MS;
  let done = false;
  const paint = async () => {
    if (working || done) return;
    working = true;
    const begun = performance.now();
    try {
      const fresh = await refresh();
      if (fresh.getElementById(job.id)?.dataset.final === "true") ended();
    } catch {
      // the next event or the next look tries again
    }
    pause = Math.max(PAUSE_MS, CALM * (performance.now() - begun)); // a long page is not asked for all the time
    working = false;
  };
  const soon = () => {
    waiting ||= setTimeout(() => {
      waiting = 0;
      paint();
    }, pause);
  };
  const ended = () => {
    if (done) return;
    done = true;
    source?.close();
    clearInterval(alone);
    document.removeEventListener("visibilitychange", listen);
    over();
  };
  const told = (event) => {
    const happened = JSON.parse(event.data);
    if (happened.seq <= seen) return;
    seen = happened.seq;
    if (ENDS.includes(event.type)) return ended();
    if (event.type === "stage.progress") moveBar(happened);
    say(said, event.type, happened);
    soon();
  };
  // A page nobody sees holds no connection: browsers allow six for all tabs together.
  const listen = () => {
    source?.close();
    source = null;
    if (document.hidden || done) return;
    source = new EventSource(job.dataset.events);
    for (const kind of KINDS) source.addEventListener(kind, told);
  };
  listen();
  document.addEventListener("visibilitychange", listen);
  // Where events cannot be had (a proxy that holds them back), the page is looked at now and then.
  const alone = setInterval(() => { if (!document.hidden) soon(); }, ALONE_MS);
  addEventListener("pagehide", () => source?.close());
}

function moveBar(happened) {
  const stage = document.querySelector(`[data-stage="${CSS.escape(happened.stage || "")}"]`);
  const bar = stage?.querySelector("progress");
  if (!bar) return;
  bar.value = happened.progress;
  stage.querySelector(".stage-word").textContent = `${Math.floor(happened.progress)} %`;
}

// For those who listen: each stage's beginning and end, and each quarter on the way.
function say(said, kind, { stage, progress }) {
  const name = document.querySelector(`[data-stage="${CSS.escape(stage || "")}"] .stage-name`)?.textContent || "";
  const quarter = Math.floor(progress / 25) * 25;
  const words = { "stage.progress": quarter > 0 && `has done ${quarter} %`, "stage.started": "begins", "stage.completed": "is done", "stage.stalled": "has not moved for a while", "stage.failed": "failed" };
  const sentence = `${name} ${words[kind]}`;
  if (words[kind] && said.textContent !== sentence) said.textContent = sentence;
}

function wireRetry() {
  const form = document.getElementById("retry");
  if (!form) return;
  const above = form.querySelector("[data-form-wrong]");
  const before = optionsOf(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearWrong(form, above);
    const after = optionsOf(form);
    const overrides = Object.fromEntries(Object.entries(after).filter(([name, value]) => value !== before[name]));
    const unset = Object.keys(overrides).find((name) => overrides[name] === null);
    if (unset) return showWrong(form, above, `${unset}: A job keeps this once it has it; start a new job without it`);
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await sendJson(form.dataset.url, { from: form.elements.from.value || null, overrides });
      location.reload();
    } catch (problem) {
      button.disabled = false;
      showWrong(form, above, problem.message);
    }
  });
}
