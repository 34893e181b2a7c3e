// Changes of jobs as the server sends them, each with the HTML to show.

export interface Change {
  job_id: string;
  state: string;
  html: string;
}

export const FINAL = new Set(["SUCCEEDED", "FAILED", "CANCELLED"]);

/** Calls back for each change until the page is left; the browser reconnects by itself. */
export function follow(address: string, changed: (change: Change) => void): EventSource {
  const source = new EventSource(address);
  source.addEventListener("job", (event) => changed(JSON.parse((event as MessageEvent<string>).data) as Change));
  addEventListener("pagehide", () => source.close());
  return source;
}

export function fromHtml(html: string): HTMLElement {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild as HTMLElement;
}
