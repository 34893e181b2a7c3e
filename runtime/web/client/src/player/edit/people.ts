// Speakers on the page: their names, colours and headings.
import { all, make, maybe } from "../../dom";
import type { PlayerData } from "../data";
import type { Timeline } from "../timeline";
import type { Transcript } from "../transcript";

const COLOURS = 8;
export const UNKNOWN = "UNKNOWN";

export class People {
  constructor(
    private readonly data: PlayerData,
    private readonly transcript: Transcript,
    private readonly timeline: Timeline,
  ) {}

  label(paragraph: number): string {
    return this.data.speakers[this.data.turns[paragraph]?.[0] ?? -1]?.id ?? UNKNOWN;
  }

  name(label: string): string {
    return this.data.speakers.find(({ id }) => id === label)?.name ?? "Unknown";
  }

  /** The label that a new speaker gets. */
  next(): string {
    const used = new Set(this.data.speakers.map(({ id }) => id));
    let number = 0;
    while (used.has(`SPEAKER_${String(number).padStart(2, "0")}`)) number += 1;
    return `SPEAKER_${String(number).padStart(2, "0")}`;
  }

  /** Shows a name everywhere; an empty one takes the name back. */
  rename(label: string, name: string): void {
    const place = this.#index(label);
    const speaker = this.data.speakers[place];
    if (!speaker) return;
    speaker.name = name || `Speaker ${speaker.number}`;
    this.transcript.paragraphs.forEach((item, paragraph) => {
      if (this.data.turns[paragraph]?.[0] !== place) return;
      const shown = item.querySelector(".who bdi");
      if (shown) shown.textContent = speaker.name;
    });
    const panel = maybe(`[data-speaker="${place}"] .speaker-name bdi`);
    if (panel) panel.textContent = speaker.name;
    for (const field of all<HTMLInputElement>(`[name="name-${label}"], [name="was-name-${label}"]`)) {
      field.value = speaker.name;
    }
  }

  /** Gives paragraphs to a speaker; returns what takes that back. */
  give(paragraphs: number[], label: string): () => void {
    const before = paragraphs.map((paragraph) => this.data.turns[paragraph]?.[0] ?? -1);
    const place = this.#index(label);
    paragraphs.forEach((paragraph) => this.#put(paragraph, place));
    this.#headings(paragraphs);
    return () => {
      paragraphs.forEach((paragraph, index) => this.#put(paragraph, before[index] ?? -1));
      this.#headings(paragraphs);
    };
  }

  paragraphsOf(label: string): number[] {
    const place = this.data.speakers.findIndex(({ id }) => id === label);
    return this.data.turns.flatMap(([speaker], paragraph) => (speaker === place ? [paragraph] : []));
  }

  #index(label: string): number {
    const { speakers } = this.data;
    const found = speakers.findIndex(({ id }) => id === label);
    if (found >= 0 || label === UNKNOWN) return found;
    const number = speakers.length + 1;
    speakers.push({ id: label, name: `Speaker ${number}`, number, colour: (number - 1) % COLOURS });
    return number - 1;
  }

  #put(paragraph: number, place: number): void {
    const turn = this.data.turns[paragraph];
    if (turn) turn[0] = place;
  }

  #headings(paragraphs: number[]): void {
    for (const paragraph of new Set(paragraphs.flatMap((each) => [each, each + 1]))) this.#heading(paragraph);
    this.timeline.changed();
  }

  #heading(paragraph: number): void {
    const item = this.transcript.paragraphs[paragraph];
    const place = this.data.turns[paragraph]?.[0] ?? -1;
    if (!item) return;
    const speaker = this.data.speakers[place];
    const same = paragraph > 0 && this.data.turns[paragraph - 1]?.[0] === place;
    const begins = !same || item.querySelector(".chapter-head") !== null;
    for (let colour = 0; colour < COLOURS; colour += 1) item.classList.toggle(`c${colour}`, speaker?.colour === colour);
    item.classList.toggle("turn", begins);
    item.querySelector(".who")?.remove();
    if (!begins) return;
    const badge = make("span", { className: "badge", textContent: String(speaker?.number ?? "?") });
    const who = make("b", { className: "who" }, badge, make("bdi", { textContent: speaker?.name ?? "Unknown" }));
    item.querySelector(".stamp")?.before(who);
  }
}
