// The times of words, and where everything is on the timeline.

type Packed = [offsets: number[], starts: number[], lengths: number[]];

export interface Speaker {
  id: string;
  name: string;
  colour: number | null;
  number: number;
}

interface Content {
  revision: number;
  duration: number;
  speakers: Speaker[];
  chapters: [start: number, end: number, title: string][];
  scenes: [start: number, end: number, thumbnail: string | null][];
  turns: [speaker: number, startMs: number, endMs: number][];
  words: Packed[];
  /** Of words of `transcript.json`, the first two as differences. */
  doubtful: number[];
  edited: number[];
  hidden: number[];
}

export async function read(address: string): Promise<Content> {
  const answer = await fetch(address, { credentials: "include" });
  if (!answer.ok) throw new Error(`The player's data cannot be read: ${answer.status}`);
  return (await answer.json()) as Content;
}

/** The last index whose value is at most `wanted`, or -1; `values` ascend from `from` to `to`. */
export function lastAtMost(values: ArrayLike<number>, wanted: number, from = 0, to = values.length): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low > from ? low - 1 : -1;
}

export class PlayerData {
  duration = 0;
  speakers: Content["speakers"] = [];
  chapters: Content["chapters"] = [];
  scenes: Content["scenes"] = [];
  turns: Content["turns"] = [];
  /** What the page shows, as it was read: a revision, and places in its `transcript.json`. */
  content!: Content;
  /** Of all words in order: offset in their paragraph's text, start and end in milliseconds. */
  offsets = new Int32Array();
  starts = new Int32Array();
  ends = new Int32Array();
  /** The index of each paragraph's first word; one more entry than paragraphs. */
  firsts = new Int32Array();

  constructor(content: Content) {
    this.load(content);
  }

  load(content: Content): void {
    this.content = content;
    ({ duration: this.duration, speakers: this.speakers, chapters: this.chapters } = content);
    ({ scenes: this.scenes, turns: this.turns } = content);
    const count = content.words.reduce((sum, [offsets]) => sum + offsets.length, 0);
    this.offsets = new Int32Array(count);
    this.starts = new Int32Array(count);
    this.ends = new Int32Array(count);
    this.firsts = new Int32Array(content.words.length + 1);
    let word = 0;
    content.words.forEach(([offsets, starts, lengths], paragraph) => {
      this.firsts[paragraph] = word;
      let [offset, start] = [0, 0];
      for (let index = 0; index < offsets.length; index += 1, word += 1) {
        this.offsets[word] = offset += offsets[index] ?? 0;
        this.starts[word] = start += starts[index] ?? 0;
        this.ends[word] = start + (lengths[index] ?? 0);
      }
    });
    this.firsts[content.words.length] = word;
  }

  /** Puts other words in the place of a paragraph's. */
  replaceWords(paragraph: number, offsets: number[], starts: number[], ends: number[]): void {
    const [first, next] = [this.firsts[paragraph] ?? 0, this.firsts[paragraph + 1] ?? 0];
    const spliced = (all: Int32Array, some: number[]) => {
      const made = new Int32Array(all.length - (next - first) + some.length);
      made.set(all.subarray(0, first));
      made.set(some, first);
      made.set(all.subarray(next), first + some.length);
      return made;
    };
    this.offsets = spliced(this.offsets, offsets);
    this.starts = spliced(this.starts, starts);
    this.ends = spliced(this.ends, ends);
    const more = offsets.length - (next - first);
    for (let after = paragraph + 1; more && after < this.firsts.length; after += 1) {
      this.firsts[after] = (this.firsts[after] ?? 0) + more;
    }
  }

  /** The word that is being said, or was said last; -1 before the first. */
  wordAt(milliseconds: number): number {
    return lastAtMost(this.starts, milliseconds);
  }

  paragraphOf(word: number): number {
    return lastAtMost(this.firsts, word, 0, this.firsts.length - 1);
  }

  /** The word at an offset of a paragraph's text. */
  wordIn(paragraph: number, offset: number): number {
    const [first, next] = [this.firsts[paragraph] ?? 0, this.firsts[paragraph + 1] ?? 0];
    return Math.max(first, lastAtMost(this.offsets, offset, first, next));
  }

  chapterAt(seconds: number): number {
    return lastAtMost(this.chapters.map(([start]) => start), seconds);
  }

  chapterFrom(seconds: number, step: number): number {
    const now = this.chapterAt(seconds);
    const begun = seconds - (this.chapters[now]?.[0] ?? 0) > 3;
    const wanted = step > 0 ? now + 1 : begun ? now : now - 1;
    return wanted >= this.chapters.length ? this.duration : (this.chapters[Math.max(0, wanted)]?.[0] ?? 0);
  }

  sceneAt(seconds: number): number {
    return Math.max(0, lastAtMost(this.scenes.map(([start]) => start), seconds));
  }

  /** When the speaker begins to speak next, from the beginning again after the last time. */
  nextTurn(speaker: number, afterMs: number): number | null {
    const own = this.turns.filter((turn, index) => turn[0] === speaker && this.turns[index - 1]?.[0] !== speaker);
    return (own.find((turn) => turn[1] > afterMs + 200) ?? own[0])?.[1] ?? null;
  }
}
