// The first page: drop, pick, paste or link recordings; the list changes by itself.
import { all, announce, maybe, one } from "../dom";
import { FINAL, follow, fromHtml, type Change } from "../live";
import { keepChosen, startChoosing } from "./chosen";
import { importLink } from "./import";
import { problemOf } from "./rules";
import { Uploads } from "./uploads";

export function startHome(): void {
  const uploads = new Uploads(one("[data-uploads]"), options);
  const drop = one("[data-drop]");
  const input = one<HTMLInputElement>("[data-files]");
  input.addEventListener("change", () => {
    add(uploads, input.files);
    input.value = "";
  });
  let depth = 0;
  addEventListener("dragenter", () => drop.classList.toggle("over", (depth += 1) > 0));
  addEventListener("dragleave", () => drop.classList.toggle("over", (depth -= 1) > 0));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    drop.classList.remove("over");
    add(uploads, event.dataTransfer?.files ?? null);
  });
  addEventListener("paste", (event) => {
    const files = event.clipboardData?.files;
    if (files?.length) add(uploads, files);
  });
  maybe<HTMLFormElement>("[data-link-form]")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const field = one<HTMLInputElement>("#link");
    if (field.value && field.reportValidity()) void importLink(field, options());
  });
  one("[data-options]").addEventListener("input", summarizeOptions);
  one("[data-options]").addEventListener("submit", (event) => event.preventDefault());
  startChoosing();
  follow("/data/events", showChange);
}

function add(uploads: Uploads, files: FileList | null): void {
  for (const file of files ?? []) {
    const problem = problemOf(file);
    if (problem) uploads.refuse(file, problem);
    else uploads.add(file);
  }
}

function options(): Record<string, unknown> {
  const form = new FormData(one<HTMLFormElement>("[data-options]"));
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const names = text("names").split(",").map((name) => name.trim()).filter(Boolean);
  const speakers = Number(text("speakers"));
  return {
    ...(text("language") && { language: [text("language")] }),
    ...(speakers && { min_speakers: speakers, max_speakers: speakers }),
    ...(names.length && { vocabulary: names }),
    ...(text("quality") && { quality: text("quality") }),
  };
}

function summarizeOptions(): void {
  const chosen = all<HTMLSelectElement>("[data-options] select")
    .filter((select) => select.value)
    .map((select) => select.selectedOptions[0]?.textContent + (select.name === "speakers" ? " speakers" : ""));
  if (one<HTMLInputElement>("[data-options] input").value.trim()) chosen.push("names known");
  one("[data-options-summary]").textContent = chosen.join(", ") || "language and number of speakers are recognised";
}

function showChange(change: Change): void {
  const row = fromHtml(change.html);
  const present = document.getElementById(row.id);
  const list = maybe(".rows");
  if (present) {
    if (present.dataset["state"] !== change.state && FINAL.has(change.state)) {
      announce(`${one("h3", row).textContent}: ${one(".chip", row).textContent?.trim()}`);
    }
    const focused = present.contains(document.activeElement);
    keepChosen(present, row);
    present.replaceWith(row);
    if (focused) maybe("a", row)?.focus();
  } else if (list && !FINAL.has(change.state) && !new URLSearchParams(location.search).get("q")) {
    list.hidden = false;
    maybe("[data-teach]")?.remove();
    list.prepend(row);
  }
}
