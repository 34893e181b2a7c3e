// Search in the transcript: marks all hits, goes from one to the next, and shows them on the timeline.
import { one } from "../dom";
import { mark, range, unmark } from "./highlights";
import type { Timeline } from "./timeline";
import type { Transcript } from "./transcript";

const MOST_HITS = 2000;
const WAIT_MS = 90;

interface Hit {
  paragraph: number;
  offset: number;
}

export class Search {
  readonly #field = one<HTMLInputElement>("#find");
  readonly #count = one("[data-search-count]");
  #folded: string[] = [];
  #hits: Hit[] = [];
  #current = -1;
  #timer = 0;

  constructor(
    private readonly transcript: Transcript,
    private readonly timeline: Timeline,
  ) {
    this.changed();
    this.#field.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#find(), WAIT_MS);
    });
    one("[data-search]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.go(1);
    });
    this.#field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.shiftKey) {
        event.preventDefault();
        this.go(-1);
      }
      if (event.key === "Escape") {
        this.#field.value = "";
        this.#find();
        this.#field.blur();
      }
    });
  }

  /** Reads the texts again, or that of one paragraph, and keeps what is searched. */
  changed(paragraph?: number): void {
    const { texts } = this.transcript;
    if (paragraph === undefined) this.#folded = texts.map((text) => fold(text.data));
    else this.#folded[paragraph] = fold(texts[paragraph]?.data ?? "");
    if (!this.#field.value.trim()) return;
    const wanted = fold(this.#field.value.trim());
    this.#hits = this.#all(wanted);
    mark("found", this.#hits.map((hit) => this.#range(hit)), 1);
    this.#current = Math.min(this.#current, this.#hits.length - 1);
    this.#show();
  }

  open(): void {
    this.#field.focus();
    this.#field.select();
  }

  /** Goes to the next or previous hit, and seeks to it. */
  go(step: number): void {
    if (this.#timer) this.#find();
    if (!this.#hits.length) return;
    this.#current = (this.#current + step + this.#hits.length) % this.#hits.length;
    const hit = this.#hits[this.#current] as Hit;
    this.transcript.reveal(hit.paragraph);
    this.transcript.seek(this.transcript.secondsAt(hit.paragraph, hit.offset));
    mark("found-now", [this.#range(hit)], 4);
    this.#show();
  }

  #find(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const wanted = fold(this.#field.value.trim());
    const same = this.#field.dataset["for"] === wanted;
    if (same) return;
    this.#field.dataset["for"] = wanted;
    this.#hits = wanted ? this.#all(wanted) : [];
    this.#current = -1;
    unmark("found-now");
    mark("found", this.#hits.map((hit) => this.#range(hit)), 1);
    this.timeline.showHits(this.#hits.map((hit) => this.transcript.secondsAt(hit.paragraph, hit.offset)));
    const first = this.#hits.find(({ paragraph }) => paragraph >= this.transcript.active) ?? this.#hits[0];
    if (first) {
      this.#current = this.#hits.indexOf(first) - 1;
      this.transcript.reveal(first.paragraph);
    }
    this.#show();
  }

  #all(wanted: string): Hit[] {
    const hits: Hit[] = [];
    for (const [paragraph, text] of this.#folded.entries()) {
      for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
        hits.push({ paragraph, offset: at });
        if (hits.length === MOST_HITS) return hits;
      }
    }
    return hits;
  }

  #range({ paragraph, offset }: Hit): Range {
    const text = this.transcript.texts[paragraph] as Text;
    return range(text, offset, offset + this.#field.value.trim().length);
  }

  #show(): void {
    const { length } = this.#hits;
    const place = this.#current >= 0 ? `${this.#current + 1} of ` : "";
    const many = length === MOST_HITS ? `${length}+` : String(length);
    this.#count.textContent = !this.#field.value.trim() ? "" : length ? `${place}${many}` : "not found";
  }
}

/** Lower case without accents where that keeps each letter's place. */
function fold(text: string): string {
  const lower = text.toLowerCase();
  const plain = lower.normalize("NFD").replace(/\p{Diacritic}/gu, "");
  if (plain.length === text.length) return plain;
  return lower.length === text.length ? lower : text;
}
