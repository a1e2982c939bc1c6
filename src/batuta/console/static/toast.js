// Short messages in the corner: errors stay until they are closed.

const STAY_MS = 4000;

export function toast(message, kind = "good") {
  const item = document.createElement("div");
  item.className = `toast toast-${kind}`;
  item.setAttribute("role", kind === "bad" ? "alert" : "status");
  const text = document.createElement("p");
  text.textContent = message;
  text.dir = "auto";
  const close = document.createElement("button");
  close.className = "button button-quiet button-icon";
  close.type = "button";
  close.textContent = "×";
  close.setAttribute("aria-label", "Close the message");
  close.addEventListener("click", () => item.remove());
  item.append(text, close);
  const all = document.getElementById("toasts");
  while (all.children.length > 3) all.firstElementChild.remove();
  all.append(item);
  if (kind !== "bad") setTimeout(() => item.remove(), STAY_MS);
}
