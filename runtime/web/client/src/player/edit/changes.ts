// Corrections as values: what a person did, as the page keeps it and as the service reads it.

import type { TextChange } from "./texts";

/** A word: its place among the words that the page was read with (negative for one written here),
 *  and the service's id of it once that is known. */
export interface Ref {
  base: number;
  id: string | null;
}

export type Change =
  | { kind: "change_word"; word: Ref; text: string }
  | { kind: "insert_words"; after: Ref; text: string }
  | { kind: "delete_word"; word: Ref }
  | { kind: "join_words"; word: Ref }
  | { kind: "continue_sentence"; word: Ref }
  | { kind: "rename_speaker"; speaker: string; name: string }
  | { kind: "merge_speakers"; speaker: string; into: string }
  | { kind: "reassign_words"; words: Ref[]; speaker: string }
  | TextChange;

/** A change, what it replaces, and the words that it adds. */
export interface Item {
  change: Change;
  was: string;
  made: Ref[];
}

/** Whether paragraphs may begin and end elsewhere after a change. */
export function movesParagraphs({ change }: Item): boolean {
  return change.kind === "merge_speakers" || change.kind === "reassign_words";
}

/** Whether all words stay as they are, and where they are. */
export function keepsWords({ change: { kind } }: Item): boolean {
  return kind === "rename_speaker" || kind === "change_chapter" || kind === "change_summary";
}

/** The words that a change names. */
export function named(change: Change): Ref[] {
  if ("word" in change) return [change.word];
  if ("after" in change) return [change.after];
  return "words" in change ? change.words : [];
}

/** The change with other references in the place of its words. */
export function withRefs(change: Change, refs: Ref[]): Change {
  if ("word" in change) return { ...change, word: refs[0] as Ref };
  if ("after" in change) return { ...change, after: refs[0] as Ref };
  return "words" in change ? { ...change, words: refs } : change;
}

/** The change as the service reads it; all ids are known. */
export function asJson(change: Change): Record<string, unknown> {
  const id = (ref: Ref) => ref.id ?? "";
  if ("word" in change) return { ...change, word: id(change.word) };
  if ("after" in change) return { ...change, after: id(change.after) };
  return "words" in change ? { ...change, words: change.words.map(id) } : change;
}

/** Gives the words that a change has added the ids that the service gave them. */
export function nameMade({ change, made }: Item, number: number): void {
  const first = change.kind === "insert_words" ? 0 : 1;
  made.forEach((ref, index) => (ref.id = `${number}.${first + index}`));
}

/** What was done, in a few words. */
export function described(item: Item): string {
  const { change, was } = item;
  switch (change.kind) {
    case "change_word":
      return change.text === was ? `“${was}” confirmed` : `“${was}” changed to “${change.text}”`;
    case "insert_words":
      return `“${change.text}” added`;
    case "delete_word":
      return `“${was}” deleted`;
    case "join_words":
      return `“${was}” joined with the next word`;
    case "continue_sentence":
      return "two sentences joined";
    case "rename_speaker":
      return change.name ? `${was} named ${change.name}` : `the name ${was} taken back`;
    case "merge_speakers":
      return "two speakers merged";
    case "reassign_words":
      return "words given to another speaker";
    case "change_chapter":
      return `chapter “${was}” named “${change.text}”`;
    case "change_summary":
      return change.text ? `sentence of the summary changed to “${change.text}”` : "sentence of the summary removed";
  }
}
