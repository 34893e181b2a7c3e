// A small window beside a word. Its keys are its own while it is open.
import { one } from "../../dom";

const GAP = 8;

export class Pop {
  readonly element: HTMLDialogElement;
  #before: HTMLElement | null = null;
  #anchor: (() => DOMRect) | null = null;

  constructor(selector: string) {
    this.element = one<HTMLDialogElement>(selector);
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.close();
    });
    document.addEventListener("pointerdown", (event) => {
      if (this.element.open && !this.element.contains(event.target as Node)) this.close(false);
    });
    document.addEventListener("scroll", () => this.#place(), { capture: true, passive: true });
    addEventListener("resize", () => this.#place());
  }

  get open(): boolean {
    return this.element.open;
  }

  show(anchor: () => DOMRect): void {
    if (!this.element.open) this.#before = document.activeElement as HTMLElement | null;
    this.#anchor = anchor;
    this.element.show();
    this.#place();
  }

  close(refocus = true): void {
    if (!this.element.open) return;
    this.element.close();
    this.#anchor = null;
    if (refocus) this.#before?.focus({ preventScroll: true });
  }

  #place(): void {
    if (!this.#anchor || !this.element.open) return;
    const box = this.#anchor();
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const below = box.bottom + GAP + height < innerHeight;
    const top = below ? box.bottom + GAP : Math.max(GAP, box.top - GAP - height);
    const left = Math.max(GAP, Math.min(innerWidth - width - GAP, box.left - 16));
    this.element.style.setProperty("--top", `${top}px`);
    this.element.style.setProperty("--left", `${left}px`);
  }
}
