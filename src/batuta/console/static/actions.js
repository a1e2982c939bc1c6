// Cancel and delete: the form's own intention, carried out by the API without leaving the page.

import { ask } from "./api.js";
import { toast } from "./toast.js";

const DONE = { cancel: "Cancelled", delete: "Deleted", forget: "Forgotten, and asked for anew", save: "Saved", clear: "Everything is forgotten" };

export function wireActions() {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.dataset.logout !== undefined) {
      event.preventDefault();
      await ask(form.action, { method: "POST" }).catch((problem) => toast(problem.message, "bad"));
      location.assign("/console/");
    }
    if (!form.dataset.act) return;
    event.preventDefault();
    const button = form.querySelector("button");
    if (form.dataset.confirm && !(await confirmed(form.dataset.confirm, button.textContent))) return;
    button.disabled = true;
    try {
      await ask(form.dataset.url, { method: form.dataset.method });
      toast(DONE[form.dataset.act] || "Done");
      const list = document.querySelector("[data-list]")?.dataset.list; // the page is of what is no more
      if (form.dataset.act === "delete" && list) location.assign(list);
      else document.dispatchEvent(new Event("batuta:changed"));
    } catch (problem) {
      button.disabled = false;
      toast(problem.message, "bad");
    }
  });
}

function confirmed(question, word) {
  const dialog = document.getElementById("confirm");
  document.getElementById("confirm-question").textContent = question;
  document.getElementById("confirm-yes").textContent = word;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
