// The window in which a word is corrected: typing changes it, adds words or deletes it.
import { all, one } from "../../dom";
import { mark, unmark } from "../highlights";
import type { Transcript } from "../transcript";
import type { Change, Ref } from "./changes";
import { Pop } from "./pop";
import type { Words } from "./words";

export interface WordActs {
  commit(change: Change, was: string): void;
  join(ref: Ref): Promise<void>;
  hear(word: number): void;
  /** The next doubtful word after a word, or -1. */
  doubt(word: number, step: number): number;
}

export class WordEditor {
  readonly #pop = new Pop("#edit-word");
  readonly #field = one<HTMLInputElement>("#edit-word-text");
  #ref: Ref | null = null;
  #was = "";
  #walking = false;

  constructor(
    private readonly words: Words,
    private readonly transcript: Transcript,
    private readonly acts: WordActs,
  ) {
    one("[data-edit-word]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    for (const button of all("[data-word-act]", this.#pop.element)) {
      button.addEventListener("click", () => this.#act(button.dataset["wordAct"] ?? ""));
    }
    this.#pop.element.addEventListener("keydown", (event) => this.#key(event));
    this.#pop.element.addEventListener("close", () => unmark("edit"));
  }

  get open(): boolean {
    return this.#pop.open;
  }

  /** Opens at a word; `walking` goes on to the next doubtful word after each. */
  show(word: number, walking = false): void {
    const ref = this.words.ref(word);
    if (!ref) return;
    this.#ref = ref;
    this.#walking = walking;
    this.transcript.showWord(word);
    this.#was = this.words.text(ref);
    this.#field.value = this.#was;
    one("[data-word-save]").textContent = walking ? "Right, next" : "Save";
    mark("edit", [this.transcript.rangeOf(word)], 5);
    this.#pop.show(() => this.transcript.rangeOf(this.words.indexOf(ref)).getBoundingClientRect());
    this.#field.focus({ preventScroll: true });
    this.#field.select();
  }

  close(): void {
    this.#pop.close();
  }

  #save(): void {
    const ref = this.#ref;
    if (!ref) return;
    const word = this.words.indexOf(ref);
    const change = this.#change(ref, this.#field.value.trim().split(/\s+/).filter(Boolean).join(" "));
    if (change) this.acts.commit(change, this.#was);
    const next = this.#walking ? this.acts.doubt(word, 1) : -1;
    if (next >= 0) this.show(next, true);
    else this.#pop.close();
  }

  /** What the text in the field means; null if nothing is changed. */
  #change(word: Ref, text: string): Change | null {
    if (text === this.#was) return this.#walking ? { kind: "change_word", word, text } : null;
    if (!text) return { kind: "delete_word", word };
    if (text.startsWith(`${this.#was} `)) return { kind: "insert_words", after: word, text: text.slice(this.#was.length + 1) };
    return { kind: "change_word", word, text };
  }

  #act(name: string): void {
    const ref = this.#ref;
    if (!ref) return;
    const word = this.words.indexOf(ref);
    if (name === "hear") this.acts.hear(word);
    if (name === "delete") {
      this.#field.value = "";
      this.#save();
    }
    if (name === "join") void this.acts.join(ref).then(() => this.show(this.words.indexOf(ref), this.#walking));
    if (name === "next" || name === "previous") this.#go(word, name === "next" ? 1 : -1);
    if (name === "cancel") this.#pop.close();
  }

  #go(word: number, step: number): void {
    const next = this.#walking ? this.acts.doubt(word, step) : word + step;
    if (next >= 0 && this.words.ref(next)) this.show(next, this.#walking);
  }

  #key(event: KeyboardEvent): void {
    if (event.key === " " && event.ctrlKey) this.#act("hear");
    else if (event.altKey && event.key === "ArrowRight") this.#act("next");
    else if (event.altKey && event.key === "ArrowLeft") this.#act("previous");
    else if (event.key === "Delete" && this.#field.selectionStart === this.#field.value.length && this.#field.value === this.#was) {
      this.#act("join");
    } else return;
    event.preventDefault();
  }
}
