// The player and its transcript: lines follow what is played, and play from where they are chosen.

export function wirePlayer() {
  const player = document.getElementById("player");
  const list = document.getElementById("transcript");
  if (player) wireFallback(player);
  if (!list) return;
  const cues = [...list.querySelectorAll(".cue")];
  const starts = cues.map((cue) => Number(cue.dataset.start));
  const ends = cues.map((cue) => Number(cue.dataset.end));
  wireKeys(list, cues);
  for (const link of document.querySelectorAll("[data-cue]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const cue = document.getElementById(link.hash.slice(1));
      cue.focus();
      cue.scrollIntoView({ block: "center" });
    });
  }
  if (!player) return;
  list.addEventListener("click", (event) => {
    const cue = event.target.closest(".cue");
    if (!cue) return;
    player.currentTime = Number(cue.dataset.start) + 0.001;
    player.play().catch(() => {}); // a browser may want another gesture: the place is found anyhow
  });
  wireFollowing(player, list, cues, starts, ends);
}

function wireFallback(player) {
  const sources = [...player.querySelectorAll("source")];
  sources.at(-1)?.addEventListener("error", () => {
    document.getElementById("player-wrong").hidden = false;
  });
  player.addEventListener("loadedmetadata", () => {
    player.toggleAttribute("data-sound-only", player.videoWidth === 0);
  });
}

function wireKeys(list, cues) {
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
  cues.forEach((cue, at) => { cue.tabIndex = at === 0 ? 0 : -1; });
  list.addEventListener("focusin", (event) => {
    const cue = event.target.closest(".cue");
    if (!cue) return;
    for (const other of list.querySelectorAll('.cue[tabindex="0"]')) other.tabIndex = -1;
    cue.tabIndex = 0;
  });
  list.addEventListener("keydown", (event) => {
    const at = cues.indexOf(event.target);
    if (at < 0 || !(event.key in steps)) return;
    event.preventDefault();
    cues[Math.min(cues.length - 1, Math.max(0, at + steps[event.key]))].focus();
  });
}

function wireFollowing(player, list, cues, starts, ends) {
  const follow = document.getElementById("follow");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let current = -1;
  const paint = () => {
    const at = spokenAt(starts, ends, player.currentTime);
    if (at === current) return;
    cues[current]?.removeAttribute("aria-current");
    current = at;
    const cue = cues[at];
    if (!cue) return;
    cue.setAttribute("aria-current", "true");
    if (!follow.checked) return;
    const row = cue.parentElement; // only the list scrolls, never the page
    const top = row.offsetTop - (list.clientHeight - row.offsetHeight) / 2;
    list.scrollTo({ top, behavior: calm.matches ? "auto" : "smooth" });
  };
  let frame = 0;
  const loop = () => {
    paint();
    frame = player.paused || player.ended ? 0 : requestAnimationFrame(loop);
  };
  player.addEventListener("play", () => { if (!frame) loop(); });
  for (const kind of ["timeupdate", "seeked"]) player.addEventListener(kind, paint);
}

// The last line that has begun, unless it is over.
export function spokenAt(starts, ends, time) {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low > 0 && time < ends[low - 1] ? low - 1 : -1;
}
