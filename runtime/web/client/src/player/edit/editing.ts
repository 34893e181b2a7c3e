// Correcting where one reads: double-click or keys, saved by itself, undone and restored.
import { all, announce, make, maybe, one, typing } from "../../dom";
import { call, type ApiProblem } from "../../requests";
import type { Controls } from "../controls";
import { read, type PlayerData } from "../data";
import { addKeys } from "../keyboard";
import type { Search } from "../search";
import type { Timeline } from "../timeline";
import type { Transcript } from "../transcript";
import { apply, reserve, type Revert } from "./apply";
import { described, keepsWords, movesParagraphs, type Change, type Item, type Ref } from "./changes";
import { fitted } from "./fitting";
import { History } from "./history";
import { People } from "./people";
import { Saver, type Journal, type SaveState } from "./saver";
import { SpeakerEditor } from "./speaker-editor";
import { TextEditor } from "./text-editor";
import { Texts, type Sentence } from "./texts";
import { WordEditor } from "./word-editor";
import { Words } from "./words";

export interface Parts {
  base: string;
  data: PlayerData;
  media: HTMLMediaElement;
  transcript: Transcript;
  search: Search;
  timeline: Timeline;
  controls: Controls;
}

interface Editable extends Journal {
  ids: ([number, number] | string)[];
  sentences: number[];
  summary: Sentence[];
}

const MOST_READS = 5;
const HEAR_SECONDS = 0.6;
const STATES: Record<SaveState, (count: number) => string> = {
  saved: () => "All changes saved",
  waiting: () => "Not saved yet",
  saving: () => "Saving…",
  offline: (count) => `No connection: ${count === 1 ? "1 change is" : `${count} changes are`} kept here`,
  "signed-out": () => "Signed out: sign in in another tab to save",
};

export class Editing {
  readonly #words: Words;
  readonly #people: People;
  readonly #texts: Texts;
  readonly #saver: Saver;
  readonly #word: WordEditor;
  readonly #speaker: SpeakerEditor;
  readonly #text: TextEditor;
  readonly #history: History;
  readonly #state = one("[data-edit-state]");
  readonly #undo = one<HTMLButtonElement>("[data-undo]");
  readonly #redo = one<HTMLButtonElement>("[data-redo]");
  #done: { item: Item; revert: Revert }[] = [];
  #undone: Item[] = [];
  #loading: Promise<Editable> | null = null;
  #stale = false;
  /** The revisions with the words that the page was read with. */
  #sameWords: Set<number>;

  constructor(private readonly parts: Parts) {
    const { data, transcript, search, timeline, base } = parts;
    this.#words = new Words(data, transcript, search);
    this.#people = new People(data, transcript, timeline);
    this.#texts = new Texts(data, transcript, timeline, parts.controls);
    this.#saver = new Saver(base, data.content.revision, {
      name: () => this.#name(),
      rebase: () => this.#rebase(),
      changed: (state, count) => this.#show(state, count),
      saved: (items, revision) => {
        const sameWords = items.length > 0 && items.every(keepsWords);
        if (sameWords && this.#sameWords.has(revision - 1)) this.#sameWords.add(revision);
      },
      refused: (item, problem) => this.#refused(item, problem),
      settled: () => void this.#settled(),
    });
    this.#saver.keptRevision = data.content.revision;
    this.#sameWords = new Set([data.content.revision]);
    this.#word = new WordEditor(this.#words, transcript, {
      commit: (change, was) => this.commit(change, was),
      join: (ref) => this.#join(ref),
      hear: (word) => this.#hear(word),
      doubt: (word, step) => this.#doubt(word, step),
    });
    this.#speaker = new SpeakerEditor(this.#words, this.#people, transcript, () => data.speakers, (change, was) =>
      this.commit(change, was),
    );
    this.#text = new TextEditor(this.#texts, (change, was) => this.commit(change, was));
    this.#history = new History(base, async () => (this.#saver.journal ?? (await this.#load())).entries, (revision) => this.#command(`revisions/${revision}/restore`));
    this.#listen();
    void this.#resume();
  }

  commit(change: Change, was: string): void {
    const item: Item = { change, was, made: [] };
    if (!this.#apply(item)) return;
    this.#undone = [];
    this.#saver.add(item);
    this.#showDoubts();
  }

  #apply(item: Item): boolean {
    const revert = apply(item, this.#words, this.#people, this.#texts);
    if (revert) this.#done.push({ item, revert });
    this.#stale ||= movesParagraphs(item);
    return revert !== null;
  }

  #listen(): void {
    const { transcript, data } = this.parts;
    one("[data-edit]").addEventListener("click", () => this.#toggle());
    this.#undo.addEventListener("click", () => this.#takeBack());
    this.#redo.addEventListener("click", () => this.#repeat());
    one("[data-history]").addEventListener("click", () => void this.#history.show());
    for (const button of all("[data-doubt]")) {
      button.addEventListener("click", () => this.#walk(Number(button.dataset["doubt"])));
    }
    const list = maybe("[data-paragraphs]");
    list?.addEventListener("dblclick", (event) => this.#clicked(event));
    list?.addEventListener("click", (event) => {
      const touched = (event as PointerEvent).pointerType === "touch";
      if (touched && document.body.classList.contains("editing")) this.#clicked(event);
    });
    const about = one("[data-about]");
    about.addEventListener("click", (event) => {
      if ((event.target as Element).closest("[data-edit-text]")) void this.#editText(event.target as Element);
    });
    about.addEventListener("dblclick", (event) => {
      if ((event.target as Element).closest(".sentence, .chapters a")) {
        getSelection()?.removeAllRanges();
        void this.#editText(event.target as Element);
        return;
      }
      const button = (event.target as Element).closest<HTMLElement>("[data-speaker]");
      const label = data.speakers[Number(button?.dataset["speaker"] ?? -1)]?.id;
      const [first] = label ? this.#people.paragraphsOf(label) : [];
      if (first === undefined) return;
      transcript.reveal(first);
      this.#editSpeaker(first);
    });
    addKeys({
      e: () => this.#editWord(transcript.wordToEdit(transcript.chosen)),
      r: () => this.#editSpeaker(transcript.chosen),
      d: () => this.#walk(1),
      D: () => this.#walk(-1),
      h: () => void this.#history.show(),
    });
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || typing(event.target) || document.querySelector("dialog[open]")) return;
      const key = event.key.toLowerCase();
      if (key !== "z" && key !== "y") return;
      event.preventDefault();
      if (key === "y" || event.shiftKey) this.#repeat();
      else this.#takeBack();
    });
  }

  #clicked(event: MouseEvent): void {
    const { paragraph, word } = this.parts.transcript.clicked;
    if (word !== null) {
      getSelection()?.removeAllRanges();
      this.#editWord(word);
    } else if (paragraph >= 0 && (event.target as Element).closest(".who, .stamp")) {
      event.preventDefault();
      this.#editSpeaker(paragraph);
    }
  }

  #toggle(on = !document.body.classList.contains("editing")): void {
    document.body.classList.toggle("editing", on);
    one("[data-edit]").setAttribute("aria-pressed", String(on));
    one("[data-edit-bar]").hidden = !on;
    this.#words.show(on);
    this.#showDoubts();
    if (on) void this.#load().catch(() => undefined);
  }

  #editWord(word: number): void {
    this.#toggle(true);
    this.#word.show(word);
  }

  #editSpeaker(paragraph: number): void {
    this.#toggle(true);
    this.#speaker.show(paragraph);
  }

  async #editText(element: Element): Promise<void> {
    this.#toggle(true);
    try {
      if (!this.#texts.known && !(await this.#name())) await this.#rebase();
    } catch {
      // Titles need no places; sentences wait for a connection.
    }
    const place = this.#texts.placeOf(element);
    if (place) this.#text.show(place);
    else announce("This cannot be edited now");
  }

  // Doubtful words

  #walk(step: number): void {
    this.#toggle(true);
    const { data, media } = this.parts;
    const from = data.wordAt(media.currentTime * 1000);
    const next = this.#doubt(step > 0 ? from - 1 : from, step);
    if (next >= 0) this.#word.show(next, true);
    else announce("No doubtful word is left");
  }

  #doubt(word: number, step: number): number {
    const doubts = this.#words.doubts();
    const later = doubts.find((each) => each > word) ?? doubts[0];
    const earlier = doubts.filter((each) => each < word).at(-1) ?? doubts.at(-1);
    return (step > 0 ? later : earlier) ?? -1;
  }

  #showDoubts(): void {
    const count = this.#words.doubts().length;
    one("[data-doubt-count]").textContent = count === 1 ? "1 doubtful word" : `${count} doubtful words`;
    for (const button of all<HTMLButtonElement>("[data-doubt]")) button.disabled = !count;
    const { journal } = this.#saver;
    this.#undo.disabled = !this.#done.length && !journal?.can_undo;
    this.#redo.disabled = !this.#undone.length && !journal?.can_redo;
  }

  #hear(word: number): void {
    const { data, media, controls } = this.parts;
    const until = (data.ends[word] ?? 0) / 1000 + HEAR_SECONDS;
    controls.seek(Math.max(0, (data.starts[word] ?? 0) / 1000 - HEAR_SECONDS), true);
    const stop = () => {
      if (media.currentTime < until && !media.paused) return;
      media.pause();
      media.removeEventListener("timeupdate", stop);
    };
    media.addEventListener("timeupdate", stop);
  }

  async #join(ref: Ref): Promise<void> {
    const next = this.#words.ref(this.#words.indexOf(ref) + 1);
    if (!next) return;
    if (!this.#words.named) await this.#name().catch(() => false);
    if (this.#words.beginsSentence(next)) this.commit({ kind: "continue_sentence", word: next }, "");
    this.commit({ kind: "join_words", word: ref }, this.#words.text(ref));
  }

  // Undo and redo

  #takeBack(): void {
    const last = this.#done.pop();
    last?.revert();
    if (last) {
      this.#undone.push(last.item);
      this.#stale ||= movesParagraphs(last.item);
    } else {
      this.#stale = true;
    }
    if (!last || !this.#saver.drop(last.item)) this.#saver.add("edits/undo");
    this.#showDoubts();
    announce(last ? `Undone: ${described(last.item)}` : "Undone");
  }

  #repeat(): void {
    const item = this.#undone.pop();
    const sent = this.#saver.journal?.can_redo || this.#saver.waits("edits/undo");
    if (!item) this.#stale = true;
    else if (!this.#apply(item)) return;
    if (item && !sent) this.#saver.add(item);
    else this.#saver.add("edits/redo");
    this.#showDoubts();
  }

  #command(command: string): void {
    this.#forgetSteps();
    this.#stale = true;
    this.#saver.add(command);
  }

  #forgetSteps(): void {
    this.#done = [];
    this.#undone = [];
  }

  // The service

  #load(): Promise<Editable> {
    this.#loading ??= call<Editable>("GET", `${this.parts.base}/edits`).then(
      (editable) => {
        this.#saver.journal ??= editable;
        this.#showDoubts();
        return editable;
      },
      (error: unknown) => {
        this.#loading = null;
        throw error;
      },
    );
    return this.#loading;
  }

  async #name(): Promise<boolean> {
    if (this.#words.named) return true;
    const editable = await this.#load();
    if (!this.#sameWords.has(editable.revision)) return false;
    this.#words.name(editable.ids, editable.sentences);
    this.#texts.load(editable.summary);
    this.#saver.keep();
    return true;
  }

  /** Shows the present revision, and what is not saved on top of it. */
  async #rebase(): Promise<void> {
    const { items } = this.#saver;
    const before = this.#saver.keptRevision;
    await this.#refresh();
    announce("Someone changed this recording meanwhile. You see the present state.", false);
    this.#place(items, before);
  }

  async #refresh(): Promise<void> {
    const { base, data, search, transcript, timeline } = this.parts;
    const html = (part: string) => call<string>("GET", `${base}/parts/${part}`, undefined, { accept: "text/html" }, true);
    for (let tries = 0; ; tries += 1) {
      this.#loading = null;
      const [content, editable, paragraphs] = await Promise.all([
        read(`${base}/player.json`),
        this.#load(),
        html("transcript"),
      ]);
      if (content.revision !== editable.revision) {
        // Someone published between the two.
        if (tries === MOST_READS) throw new Error("The recording changes faster than it can be read");
        continue;
      }
      this.#forgetSteps();
      data.load(content);
      transcript.replace(paragraphs);
      search.changed();
      timeline.changed();
      this.#words.load();
      this.#words.name(editable.ids, editable.sentences);
      this.#texts.load(editable.summary);
      this.#saver.journal = editable;
      this.#saver.revision = this.#saver.keptRevision = content.revision;
      this.#sameWords = new Set([content.revision]);
      break;
    }
    this.#stale = false;
    await this.#about();
    this.#showDoubts();
  }

  #place(items: Item[], revision: number): void {
    reserve(items.flatMap(({ made }) => made));
    const kept: Item[] = [];
    for (const item of items) {
      const result = fitted(item, this.#words, this.#people, this.#texts, revision === this.#saver.keptRevision);
      if (result === "made") continue;
      if ("theirs" in result) this.#ask(item, result.theirs, result.change);
      else if (this.#apply(result.item)) kept.push(result.item);
      else this.#ask(item, "", null);
    }
    this.#saver.items = kept;
    if (kept.length) this.#saver.wake();
    this.#showDoubts();
  }

  async #resume(): Promise<void> {
    const kept = this.#saver.kept();
    if (kept?.items.length) {
      this.#toggle(true);
      try {
        if (!(await this.#name())) await this.#refresh();
      } catch {
        // Without a connection the places of words are enough.
      }
      this.#place(kept.items, kept.revision);
      announce("Changes that were not saved are here again");
    }
    document.body.dataset["editable"] = "";
  }

  async #settled(): Promise<void> {
    if (this.#word.open || this.#speaker.open || this.#text.open) return;
    try {
      if (this.#stale) await this.#refresh();
      else await this.#about();
    } catch {
      // The page shows the changes; what stands beside the transcript follows with the next one.
    }
  }

  /** Renews what stands beside the transcript, and the captions. */
  async #about(): Promise<void> {
    const { base, media } = this.parts;
    const about = one("[data-about]");
    const html = await call<string>("GET", `${base}/parts/about`, undefined, { accept: "text/html" }, true);
    if (!about.contains(document.activeElement)) {
      about.innerHTML = html;
      this.#texts.matchPage();
    }
    for (const track of all<HTMLTrackElement>("track", media)) {
      track.src = `${track.src.split("?")[0]}?revision=${this.#saver.revision}`;
    }
  }

  // What a person sees

  #show(state: SaveState, count: number): void {
    this.#state.textContent = STATES[state](count);
    this.#state.dataset["editState"] = state;
    this.#showDoubts();
  }

  #refused(item: Item | null, problem: ApiProblem): void {
    const what = item ? `${described(item)}: ` : "";
    this.#conflict(`Not saved, ${what}${problem.message} ${problem.remedy}`);
  }

  /** Someone else changed the same: shows both, and asks. */
  #ask(item: Item, theirs: string, change: Change | null): void {
    const both = theirs ? `“${item.was}” is “${theirs}” by now.` : "What it changes is gone by now.";
    const mine = change ? () => this.commit(change, theirs) : null;
    this.#conflict(`Someone else was faster. ${both} Yours: ${described(item)}.`, mine);
  }

  #conflict(text: string, mine: (() => void) | null = null): void {
    const list = one("[data-conflicts]");
    const row = make("li", {}, make("bdi", { textContent: text }));
    const button = (label: string, act: () => void) => {
      const made = make("button", { type: "button", className: "button small", textContent: label });
      made.addEventListener("click", () => {
        row.remove();
        list.hidden = !list.childElementCount;
        act();
      });
      row.append(made);
    };
    if (mine) button("Use mine", mine);
    button(mine ? "Keep theirs" : "Dismiss", () => undefined);
    this.#toggle(true);
    list.append(row);
    list.hidden = false;
    announce(text, false);
  }
}
