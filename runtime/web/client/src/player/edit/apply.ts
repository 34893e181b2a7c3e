// Shows a change at once, before the service has it, as the service will make it.
import type { Change, Item, Ref } from "./changes";
import type { People } from "./people";
import type { Texts } from "./texts";
import type { Word, Words } from "./words";

const WORD_MS = 300;

export type Revert = () => void;

let written = -1;

/** Keeps names of words that were written before the page was loaded. */
export function reserve(made: Ref[]): void {
  for (const { base } of made) written = Math.min(written, base);
}

/** A name for a word that a person writes on this page. */
function fresh(): Ref {
  written -= 1;
  return { base: written, id: null };
}

/** Shows a change; returns what takes it back, or null where it does not fit. */
export function apply(item: Item, words: Words, people: People, texts: Texts): Revert | null {
  const { change } = item;
  switch (change.kind) {
    case "rename_speaker": {
      const { speaker } = change;
      people.rename(speaker, change.name);
      return () => people.rename(speaker, item.was);
    }
    case "merge_speakers":
      return people.give(people.paragraphsOf(change.speaker), change.into);
    case "reassign_words":
      return reassign(change.words, change.speaker, words, people);
    case "continue_sentence":
      return () => undefined;
    case "change_chapter":
    case "change_summary":
      return texts.put(change);
    default:
      return rewrite(item, change, words);
  }
}

function rewrite(item: Item, change: Extract<Change, { word: Ref } | { after: Ref }>, words: Words): Revert | null {
  const ref = "after" in change ? change.after : change.word;
  const place = words.place(ref);
  if (!place) return null;
  const { paragraph, index } = place;
  const before = words.of(paragraph);
  const old = before[index] as Word;
  const after = [...before];
  if (change.kind === "change_word") {
    after.splice(index, 1, ...spread(change.text, old.start, old.end, item, ref));
  } else if (change.kind === "insert_words") {
    const count = change.text.split(/\s+/).length;
    const free = old.end + WORD_MS * count;
    const next = before[index + 1]?.start ?? free;
    after.splice(index + 1, 0, ...spread(change.text, old.end, Math.max(old.end, Math.min(next, free)), item));
  } else if (change.kind === "delete_word") {
    after.splice(index, 1);
  } else {
    const next = before[index + 1];
    if (!next) return null;
    after.splice(index, 2, { ref, text: old.text + next.text, start: old.start, end: next.end });
  }
  words.set(paragraph, after);
  const people = [...(change.kind === "delete_word" || change.kind === "insert_words" ? [] : [ref]), ...item.made];
  const undone = people.map((each) => words.write(each));
  return () => {
    for (const undo of undone.reverse()) undo();
    const now = words.place(before[0]?.ref ?? ref) ?? place;
    words.set(now.paragraph, before);
  };
}

/** Words of a text that share a stretch of time by their length; the first keeps a name. */
function spread(text: string, start: number, end: number, item: Item, first?: Ref): Word[] {
  const tokens = text.trim().split(/\s+/);
  const total = tokens.reduce((sum, { length }) => sum + length, 0);
  const wanted = tokens.length - (first ? 1 : 0);
  while (item.made.length < wanted) item.made.push(fresh());
  let passed = 0;
  return tokens.map((token, index) => {
    const from = start + ((end - start) * passed) / total;
    passed += token.length;
    const to = start + ((end - start) * passed) / total;
    const ref = first ? (index ? item.made[index - 1] : first) : item.made[index];
    return { ref: ref as Ref, text: token, start: Math.round(from), end: Math.round(to) };
  });
}

/** Whole paragraphs change at once; parts of them when the service has divided them. */
function reassign(given: Ref[], speaker: string, words: Words, people: People): Revert | null {
  const wanted = new Set(given);
  const paragraphs = new Set(given.flatMap((ref) => words.place(ref)?.paragraph ?? []));
  if (!paragraphs.size) return null;
  const whole = [...paragraphs].filter((paragraph) => words.of(paragraph).every(({ ref }) => wanted.has(ref)));
  return people.give(whole, speaker);
}
