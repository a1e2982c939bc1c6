// Shopping: what is said goes to the API as a turn that can be watched, and the page, asked for again, shows what
// came of it.

import { told } from "./frames.js";
import { refresh } from "./live.js";
import { wirePhotos } from "./photos.js";
import { reveal } from "./reveal.js";
import { toast } from "./toast.js";
import { wireVoice } from "./voice.js";

const APPEAR_MS = 150;
const LOOK_MS = 1000;
const WORDS = {
  MEDIA_PROCESSING: "Looking at what you sent…",
  REQUIREMENT_BUILDING: "Working out what you want…",
  SEARCHING: "Searching the catalogue…",
  RANKING: "Ranking what was found…",
};

export function wireShop() {
  const shop = document.getElementById("shop");
  if (!shop) return;
  const turns = document.getElementById("turns");
  const field = document.getElementById("f-message");
  let busy = false;
  let ended = Promise.resolve();
  let looking = 0;

  const address = () => (shop.dataset.session ? `/console/shop?session=${shop.dataset.session}` : "/console/shop");

  // The same request may be sent again: it is one turn, and answers as that turn did.
  function turn(request, bubble) {
    busy = true;
    ended = taken(request, bubble);
    return ended;
  }

  async function taken(request, bubble) {
    bubble.waits();
    try {
      const session = shop.dataset.session || null;
      for await (const frame of told(`${shop.dataset.url}/api/v1/chat`, { ...request, session_id: session })) {
        if (frame.type === "progress") bubble.says(WORDS[frame.data.state]);
        if (frame.type === "done") shop.dataset.session = frame.session_id;
      }
      history.replaceState(null, "", address());
      take(await refresh(address()));
      return true;
    } catch (problem) {
      const again = problem.again ?? true; // what the page itself failed with may pass
      bubble.failed(problem, again && (() => !busy && turn(request, bubble)));
      if (!again && field && !field.value) field.value = request.message;
      return false;
    } finally {
      busy = false;
      returnTo(field);
    }
  }

  function say(message, media = [], again = null) {
    const request = { message, media, user_id: shop.dataset.shopper, request_id: again || newId() };
    return turn(request, awaited(turns, message, media));
  }

  function take(fresh) {
    for (const passing of turns.querySelectorAll("[data-passing]")) passing.remove();
    for (const item of fresh.querySelectorAll("#turns > li")) {
      const known = document.getElementById(item.id);
      if (!known) turns.append(item);
      else if (known.dataset.version !== item.dataset.version) known.replaceWith(item);
    }
    document.title = fresh.title;
    reveal();
    lookAgain();
  }

  // What another tab does is seen here, too: at once where a turn is under way, otherwise on the return.
  async function look() {
    if (busy || document.hidden || !shop.dataset.session) return;
    try {
      const fresh = await refresh(address());
      if (!busy) take(fresh);
    } catch {
      lookAgain(); // the next look tries again
    }
  }
  function lookAgain() {
    clearTimeout(looking);
    if (turns.querySelector("[data-under-way]")) looking = setTimeout(look, LOOK_MS);
  }

  const photos = field && wirePhotos(shop);
  if (field) wireVoice(shop, speak);

  async function speak(recording) {
    while (busy) await ended; // what was spoken waits for its turn
    if (await say(field.value.trim(), [recording])) field.value = "";
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.dataset.says === undefined) return;
    event.preventDefault();
    if (busy) return; // a second click is the same wish
    const fields = new FormData(form, event.submitter);
    if (fields.has("compare")) return compare(fields);
    const message = (fields.get("message") || "").trim();
    const typed = form.contains(field);
    if (!typed) return say(message, [], fields.get("again"));
    if (!message && !photos.some()) return field.focus();
    busy = true;
    ended = photos.uploaded();
    const media = await ended;
    busy = false;
    if (!media) return;
    field.value = "";
    photos.clear();
    say(message, media);
  });

  async function compare(fields) {
    const picked = [...fields.keys()].filter((name) => name.startsWith("pick-")).map((name) => Number(name.slice(5))).sort((one, other) => one - other);
    const { fewest, most } = shop.dataset;
    if (picked.length < fewest || picked.length > most) return toast(`Choose ${fewest} to ${most} products to compare`, "bad");
    const done = await say(`compare ${picked.slice(0, -1).join(", ")} and ${picked.at(-1)}`);
    if (done) document.getElementById("comparison")?.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!box.matches?.(".pick input") || document.querySelectorAll(".pick input:checked").length <= shop.dataset.most) return;
    box.checked = false;
    toast(`At most ${shop.dataset.most} products can be compared`, "bad");
  });
  document.addEventListener("visibilitychange", look);
  lookAgain();
}

// What was said stands there at once; what comes of it, in its place, until the page has it.
function awaited(turns, message, media) {
  const item = document.getElementById("turn-awaited").content.firstElementChild.cloneNode(true);
  const working = item.querySelector(".theirs-working");
  const text = item.querySelector(".mine-text");
  const sent = item.querySelector(".mine-media");
  text.textContent = message;
  text.hidden = !message;
  sent.textContent = media.map((each) => (each.type === "image" ? "a photo" : "a recording")).join(", ");
  sent.hidden = !media.length;
  turns.append(item);
  let appearing = 0;
  const says = (words) => { if (words) item.querySelector("[data-words]").textContent = words; };
  return {
    says,
    waits() {
      item.querySelector(".theirs-failed")?.remove();
      says("Thinking…");
      appearing = setTimeout(() => { working.hidden = false; }, APPEAR_MS); // what is there at once needs no such word
    },
    failed(problem, again) {
      clearTimeout(appearing);
      working.hidden = true;
      const failed = document.getElementById("turn-failed").content.firstElementChild.cloneNode(true);
      failed.querySelector(".failed-title").textContent = problem.title || "Something went wrong";
      failed.querySelector(".failed-detail").textContent = problem.message;
      const button = failed.querySelector("[data-again]");
      if (again) button.addEventListener("click", again);
      else button.remove();
      item.append(failed);
    },
  };
}

// Back to the text, but not where that would open a keyboard over what was found.
function returnTo(field) {
  if (field && !matchMedia("(hover: none)").matches) field.focus({ preventScroll: true });
}

// `crypto.randomUUID` is for https only.
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
