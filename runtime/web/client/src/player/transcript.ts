// The transcript: follows the recording word by word, and leads to each word's moment. Browsers lay
// out only the paragraphs in view (content-visibility), so that six hours stay smooth.
import { all, maybe, one } from "../dom";
import type { PlayerData } from "./data";
import { mark, range, unmark } from "./highlights";

const LINE_CHARACTERS = 58;
const LINE_PIXELS = 28;

export class Transcript {
  paragraphs: HTMLLIElement[] = [];
  texts: Text[] = [];
  active = -1;
  /** What was clicked last; the second click of two may hit what has scrolled there meanwhile. */
  clicked: { paragraph: number; word: number | null } = { paragraph: -1, word: null };
  #word = -1;
  #chosen = 0;
  #following = true;
  readonly #scroller = one("[data-scroller]");
  readonly #button = one("[data-follow]");
  readonly #back = one("[data-back-to-now]");

  constructor(
    private readonly media: HTMLMediaElement,
    private readonly data: PlayerData,
  ) {
    this.#read();
    const list = maybe("[data-paragraphs]");
    list?.addEventListener("click", (event) => this.#clicked(event as MouseEvent));
    list?.addEventListener("pointermove", (event) => this.#aim(event as PointerEvent));
    list?.addEventListener("pointerleave", () => unmark("aim"));
    for (const box of [this.#scroller, window]) {
      for (const name of ["wheel", "touchmove"]) {
        box.addEventListener(name, (event) => this.#scrolledByHand(event), { passive: true });
      }
    }
    this.#button.addEventListener("click", () => this.follow(!this.#following));
    this.#back.addEventListener("click", () => this.follow(true));
  }

  /** Puts other paragraphs in the place of all; what the reader looks at stays where it is. */
  replace(html: string): void {
    const kept = this.#topmost();
    one("[data-paragraphs]").innerHTML = html;
    this.#read();
    this.active = -1;
    this.changed();
    if (!kept) return;
    const paragraph = this.data.paragraphOf(this.data.wordAt(kept.ms));
    const item = this.paragraphs[Math.max(0, paragraph)];
    const stay = () => {
      if (item) this.#view().box.scrollBy({ top: item.getBoundingClientRect().top - kept.top, behavior: "instant" });
    };
    stay();
    requestAnimationFrame(() => requestAnimationFrame(stay));
  }

  /** Shows the present word again, after words or their places have changed. */
  changed(): void {
    this.#word = -2;
    this.show(this.media.currentTime);
  }

  /** The time and place of the first paragraph in view. */
  #topmost(): { ms: number; top: number } | null {
    const view = this.#view();
    for (const [paragraph, item] of this.paragraphs.entries()) {
      const { top, bottom } = item.getBoundingClientRect();
      if (bottom > view.top + 8) return { ms: this.data.starts[this.data.firsts[paragraph] ?? 0] ?? 0, top };
    }
    return null;
  }

  #read(): void {
    this.paragraphs = all<HTMLLIElement>("[data-paragraphs] li");
    this.texts = this.paragraphs.map((item) => one("p", item).firstChild as Text);
    this.#estimateHeights();
  }

  /** Shows the word that is said at a time. */
  show(seconds: number): void {
    const word = this.data.wordAt(seconds * 1000 + 1);
    if (word === this.#word) return;
    this.#word = word;
    const paragraph = word < 0 ? -1 : this.data.paragraphOf(word);
    if (paragraph !== this.active) this.#activate(paragraph);
    if (word < 0) unmark("now");
    else mark("now", [this.rangeOf(word)], 3);
    if (this.#following) this.#keepInView();
  }

  /** The start of a paragraph's or a text position's word, in seconds. */
  secondsAt(paragraph: number, offset = 0): number {
    return (this.data.starts[this.data.wordIn(paragraph, offset)] ?? 0) / 1000;
  }

  /** Scrolls along while playing or no longer; from afar, or `to` the word that is said. */
  follow(on: boolean, to = true): void {
    if (this.active < 0 && !on) return;
    this.#following = on;
    this.#button.setAttribute("aria-pressed", String(on));
    this.#back.hidden = on;
    if (on) this.#keepInView(to);
  }

  seek(seconds: number): void {
    this.media.currentTime = seconds;
    this.show(seconds);
  }

  reveal(paragraph: number): void {
    this.follow(false);
    this.#scrollTo(this.paragraphs[paragraph], null);
  }

  /** Brings a word into view. */
  showWord(word: number): void {
    this.follow(false);
    const view = this.#view();
    const { height, top, bottom } = this.rangeOf(word).getBoundingClientRect();
    const inView = height > 0 && top > view.top && bottom < view.top + view.height * 0.5;
    if (!inView) this.#scrollTo(this.paragraphs[this.data.paragraphOf(word)], word);
  }

  /** Moves the keyboard's choice to another paragraph. */
  choose(step: number): void {
    const within = this.paragraphs.findIndex((item) => item.contains(document.activeElement));
    const from = within >= 0 ? within : Math.max(0, this.active) - (this.active < 0 && step > 0 ? 1 : 0);
    this.#chosen = Math.min(this.paragraphs.length - 1, Math.max(0, from + step));
    const item = this.paragraphs[this.#chosen];
    if (!item) return;
    this.follow(false);
    maybe(".stamp", item)?.focus({ preventScroll: true });
    this.#scrollTo(item, null);
  }

  /** The sentence around the word that is said, for recordings without a picture. */
  wordsAround(): string {
    const text = this.texts[this.active]?.data ?? "";
    const at = this.data.offsets[this.#word] ?? 0;
    const before = Math.max(text.lastIndexOf(". ", at), text.lastIndexOf("? ", at), text.lastIndexOf("! ", at));
    const ends = [". ", "? ", "! "].map((end) => text.indexOf(end, at)).filter((end) => end >= 0);
    return text.slice(before < 0 ? 0 : before + 2, ends.length ? Math.min(...ends) + 1 : text.length).slice(0, 240);
  }

  /** The paragraph that the keyboard has chosen, or the one that is said. */
  get chosen(): number {
    const within = this.paragraphs.findIndex((item) => item.contains(document.activeElement));
    return within >= 0 ? within : Math.max(0, this.active);
  }

  /** The word that is said, if it is in the paragraph; else the paragraph's first. */
  wordToEdit(paragraph: number): number {
    const first = this.data.firsts[paragraph] ?? 0;
    return this.#word >= first && this.#word < (this.data.firsts[paragraph + 1] ?? 0) ? this.#word : first;
  }

  rangeOf(word: number): Range {
    const paragraph = this.data.paragraphOf(word);
    const text = this.texts[paragraph] as Text;
    const start = this.data.offsets[word] ?? 0;
    const last = word + 1 === this.data.firsts[paragraph + 1];
    const end = last ? text.length : (this.data.offsets[word + 1] ?? text.length);
    const spoken = text.data.slice(start, end).trimEnd();
    return range(text, start, start + spoken.length);
  }

  #activate(paragraph: number): void {
    const before = this.paragraphs[this.active];
    before?.classList.remove("now");
    before?.removeAttribute("aria-current");
    this.active = paragraph;
    this.paragraphs[paragraph]?.classList.add("now");
    this.paragraphs[paragraph]?.setAttribute("aria-current", "true");
  }

  #clicked(event: MouseEvent): void {
    const item = (event.target as Element).closest("li");
    if (!item) return;
    const plain = !event.ctrlKey && !event.metaKey;
    const stamp = (event.target as Element).closest(".stamp");
    if (stamp && plain) event.preventDefault();
    if (event.detail > 1) return;
    const paragraph = this.paragraphs.indexOf(item);
    const offset = this.#offsetAt(event, paragraph);
    this.clicked = { paragraph, word: offset === null ? null : this.data.wordIn(paragraph, offset) };
    if (!plain || !getSelection()?.isCollapsed || (!stamp && offset === null)) return;
    this.seek(this.secondsAt(paragraph, offset ?? 0));
    this.follow(true, false);
  }

  #aim(event: PointerEvent): void {
    const item = (event.target as Element).closest("li");
    const paragraph = item && event.pointerType === "mouse" ? this.paragraphs.indexOf(item) : -1;
    const offset = paragraph < 0 ? null : this.#offsetAt(event, paragraph);
    if (offset === null) unmark("aim");
    else mark("aim", [this.rangeOf(this.data.wordIn(paragraph, offset))], 2);
  }

  #offsetAt(event: MouseEvent, paragraph: number): number | null {
    const { clientX: x, clientY: y } = event;
    if ("caretPositionFromPoint" in document) {
      const caret = document.caretPositionFromPoint(x, y);
      return caret?.offsetNode === this.texts[paragraph] ? (caret?.offset ?? null) : null;
    }
    const older = document as unknown as { caretRangeFromPoint(x: number, y: number): Range | null };
    const caret = older.caretRangeFromPoint(x, y);
    return caret?.startContainer === this.texts[paragraph] ? (caret?.startOffset ?? null) : null;
  }

  #keepInView(at = false): void {
    const item = this.paragraphs[this.active];
    if (!item) return;
    const view = this.#view();
    const line = this.rangeOf(this.#word).getBoundingClientRect();
    const comfortable = line.height > 0 && line.top > view.top + view.height * 0.08 && line.bottom < view.top + view.height * 0.7;
    if (at || !comfortable) this.#scrollTo(item, this.#word);
  }

  /** Scrolls to a paragraph, or to the line of a word in it. */
  #scrollTo(item: HTMLElement | undefined, word: number | null): void {
    if (!item) return;
    const aim = (behavior: ScrollBehavior) => {
      const view = this.#view();
      const line = word === null ? item.getBoundingClientRect() : this.rangeOf(word).getBoundingClientRect();
      const top = line.height ? line.top : item.getBoundingClientRect().top;
      const distance = top - view.top - view.height * 0.3;
      view.box.scrollBy({ top: distance, behavior });
    };
    const near = Math.abs(item.getBoundingClientRect().top - this.#view().top) < 1500;
    const calm = near && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (calm) {
      aim("smooth");
      return;
    }
    // Heights of paragraphs out of view are estimates, so a far jump is corrected once they are known.
    aim("instant");
    requestAnimationFrame(() => requestAnimationFrame(() => aim("instant")));
  }

  /** Where the transcript shows: its own box, or on small screens the page below the picture. */
  #view(): { box: HTMLElement | Window; top: number; height: number } {
    if (getComputedStyle(this.#scroller).overflowY !== "visible") {
      const { top, height } = this.#scroller.getBoundingClientRect();
      return { box: this.#scroller, top, height };
    }
    const top = one(".transcript-tools").getBoundingClientRect().bottom;
    return { box: window, top, height: innerHeight - top };
  }

  #scrolledByHand(event: Event): void {
    const within = event.target instanceof Node && one(".transcript").contains(event.target);
    if (within && this.#following) this.follow(false);
  }

  #estimateHeights(): void {
    const narrow = this.#scroller.clientWidth < 480;
    const characters = narrow ? LINE_CHARACTERS * 0.7 : LINE_CHARACTERS;
    const heights = new Map<HTMLElement, number>();
    this.paragraphs.forEach((item, index) => {
      const lines = Math.ceil((this.texts[index]?.length ?? 0) / characters);
      const head = item.classList.contains("turn") ? 40 : 0;
      const block = item.parentElement as HTMLElement;
      heights.set(block, (heights.get(block) ?? 0) + lines * LINE_PIXELS + head + 8);
    });
    for (const [block, height] of heights) block.style.containIntrinsicHeight = `auto ${height}px`;
  }
}
