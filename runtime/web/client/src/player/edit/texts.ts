// Titles of chapters and sentences of the summary on the page, by the service's indexes.
import { all, maybe } from "../../dom";
import type { Controls } from "../controls";
import type { PlayerData } from "../data";
import type { Timeline } from "../timeline";
import type { Transcript } from "../transcript";

export type TextPlace = { chapter: number } | { section: number; item: number };
export type TextChange =
  | { kind: "change_chapter"; chapter: number; text: string }
  | { kind: "change_summary"; section: number; item: number; text: string };

/** A sentence of the summary; `text` is null for a removed one. */
export interface Sentence {
  section: number;
  item: number;
  text: string | null;
}

export class Texts {
  #sentences: Sentence[] | null = null;

  constructor(
    private readonly data: PlayerData,
    private readonly transcript: Transcript,
    private readonly timeline: Timeline,
    private readonly controls: Controls,
  ) {}

  /** Whether the places of sentences are known. */
  get known(): boolean {
    return this.#sentences !== null;
  }

  load(sentences: Sentence[]): void {
    const first = !this.#sentences;
    this.#sentences = sentences.map((each) => ({ ...each }));
    if (first) this.matchPage();
  }

  /** Finds which sentence each one on the page is; one that is not found cannot be edited. */
  matchPage(): void {
    const shown = all("[data-sentence]");
    const present = (this.#sentences ?? []).filter(({ text }) => text !== null);
    let from = 0;
    shown.forEach((element, index) => {
      const text = sentenceIn(element)?.textContent?.trim();
      // Published results leave out sentences whose words are deleted.
      const at = present.length === shown.length ? index : present.findIndex((each, place) => place >= from && each.text === text);
      const found = present[at];
      element.dataset["sentence"] = found ? `${found.section}.${found.item}` : "";
      from = found ? at + 1 : from;
    });
  }

  /** The place of a text that is on the page; null if it is not known. */
  placeOf(element: Element): TextPlace | null {
    const chapter = element.closest<HTMLElement>(".chapters [data-chapter]");
    if (chapter) return { chapter: Number(chapter.dataset["chapter"]) };
    const [section, item] = (element.closest<HTMLElement>("[data-sentence]")?.dataset["sentence"] ?? "").split(".");
    return section && item ? { section: Number(section), item: Number(item) } : null;
  }

  /** The present text at a place, empty for a removed sentence; null if there is no such place. */
  text(place: TextPlace): string | null {
    if ("chapter" in place) return this.data.chapters[place.chapter]?.[2] ?? null;
    const shown = this.#shown(place);
    if (shown && !shown.hidden) return sentenceIn(shown)?.textContent?.trim() ?? "";
    const found = this.#find(place);
    return found && (found.text ?? "");
  }

  /** The element that shows a text. */
  elementOf(place: TextPlace): HTMLElement | null {
    if ("chapter" in place) return maybe(`.chapters [data-chapter="${place.chapter}"]`);
    return this.#shown(place);
  }

  /** Shows a change; returns what takes it back, or null where there is no such place. */
  put(change: TextChange): (() => void) | null {
    const before = this.text(change);
    if (before === null) return null;
    this.#show(change, change.text);
    return () => this.#show(change, before);
  }

  #show(place: TextPlace, text: string): void {
    if ("chapter" in place) {
      this.#showChapter(place.chapter, text);
      return;
    }
    const found = this.#find(place);
    if (found) found.text = text || null;
    const shown = this.#shown(place);
    if (!shown) return;
    shown.hidden = !text;
    const sentence = sentenceIn(shown);
    if (sentence && text) sentence.textContent = text;
  }

  #showChapter(index: number, text: string): void {
    const { data, transcript } = this;
    const chapter = data.chapters[index];
    if (!chapter) return;
    chapter[2] = text;
    const title = maybe(`.chapters [data-chapter="${index}"] [dir]`);
    if (title) title.textContent = text;
    transcript.paragraphs.forEach((item, paragraph) => {
      const head = maybe(".chapter-head", item);
      const start = data.turns[paragraph]?.[1] ?? 0;
      if (head && data.chapterAt((start + 1) / 1000) === index) head.textContent = text;
    });
    this.timeline.changed();
    this.controls.refresh();
  }

  #find({ section, item }: { section: number; item: number }): Sentence | null {
    return this.#sentences?.find((each) => each.section === section && each.item === item) ?? null;
  }

  #shown({ section, item }: { section: number; item: number }): HTMLElement | null {
    return maybe(`[data-sentence="${section}.${item}"]`);
  }
}

function sentenceIn(element: Element): HTMLElement | null {
  return maybe(".sentence", element);
}
