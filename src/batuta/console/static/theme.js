// Before anything is painted: the colours this person chose, if other than the system's.
try {
  const chosen = localStorage.getItem("batuta-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // storage may be forbidden: the system's colours then
}
