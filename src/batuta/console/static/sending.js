// A file is chosen or dropped, and sent with a form whose upload can be watched and stopped.

import { Problem, problemOf, toLogin } from "./api.js";

export function wireFile(form) {
  const input = document.getElementById("f-file");
  const drop = document.getElementById("drop");
  const name = document.getElementById("file-name");
  const clear = document.getElementById("file-clear");
  const none = [...name.childNodes].map((node) => node.cloneNode(true));
  const show = () => {
    const chosen = input.files[0];
    clear.hidden = !chosen;
    if (!chosen) return name.replaceChildren(...none.map((node) => node.cloneNode(true)));
    const said = document.createElement("bdi");
    said.textContent = chosen.name;
    name.replaceChildren(said, ` · ${size(chosen.size)}`);
  };
  input.addEventListener("change", show);
  clear.addEventListener("click", () => {
    input.value = "";
    show();
    input.focus();
  });
  for (const kind of ["dragenter", "dragover"]) {
    form.addEventListener(kind, (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      drop.classList.add("is-over");
    });
  }
  form.addEventListener("dragleave", (event) => {
    if (!form.contains(event.relatedTarget)) drop.classList.remove("is-over");
  });
  form.addEventListener("drop", (event) => {
    drop.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    show();
  });
  return input;
}

export function send(url, data) {
  const shown = document.getElementById("uploading");
  const bar = document.getElementById("uploaded");
  const text = document.getElementById("uploaded-text");
  const said = document.getElementById("uploaded-said");
  const abort = document.getElementById("abort");
  const request = new XMLHttpRequest();
  const show = (done) => {
    bar.value = done;
    text.textContent = `${Math.floor(done)} %`;
    const tenth = `${Math.floor(done / 25) * 25} % uploaded`;
    if (said.textContent !== tenth) said.textContent = tenth;
  };
  const stop = () => request.abort();
  shown.hidden = false;
  show(0);
  abort.addEventListener("click", stop);
  return new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) show((100 * event.loaded) / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status === 401) toLogin();
      if (request.status < 300) resolve(JSON.parse(request.responseText));
      else reject(problemOf(request.status, request.responseText));
    });
    request.addEventListener("error", () => reject(new Problem(0, { detail: "The upload broke off. Try it again." })));
    request.addEventListener("abort", () => {
      said.textContent = "The upload was stopped";
      reject(new DOMException("stopped", "AbortError"));
    });
    request.addEventListener("loadend", () => {
      abort.removeEventListener("click", stop);
      if (request.status < 200 || request.status >= 300) shown.hidden = true;
    });
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.send(data);
  });
}

function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = bytes < 1 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}
