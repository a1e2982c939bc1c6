// The page of one dub: followed while it is made; the player with its two sounds; clips; lines said otherwise.

import { sendJson } from "./api.js";
import { clearWrong, showWrong } from "./forms.js";
import { follow } from "./job.js";
import { refresh } from "./live.js";
import { spokenAt } from "./player.js";
import { reveal } from "./reveal.js";
import { toast } from "./toast.js";

const WAIT_MS = 1000;

export function wireDub() {
  const dub = document.getElementById("dub");
  if (!dub) return;
  if (dub.dataset.waits !== undefined) return untilItBegins();
  const player = wirePlayer();
  wireClips();
  wireAgain();
  const made = () => {
    reveal();
    player();
  };
  const take = (fresh) => {
    Object.assign(dub.dataset, { ...fresh.getElementById("dub").dataset });
    made();
    if (dub.dataset.final !== "true") goOn();
  };
  const again = async () => {
    try {
      take(await refresh());
    } catch (problem) {
      toast(problem.message, "bad");
    }
  };
  let following = false;
  const goOn = () => {
    if (following) return;
    following = true;
    follow(dub, () => {
      following = false;
      again();
    });
  };
  wireLines(again);
  document.addEventListener("batuta:changed", again);
  made();
  if (dub.dataset.final !== "true") goOn();
}

// Taken in, but not yet begun: a moment, or until the gateway elsewhere says so.
function untilItBegins() {
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const fresh = await refresh();
      if (fresh.getElementById("dub")?.dataset.waits === undefined) location.reload();
    } catch {
      // the next look tries again
    }
  }, WAIT_MS);
}

// The player, whenever there is a new one: it goes on where the old one was, with the sound that was chosen.
function wirePlayer() {
  const place = { time: 0, heard: "dubbed" };
  let known = null;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-seek]");
    if (!link || !known?.isConnected) return;
    event.preventDefault();
    known.currentTime = Number(link.dataset.seek) + 0.001;
    known.play().catch(() => {}); // a browser may want another gesture: the place is found anyhow
  });
  return () => {
    const player = document.getElementById("dub-player");
    if (!player || player === known) return;
    known = player;
    const wrong = document.getElementById("dub-player-wrong");
    const tracks = document.getElementById("tracks");
    const hear = (which, time, plays) => {
      place.heard = which;
      wrong.hidden = true;
      player.src = player.dataset[which];
      player.currentTime = time;
      if (plays) player.play().catch(() => {});
    };
    tracks?.addEventListener("change", (event) => hear(event.target.value, player.currentTime, !player.paused));
    player.addEventListener("error", () => { wrong.hidden = false; });
    player.addEventListener("timeupdate", () => {
      place.time = player.currentTime;
      mark(player.currentTime);
    });
    const old = { ...place };
    if (old.heard === "original" && player.dataset.original) {
      tracks.querySelector('[value="original"]').checked = true;
      hear("original", old.time, false);
    } else if (old.time) player.currentTime = old.time;
  };
}

function mark(time) {
  const rows = [...document.querySelectorAll(".said-line")];
  const at = spokenAt(rows.map((row) => Number(row.dataset.start)), rows.map((row) => Number(row.dataset.end)), time);
  rows.forEach((row, place) => {
    if (place === at) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  });
}

function wireClips() {
  const sound = new Audio();
  let link = null;
  const word = (said) => {
    const place = link?.querySelector("[data-clip-word]");
    if (place) place.textContent = said;
  };
  const stop = () => {
    sound.pause();
    word("Play");
    link = null;
  };
  sound.addEventListener("ended", stop);
  sound.addEventListener("error", () => {
    if (link) toast("This clip cannot be played: it is no longer kept, or this browser does not know its kind.", "bad");
    stop();
  });
  document.addEventListener("click", (event) => {
    const clicked = event.target.closest("a[data-clip]");
    if (!clicked || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const same = clicked === link;
    stop();
    if (same) return;
    link = clicked;
    document.getElementById("dub-player")?.pause();
    sound.src = link.href;
    word("Stop");
    sound.play().catch(() => {}); // what is wrong comes as an error of the sound
  });
}

// A line is said otherwise: what is wrong is told at the line, and what was typed stays.
function wireLines(changed) {
  const close = (form) => {
    const fold = form.closest("details");
    fold.open = false;
    fold.querySelector("summary").focus();
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.dataset.line === undefined) return;
    event.preventDefault();
    const area = form.querySelector("textarea");
    const wrong = form.querySelector(".wrong");
    const button = form.querySelector("button");
    const text = area.value.trim();
    const tell = (message) => {
      wrong.textContent = message;
      wrong.hidden = !message;
      area.setAttribute("aria-invalid", message ? "true" : "false");
    };
    tell("");
    if (!text) return tell("Type what it shall say");
    if (text === area.defaultValue.trim()) return close(form);
    button.disabled = true;
    try {
      await sendJson(form.dataset.url, { text }, "PATCH");
      toast(`Line ${form.dataset.line} is being said anew`);
      close(form);
      await changed();
    } catch (problem) {
      tell(problem.message);
      area.focus();
    }
    button.disabled = false;
  });
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.("form[data-line]");
    if (!form) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    if (event.key === "Escape") close(form);
  });
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.(".said-edit[open]") && document.activeElement === event.target.querySelector("summary")) {
      event.target.querySelector("textarea").focus();
    }
  }, true);
}

function wireAgain() {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.id !== "dub-again") return;
    event.preventDefault();
    const above = form.querySelector("[data-form-wrong]");
    const button = form.querySelector("button");
    clearWrong(form, above);
    button.disabled = true;
    try {
      await sendJson(form.dataset.url, { from: form.elements.from.value || null });
      document.dispatchEvent(new Event("batuta:changed"));
    } catch (problem) {
      button.disabled = false;
      showWrong(form, above, problem.message);
    }
  });
}
