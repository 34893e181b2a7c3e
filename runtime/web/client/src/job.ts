// The page of a job at work: progress and words appear as they come.
import { announce, one, maybe } from "./dom";
import { follow, fromHtml } from "./live";

const PARTIAL_EVERY_MS = 3000;

export function startJob(): void {
  const page = one("[data-job]");
  if (page.dataset["ended"] === "true") return;
  const progress = one("[data-progress]");
  const partial = maybe("[data-partial]");
  let fetchedAt = -Infinity;

  const source = follow(`/data/events/${page.dataset["job"]}`, (change) => {
    if (change.state === "SUCCEEDED") {
      source.close();
      announce("Ready");
      location.reload();
      return;
    }
    progress.replaceChildren(fromHtml(change.html));
    if (change.state === "FAILED" || change.state === "CANCELLED") {
      source.close();
      partial?.closest("aside")?.remove();
    } else if (partial && performance.now() - fetchedAt > PARTIAL_EVERY_MS) {
      fetchedAt = performance.now();
      void showPartial(partial);
    }
  });
  if (partial) void showPartial(partial);
}

async function showPartial(into: HTMLElement): Promise<void> {
  const answer = await fetch(into.dataset["partial"] ?? "", { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) return;
  const aside = into.closest("aside");
  if (aside) aside.hidden = answer.status === 204;
  const atEnd = into.scrollHeight - into.scrollTop - into.clientHeight < 40;
  into.innerHTML = await answer.text();
  if (atEnd) into.scrollTop = into.scrollHeight;
}
