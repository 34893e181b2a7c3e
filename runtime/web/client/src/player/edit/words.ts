// The words on the page as they can be edited: texts, times, and their names at the service.
import type { PlayerData } from "../data";
import { mark, unmark } from "../highlights";
import type { Search } from "../search";
import type { Transcript } from "../transcript";
import type { Ref } from "./changes";

export interface Word {
  ref: Ref;
  text: string;
  start: number;
  end: number;
}

export interface Place {
  paragraph: number;
  index: number;
}

// Scripts that put no space between words; as runtime/core/word_spacing.py has them.
const UNSPACED =
  /^[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\u{20000}-\u{3ffff}]/u;

export class Words {
  #refs: Ref[] = [];
  /** As the page was read, also those that are deleted on it by now. */
  #read: Ref[] = [];
  #named = false;
  #sentences = new Set<Ref>();
  readonly #doubtful = new Set<Ref>();
  readonly #edited = new Set<Ref>();
  #shown = false;

  constructor(
    private readonly data: PlayerData,
    private readonly transcript: Transcript,
    private readonly search: Search,
  ) {
    this.load();
  }

  /** Names the words that the page was read with. */
  load(): void {
    const { hidden, doubtful, edited } = this.data.content;
    const skipped = new Set(hidden);
    this.#refs = [];
    this.#named = false;
    this.#sentences.clear();
    const byBase = new Map<number, Ref>();
    for (let base = 0; this.#refs.length < this.data.starts.length; base += 1) {
      if (skipped.has(base)) continue;
      const ref = { base, id: null };
      this.#refs.push(ref);
      byBase.set(base, ref);
    }
    this.#read = [...this.#refs];
    for (const [set, places] of [[this.#doubtful, doubtful], [this.#edited, edited]] as const) {
      set.clear();
      for (const base of summed(places)) {
        const ref = byBase.get(base);
        if (ref) set.add(ref);
      }
    }
    this.#draw();
  }

  get named(): boolean {
    return this.#named;
  }

  /** Takes the service's ids of all words, in runs, and the places where sentences begin. */
  name(runs: ([number, number] | string)[], sentences: number[]): void {
    const ids = runs.flatMap((run) =>
      typeof run === "string" ? [run] : Array.from({ length: run[1] }, (_, more) => String(run[0] + more)),
    );
    this.#named = true;
    const begins = new Set(summed(sentences));
    for (const ref of this.#read) {
      ref.id = ids[ref.base] ?? null;
      if (begins.has(ref.base)) this.#sentences.add(ref);
    }
  }

  find(wanted: Ref, sameRevision: boolean): Ref | null {
    if (wanted.id && this.#named) return this.#refs.find(({ id }) => id === wanted.id) ?? null;
    return this.#refs.find(({ base }) => base === wanted.base && (base < 0 || sameRevision)) ?? null;
  }

  beginsSentence(ref: Ref): boolean {
    return this.#sentences.has(ref);
  }

  ref(word: number): Ref | undefined {
    return this.#refs[word];
  }

  indexOf(ref: Ref): number {
    return this.#refs.indexOf(ref);
  }

  place(ref: Ref): Place | null {
    const word = this.#refs.indexOf(ref);
    if (word < 0) return null;
    const paragraph = this.data.paragraphOf(word);
    return { paragraph, index: word - (this.data.firsts[paragraph] ?? 0) };
  }

  text(ref: Ref): string {
    const word = this.#refs.indexOf(ref);
    return word < 0 ? "" : this.transcript.rangeOf(word).toString();
  }

  of(paragraph: number): Word[] {
    const { data } = this;
    const first = data.firsts[paragraph] ?? 0;
    return this.#refs.slice(first, data.firsts[paragraph + 1]).map((ref, index) => ({
      ref,
      text: this.transcript.rangeOf(first + index).toString(),
      start: data.starts[first + index] ?? 0,
      end: data.ends[first + index] ?? 0,
    }));
  }

  /** Puts other words in the place of a paragraph's. */
  set(paragraph: number, words: Word[]): void {
    const first = this.data.firsts[paragraph] ?? 0;
    const count = (this.data.firsts[paragraph + 1] ?? 0) - first;
    let text = "";
    const offsets = words.map((word) => {
      const apart = text && !(UNSPACED.test([...text].at(-1) ?? "") && UNSPACED.test(word.text));
      if (apart) text += " ";
      text += word.text;
      return text.length - word.text.length;
    });
    this.#refs.splice(first, count, ...words.map(({ ref }) => ref));
    this.data.replaceWords(paragraph, offsets, words.map(({ start }) => start), words.map(({ end }) => end));
    const node = this.transcript.texts[paragraph];
    if (node) node.data = text;
    const item = this.transcript.paragraphs[paragraph];
    if (item) item.hidden = !words.length;
    this.search.changed(paragraph);
    this.transcript.changed();
  }

  /** A person has written a word: it is no longer doubtful. Returns what takes that back. */
  write(ref: Ref): () => void {
    const [doubtful, edited] = [this.#doubtful.delete(ref), this.#edited.has(ref)];
    this.#edited.add(ref);
    this.#draw();
    return () => {
      if (doubtful) this.#doubtful.add(ref);
      if (!edited) this.#edited.delete(ref);
      this.#draw();
    };
  }

  /** The places of doubtful words, in order. */
  doubts(): number[] {
    const places: number[] = [];
    this.#refs.forEach((ref, word) => {
      if (this.#doubtful.has(ref)) places.push(word);
    });
    return places;
  }

  /** Underlines doubtful and corrected words, or does not. */
  show(on: boolean): void {
    this.#shown = on;
    this.#draw();
  }

  #draw(): void {
    if (!this.#shown) {
      unmark("doubtful");
      unmark("edited");
      return;
    }
    const ranges = (set: Set<Ref>) =>
      this.#refs.flatMap((ref, word) => (set.has(ref) ? [this.transcript.rangeOf(word)] : []));
    mark("doubtful", ranges(this.#doubtful));
    mark("edited", ranges(this.#edited));
  }
}

function summed(steps: number[]): number[] {
  let sum = 0;
  return steps.map((step) => (sum += step));
}
