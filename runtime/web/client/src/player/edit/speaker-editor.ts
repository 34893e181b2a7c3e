// The window in which a speaker is named, merged with another, or words are given to another.
import { make, one } from "../../dom";
import type { Transcript } from "../transcript";
import type { Change, Ref } from "./changes";
import { type People, UNKNOWN } from "./people";
import { Pop } from "./pop";
import type { Words } from "./words";

const NEW = "new";
const MOST_WORDS = 500;

export class SpeakerEditor {
  readonly #pop = new Pop("#edit-speaker");
  readonly #name = one<HTMLInputElement>("#speaker-name");
  readonly #into = one<HTMLSelectElement>("#speaker-into");
  readonly #other = one<HTMLSelectElement>("#speaker-other");
  #label = "";
  #refs: Ref[] = [];

  constructor(
    private readonly words: Words,
    private readonly people: People,
    private readonly transcript: Transcript,
    private readonly speakers: () => { id: string; name: string }[],
    private readonly commit: (change: Change, was: string) => void,
  ) {
    this.#on("[data-rename]", () => this.#rename());
    this.#on("[data-merge]", () => this.#merge());
    this.#on("[data-reassign]", () => this.#reassign());
    one("[data-speaker-cancel]").addEventListener("click", () => this.#pop.close());
  }

  get open(): boolean {
    return this.#pop.open;
  }

  /** Opens for a paragraph, or for the words of it that are selected. */
  show(paragraph: number): void {
    const item = this.transcript.paragraphs[paragraph];
    if (!item) return;
    this.#label = this.people.label(paragraph);
    const chosen = this.#selected(paragraph);
    this.#refs = (chosen.length ? chosen : this.words.of(paragraph).map(({ ref }) => ref)).slice(0, MOST_WORDS);
    this.#name.value = this.people.name(this.#label);
    one("[data-rename]").hidden = this.#label === UNKNOWN;
    const others = this.speakers().filter(({ id }) => id !== this.#label);
    const options = () => others.map(({ id, name }) => make("option", { value: id, textContent: name }));
    this.#into.replaceChildren(...options());
    one("[data-merge]").hidden = !others.length || this.#label === UNKNOWN;
    this.#other.replaceChildren(...options(), make("option", { value: NEW, textContent: "Someone else" }));
    one("[data-reassign-what]").textContent = chosen.length ? "The selected words were said by" : "This paragraph was said by";
    this.#pop.show(() => (item.querySelector(".who") ?? item).getBoundingClientRect());
    (this.#label === UNKNOWN ? this.#other : this.#name).focus({ preventScroll: true });
    if (this.#label !== UNKNOWN) this.#name.select();
  }

  #selected(paragraph: number): Ref[] {
    const selection = getSelection();
    const text = this.transcript.texts[paragraph];
    if (!selection || selection.isCollapsed || !text) return [];
    const chosen = selection.getRangeAt(0);
    if (!chosen.intersectsNode(text)) return [];
    const from = chosen.startContainer === text ? chosen.startOffset : 0;
    const to = chosen.endContainer === text ? chosen.endOffset : text.length;
    let at = 0;
    return this.words.of(paragraph).flatMap(({ ref, text: word }) => {
      const begins = text.data.indexOf(word, at);
      at = begins + word.length;
      return begins < to && at > from ? [ref] : [];
    });
  }

  #on(form: string, act: () => void): void {
    one(form).addEventListener("submit", (event) => {
      event.preventDefault();
      act();
      getSelection()?.removeAllRanges();
      this.#pop.close();
    });
  }

  #rename(): void {
    const name = this.#name.value.trim().replace(/\s+/g, " ");
    const was = this.people.name(this.#label);
    if (name !== was) this.commit({ kind: "rename_speaker", speaker: this.#label, name }, was);
  }

  #merge(): void {
    if (this.#into.value) this.commit({ kind: "merge_speakers", speaker: this.#label, into: this.#into.value }, this.#label);
  }

  #reassign(): void {
    const speaker = this.#other.value === NEW ? this.people.next() : this.#other.value;
    this.commit({ kind: "reassign_words", words: this.#refs, speaker }, this.#label);
  }
}
