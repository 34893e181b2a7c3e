// Fits a change that is not saved onto a revision that others have changed.
import { named, withRefs, type Change, type Item, type Ref } from "./changes";
import type { People } from "./people";
import type { Texts } from "./texts";
import type { Words } from "./words";

/** The change on the present words; "made" if it is in force; or what is there instead of `was`. */
export type Fit = { item: Item } | "made" | { theirs: string; change: Change | null };

export function fitted(item: Item, words: Words, people: People, texts: Texts, sameRevision: boolean): Fit {
  const { change } = item;
  if (change.kind === "rename_speaker") {
    const now = people.name(change.speaker);
    if (now === change.name) return "made";
    return now === item.was ? { item } : { theirs: now, change };
  }
  if (change.kind === "merge_speakers") {
    return people.paragraphsOf(change.speaker).length ? { item } : "made";
  }
  if (change.kind === "change_chapter" || change.kind === "change_summary") {
    const now = texts.text(change);
    if (now === null) return { theirs: "", change: null };
    if (now === change.text) return "made";
    return now === item.was ? { item } : { theirs: now, change };
  }
  const refs = named(change).map((ref) => words.find(ref, sameRevision));
  const found = refs.filter((ref) => ref !== null);
  const gone = found.length < refs.length;
  if (change.kind === "delete_word" && gone) return "made";
  if (change.kind === "reassign_words" ? !found.length : gone) return { theirs: "", change: null };
  const fit = withRefs(change, found);
  return changedByOthers(item, fit, found[0] as Ref, words) ?? { item: { ...item, change: fit } };
}

function changedByOthers(item: Item, change: Change, ref: Ref, words: Words): Fit | null {
  const now = words.text(ref);
  if (change.kind === "change_word") {
    const [first, ...more] = change.text.split(" ");
    if (now === first && now !== item.was && !more.length) return "made";
    if (now === item.was) return null;
    return more.length && now === first && follows(ref, more, words) ? "made" : { theirs: now, change };
  }
  if (change.kind === "delete_word") return now === item.was ? null : { theirs: now, change };
  if (change.kind === "insert_words") return follows(ref, change.text.split(" "), words) ? "made" : null;
  return null;
}

/** Whether words stand after a word. */
function follows(ref: Ref, texts: string[], words: Words): boolean {
  const at = words.indexOf(ref) + 1;
  return texts.every((text, more) => {
    const next = words.ref(at + more);
    return next && words.text(next) === text;
  });
}
