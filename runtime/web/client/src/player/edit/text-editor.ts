// The window in which the title of a chapter or a sentence of the summary is written.
import { one } from "../../dom";
import { Pop } from "./pop";
import type { TextChange, TextPlace, Texts } from "./texts";

export class TextEditor {
  readonly #pop = new Pop("#edit-text");
  readonly #field = one<HTMLTextAreaElement>("#edit-text-field");
  #place: TextPlace | null = null;
  #was = "";

  constructor(
    private readonly texts: Texts,
    private readonly commit: (change: TextChange, was: string) => void,
  ) {
    const form = one<HTMLFormElement>("[data-edit-text-form]");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    one("[data-text-cancel]").addEventListener("click", () => this.#pop.close());
  }

  get open(): boolean {
    return this.#pop.open;
  }

  show(place: TextPlace): void {
    const isChapter = "chapter" in place;
    this.#place = place;
    this.#was = this.texts.text(place) ?? "";
    this.#field.value = this.#was;
    this.#field.required = isChapter;
    one("[data-text-label]").textContent = isChapter ? "Title of the chapter" : "Sentence of the summary";
    one("[data-text-hint]").hidden = isChapter;
    this.#pop.show(() => (this.texts.elementOf(place) ?? document.body).getBoundingClientRect());
    this.#field.focus({ preventScroll: true });
    this.#field.select();
  }

  #save(): void {
    const place = this.#place;
    const text = this.#field.value.trim().replace(/\s+/g, " ");
    if (!place || ("chapter" in place && !text)) return;
    if (text !== this.#was) {
      const change: TextChange = "chapter" in place ? { kind: "change_chapter", ...place, text } : { kind: "change_summary", ...place, text };
      this.commit(change, this.#was);
    }
    this.#pop.close();
  }
}
