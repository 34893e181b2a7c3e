// htmx filters and pages the list and renews figures.
import htmx from "htmx.org";
import { csrfToken } from "./dom";

document.body.addEventListener("htmx:configRequest", (event) => {
  const { headers } = (event as CustomEvent<{ headers: Record<string, string> }>).detail;
  headers["X-CSRF-Token"] = csrfToken();
});
htmx.process(document.body);
