// The switch between the system's colours, light and dark.

const NEXT = { system: "light", light: "dark", dark: "system" };
const WORDS = { system: "as the system", light: "light", dark: "dark" };

export function wireTheme() {
  const button = document.querySelector("[data-theme-toggle]");
  if (!button) return;
  const root = document.documentElement;
  const now = () => root.dataset.theme || "system";
  const name = () => {
    const words = `Colours: ${WORDS[now()]}`;
    button.setAttribute("aria-label", words);
    button.title = words;
  };
  button.addEventListener("click", () => {
    const next = NEXT[now()];
    if (next === "system") delete root.dataset.theme;
    else root.dataset.theme = next;
    try {
      localStorage.setItem("batuta-theme", next);
    } catch {
      // forbidden: the choice lasts as long as the page
    }
    name();
  });
  button.hidden = false;
  name();
}
