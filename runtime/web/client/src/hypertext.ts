// htmx filters and pages the list and renews figures.
import htmx from "htmx.org";
import { csrfToken } from "./dom";

document.body.addEventListener("htmx:configRequest", (event) => {
  const { headers } = (event as CustomEvent<{ headers: Record<string, string> }>).detail;
  headers["X-CSRF-Token"] = csrfToken();
});
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.target as Element;
  if (!target.matches("[data-figures]") || !target.querySelector("input:focus")) return;
  (event as CustomEvent<{ shouldSwap: boolean }>).detail.shouldSwap = false;
});
htmx.process(document.body);
