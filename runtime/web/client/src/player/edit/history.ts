// The revisions of a recording, the newest first: what was done, and a way back to each.
import { make, one } from "../../dom";
import { call } from "../../requests";
import type { Entry } from "./saver";

interface Revision {
  revision: number;
  action: string;
  at: number;
}

const ACTIONS: Record<string, string> = {
  undo: "Undone",
  redo: "Done again",
  restore: "Earlier revision restored",
  import: "Edited file imported",
  carry: "Carried over to a new run",
};
const FOUND: Revision = { revision: 0, action: "found", at: 0 };

const VERBS: Record<string, (edit: Record<string, unknown>) => string> = {
  rename_speaker: ({ name }) => (name ? `Speaker named ${String(name)}` : "Name taken back"),
  merge_speakers: () => "Speakers merged",
  reassign_words: () => "Words given to another speaker",
  change_word: ({ text }) => `Word changed to “${String(text)}”`,
  insert_words: ({ text }) => `“${String(text)}” added`,
  delete_word: () => "Word deleted",
  join_words: () => "Words joined",
  start_sentence: () => "Sentence begun",
  continue_sentence: () => "Sentences joined",
  change_title: ({ text }) => `Title: ${String(text)}`,
  change_chapter: ({ text }) => `Chapter: ${String(text)}`,
  change_summary: () => "Summary edited",
};
const MOST_NAMED = 3;
const MOST_LISTED = 100;

export class History {
  readonly #dialog = one<HTMLDialogElement>("#history");
  readonly #list = one("[data-revisions]");

  constructor(
    private readonly base: string,
    private readonly entries: () => Promise<Entry[]>,
    private readonly restore: (revision: number) => void,
  ) {}

  async show(): Promise<void> {
    this.#list.replaceChildren(make("li", { className: "soft", textContent: "One moment…" }));
    this.#dialog.showModal();
    try {
      const [listed, entries] = await Promise.all([
        call<{ current: number; revisions: Revision[] }>("GET", `${this.base}/revisions`),
        this.entries(),
      ]);
      const all = [FOUND, ...listed.revisions].reverse().slice(0, MOST_LISTED);
      this.#list.replaceChildren(...all.map((each) => this.#row(each, each.revision === listed.current, entries)));
    } catch (error) {
      this.#list.replaceChildren(make("li", { textContent: error instanceof Error ? error.message : "" }));
    }
  }

  #row({ revision, action, at }: Revision, current: boolean, entries: Entry[]): HTMLElement {
    // The edits of a revision have its time.
    const made = action === "edits" ? summary(entries.filter((entry) => entry.at === at)).join("; ") : "";
    const what = revision === 0 ? "As the machine found it" : made || (ACTIONS[action] ?? "Edited");
    const when = at ? new Date(at * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) : "";
    const text = make("span", {}, make("bdi", { textContent: what }), make("span", { className: "soft small", textContent: when }));
    const row = make("li", {}, make("span", { className: "number soft", textContent: String(revision) }), text);
    if (current) {
      row.append(make("span", { className: "chip", textContent: "Shown" }));
      return row;
    }
    const button = make("button", { type: "button", className: "button small", textContent: "Restore" });
    button.setAttribute("aria-label", `Restore revision ${revision}`);
    button.addEventListener("click", () => {
      this.#dialog.close();
      this.restore(revision);
    });
    row.append(button);
    return row;
  }
}

function summary(entries: Entry[]): string[] {
  const named = entries.slice(0, MOST_NAMED).map(({ edit }) => VERBS[String(edit["kind"])]?.(edit) ?? String(edit["kind"]));
  const more = entries.length - named.length;
  return more ? [...named, `${more} more`] : named;
}
