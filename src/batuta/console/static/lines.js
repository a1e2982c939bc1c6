// The text of a transcript: lines that have a word in them, and all of them for the clipboard.

import { toast } from "./toast.js";

const PAUSE_MS = 120;

export function wireLines() {
  let waiting = 0;
  document.addEventListener("input", (event) => {
    if (event.target.id !== "find") return;
    clearTimeout(waiting);
    waiting = setTimeout(find, PAUSE_MS, event.target.value);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button.dataset.copy === "times");
  });
}

function find(text) {
  const wanted = folded(text.trim()).text;
  let number = 0;
  for (const line of document.querySelectorAll("#lines .line")) {
    const place = line.querySelector(".line-text");
    if (place.firstElementChild) place.textContent = place.textContent;
    const spots = wanted ? spotsOf(place.textContent, wanted) : [];
    line.hidden = wanted !== "" && spots.length === 0;
    number += spots.length > 0;
    if (spots.length) mark(place, spots);
  }
  document.getElementById("found").textContent = wanted ? `${number} ${number === 1 ? "line" : "lines"}` : "";
  const none = document.getElementById("none-found");
  if (none) none.hidden = !wanted || number > 0;
}

// Without accents and capitals; `at` says where in the original each character was.
function folded(text) {
  const characters = [];
  const at = [];
  let place = 0;
  for (const character of text) {
    for (const plain of character.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()) {
      characters.push(plain);
      at.push(...Array(plain.length).fill(place));
    }
    place += character.length;
  }
  at.push(place);
  return { text: characters.join(""), at };
}

function spotsOf(text, wanted) {
  const { text: plain, at } = folded(text);
  const spots = [];
  for (let from = plain.indexOf(wanted); from >= 0; from = plain.indexOf(wanted, from + wanted.length)) {
    spots.push([at[from], at[from + wanted.length]]);
  }
  return spots;
}

function mark(place, spots) {
  const text = place.textContent;
  const parts = [];
  let end = 0;
  for (const [from, to] of spots) {
    const marked = document.createElement("mark");
    marked.textContent = text.slice(from, to);
    parts.push(text.slice(end, from), marked);
    end = to;
  }
  place.replaceChildren(...parts, text.slice(end));
}

async function copy(withTimes) {
  const lines = [...document.querySelectorAll("#lines .line")].map((line) => {
    const text = line.querySelector(".line-text").textContent;
    return withTimes ? `${line.querySelector(".line-time").textContent} ${text}` : text;
  });
  try {
    await toClipboard(lines.join("\n"));
    toast(`Copied ${lines.length} ${lines.length === 1 ? "line" : "lines"}`);
  } catch {
    toast("This browser does not let pages copy. Download the text instead.", "bad");
  }
}

// Browsers give pages the clipboard only over https or on this machine; elsewhere the old way may still do.
async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("not allowed");
}
