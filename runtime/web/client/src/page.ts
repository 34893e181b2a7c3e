// What every page does: theme, menus, dialogs, printing.
import { all, maybe, one } from "./dom";

export function startPage(): void {
  for (const toggle of all("[data-theme-toggle]")) toggle.addEventListener("click", changeTheme);
  document.addEventListener("click", (event) => closeMenus(event.target as Node));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus(null);
  });
  document.addEventListener("click", (event) => {
    const opener = (event.target as Element).closest<HTMLElement>("[data-open]");
    if (opener) one<HTMLDialogElement>(opener.dataset["open"] ?? "").showModal();
  });
  // A recording of sound alone has no picture; its mark shows instead.
  const noPicture = ({ target }: Event) => {
    if (!(target instanceof HTMLImageElement)) return;
    if (target.closest(".thumb")) target.remove();
    if (target.closest(".strip")) target.classList.add("missing");
  };
  document.addEventListener("error", noPicture, true);
  maybe("[data-print]")?.addEventListener("click", () => window.print());
}

function changeTheme(): void {
  const root = document.documentElement;
  const dark = root.dataset["theme"]
    ? root.dataset["theme"] === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = dark ? "light" : "dark";
  root.dataset["theme"] = theme;
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  document.dispatchEvent(new Event("themechange"));
}

function closeMenus(clicked: Node | null): void {
  for (const menu of all<HTMLDetailsElement>("[data-menu][open]")) {
    if (clicked && menu.contains(clicked) && !(clicked as Element).closest?.("a, [data-open]")) continue;
    const focused = menu.contains(document.activeElement);
    menu.open = false;
    if (focused && !clicked) maybe("summary", menu)?.focus();
  }
}
