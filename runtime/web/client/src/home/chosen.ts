// Choosing several recordings of the list, to download or delete them. The boxes themselves are the
// state, so that a list that was filtered or paged needs no bookkeeping.
import { all, one } from "../dom";

const CHOSEN = '[name="job"]:checked';

export function startChoosing(): void {
  const start = one("[data-choose]");
  const toggle = (on: boolean) => {
    document.body.classList.toggle("choosing", on);
    start.setAttribute("aria-pressed", String(on));
    one("[data-chosen]").hidden = !on;
    if (!on) for (const box of all<HTMLInputElement>(CHOSEN)) box.checked = false;
    count();
  };
  start.addEventListener("click", () => toggle(!document.body.classList.contains("choosing")));
  one("[data-choose-end]").addEventListener("click", () => {
    toggle(false);
    start.focus();
  });
  document.addEventListener("change", (event) => {
    if ((event.target as Element).matches('[name="job"]')) count();
  });
  // A pointer chooses anywhere on a row; Enter on its link still opens it.
  document.addEventListener("click", (event) => {
    const row = (event.target as Element).closest(".row");
    if (!row || !event.detail || !document.body.classList.contains("choosing")) return;
    if ((event.target as Element).matches('[name="job"]')) return;
    event.preventDefault();
    one<HTMLInputElement>('[name="job"]', row).click();
  });
  document.addEventListener("htmx:afterSwap", count);
  // After a download the page stays; after "back" a browser restores the boxes.
  toggle(all(CHOSEN).length > 0);
}

/** Keeps a row chosen that is shown anew. */
export function keepChosen(before: Element, after: Element): void {
  const box = after.querySelector<HTMLInputElement>('[name="job"]');
  if (box) box.checked = before.querySelector(CHOSEN) !== null;
}

function count(): void {
  const chosen = all(CHOSEN).length;
  const recordings = `${chosen} ${chosen === 1 ? "recording" : "recordings"}`;
  one("[data-chosen-count]").textContent = chosen ? `${chosen} chosen` : "None chosen";
  one("[data-chosen-number]").textContent = recordings;
  for (const button of all<HTMLButtonElement>("[data-chosen-act]")) button.disabled = !chosen;
}
