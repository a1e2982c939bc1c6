// What only works with scripts is shown where there are some, and what stands in for them is not.

export function reveal() {
  for (const found of document.querySelectorAll("[data-without-scripts]")) found.hidden = true;
  for (const found of document.querySelectorAll("[data-with-scripts]")) found.hidden = false;
}
