// The documentation: operations that have all words of a question, and links that open what they lead to.

export function wireDocs() {
  const docs = document.getElementById("docs");
  if (!docs) return;
  const field = document.getElementById("docs-find");
  const entries = [...docs.querySelectorAll("[data-entry]")].map((entry) => ({
    entry,
    text: [...entry.querySelectorAll("[data-word]")].map((word) => word.textContent).join("\n").toLowerCase(),
  }));
  const find = () => show(docs, entries, field.value.toLowerCase().split(/\s+/).filter(Boolean));
  const follow = (hash) => {
    const place = document.getElementById(hash.slice(1));
    if (!place || !docs.contains(place)) return;
    if (place.closest("[hidden]")) {
      field.value = "";
      find();
    }
    const entry = place.closest("[data-entry]");
    if (entry) entry.open = true;
  };
  field.addEventListener("input", find);
  docs.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link) follow(link.hash);
  });
  addEventListener("hashchange", () => follow(location.hash));
  if (field.value) find(); // the browser came back, and remembers it
  follow(location.hash);
}

function show(docs, entries, words) {
  let operations = 0;
  let any = false;
  for (const { entry, text } of entries) {
    entry.hidden = !words.every((word) => text.includes(word));
    any ||= !entry.hidden;
    operations += !entry.hidden && entry.dataset.entry === "operation";
  }
  for (const group of docs.querySelectorAll(".docs-group")) {
    group.hidden = !group.querySelector("[data-entry]:not([hidden])");
  }
  document.getElementById("docs-none").hidden = any;
  const found = document.getElementById("docs-found");
  found.textContent = words.length ? `${operations} ${operations === 1 ? "operation" : "operations"}` : "";
}
