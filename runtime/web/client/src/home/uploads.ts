// The list of uploads: progress, pause, continue, and what went wrong.
import { announce, bytes, make, one } from "../dom";
import { begun, find, forget, remember, type Begun } from "./remembered";
import { ApiProblem, send } from "../requests";
import type { Problem } from "./rules";
import { Transfer, type Upload } from "./transfer";

interface Confirmed {
  job: { job_id: string };
}

class Item {
  readonly element = make("li", { className: "upload" });
  readonly #note = make("span", { className: "soft upload-note" });
  readonly #bar = make("progress", { className: "bar", max: 100, value: 0 });
  readonly #buttons = make("span", { className: "upload-buttons" });

  constructor(name: string) {
    const title = make("bdi", { className: "upload-name", textContent: name });
    this.#bar.setAttribute("aria-label", `Upload of ${name}`);
    this.element.append(make("span", { className: "upload-text" }, title, this.#note), this.#buttons, this.#bar);
  }

  show(note: string, fraction: number | null, ...buttons: [string, () => void][]): void {
    this.#note.textContent = note;
    this.#bar.hidden = fraction === null;
    if (fraction !== null) this.#bar.value = fraction * 100;
    const wanted = buttons.map(([label]) => label).join();
    if (this.#buttons.dataset["for"] === wanted) return;
    this.#buttons.dataset["for"] = wanted;
    this.#buttons.replaceChildren(
      ...buttons.map(([label, act]) => {
        const button = make("button", { type: "button", className: "button small", textContent: label });
        button.addEventListener("click", act);
        return button;
      }),
    );
  }

  fail(problem: Problem, ...buttons: [string, () => void][]): void {
    this.element.classList.add("failed");
    this.element.setAttribute("role", "alert");
    this.show(`${problem.message} ${problem.remedy}`, null, ...buttons);
  }

  recover(): void {
    this.element.classList.remove("failed");
    this.element.removeAttribute("role");
  }
}

export class Uploads {
  readonly #list: HTMLElement;
  readonly #waiting = new Map<string, Item>();

  constructor(
    private readonly section: HTMLElement,
    private readonly options: () => Record<string, unknown>,
  ) {
    this.#list = one("[data-upload-list]", section);
    for (const item of begun()) this.#showInterrupted(item);
    addEventListener("beforeunload", (event) => {
      if (this.#list.querySelector("[data-sending]")) event.preventDefault();
    });
  }

  refuse(file: File, problem: Problem): void {
    const item = this.#item(file.name);
    item.fail(problem, ["Dismiss", () => this.#remove(item)]);
  }

  add(file: File): void {
    const earlier = find(file);
    const waiting = earlier && this.#waiting.get(earlier.upload_id);
    if (waiting) this.#remove(waiting);
    void this.#send(this.#item(file.name), file, earlier);
  }

  async #send(item: Item, file: File, earlier?: Begun): Promise<void> {
    item.recover();
    item.element.dataset["sending"] = "";
    try {
      item.show("Preparing", 0);
      const upload = (earlier && (await this.#continued(earlier))) ?? (await this.#begin(file));
      const record = { upload_id: upload.upload_id, name: file.name, size: file.size, modified: file.lastModified };
      const started = performance.now();
      let first = -1;
      const transfer = new Transfer(file, upload, (sent) => {
        if (first < 0) first = sent;
        remember({ ...record, sent, at: Date.now() });
        const rate = ((sent - first) / (performance.now() - started)) * 1000;
        const left = rate > 0 ? (file.size - sent) / rate : Infinity;
        const remaining = Number.isFinite(left) && left > 2 ? `, ${left > 90 ? `${Math.round(left / 60)} min` : `${Math.round(left)} s`} left` : "";
        item.show(`${bytes(sent)} of ${bytes(file.size)}${remaining}`, sent / file.size, ["Pause", pause], ["Cancel", cancel]);
      });
      remember({ ...record, sent: 0, at: Date.now() });
      const pause = () => transfer.pause();
      const cancel = () => {
        transfer.pause();
        this.#remove(item);
        forget(upload.upload_id);
        void send("DELETE", `/data/uploads/${upload.upload_id}`).catch(() => undefined);
      };
      item.show(`0 of ${bytes(file.size)}`, 0, ["Pause", pause], ["Cancel", cancel]);
      if (!(await transfer.run())) {
        delete item.element.dataset["sending"];
        item.show("Paused", null, ["Continue", () => void this.#send(item, file, { ...record, sent: 0, at: 0 })], ["Cancel", cancel]);
        return;
      }
      item.show("Checking", 1);
      await transfer.confirm<Confirmed>();
      forget(upload.upload_id);
      this.#remove(item);
      announce(`${file.name} is uploaded. The work begins.`);
    } catch (error) {
      delete item.element.dataset["sending"];
      const known = error instanceof ApiProblem;
      const problem = {
        message: known ? error.message : "The upload failed.",
        remedy: known ? error.remedy : "Check the connection and try again.",
      };
      item.fail(problem, ["Try again", () => void this.#send(item, file, find(file))], ["Dismiss", () => this.#remove(item)]);
    }
  }

  #begin(file: File): Promise<Upload> {
    return send<Upload>("POST", "/data/uploads", {
      name: file.name,
      size_bytes: file.size,
      ...(file.type && { content_type: file.type }),
      options: this.options(),
    });
  }

  async #continued(earlier: Begun): Promise<Upload | null> {
    try {
      return await send<Upload>("GET", `/data/uploads/${earlier.upload_id}`);
    } catch (error) {
      forget(earlier.upload_id);
      if (error instanceof ApiProblem && (error.status === 404 || error.status === 410)) return null;
      throw error;
    }
  }

  #showInterrupted(earlier: Begun): void {
    const item = this.#item(earlier.name);
    this.#waiting.set(earlier.upload_id, item);
    const percent = Math.round((earlier.sent / earlier.size) * 100);
    const drop = () => {
      forget(earlier.upload_id);
      this.#remove(item);
      void send("DELETE", `/data/uploads/${earlier.upload_id}`).catch(() => undefined);
    };
    item.show(
      `Interrupted at ${percent} %. Choose the same file again to continue.`,
      earlier.sent / earlier.size,
      ["Choose file", () => one<HTMLInputElement>("[data-files]").click()],
      ["Forget", drop],
    );
  }

  #item(name: string): Item {
    const item = new Item(name);
    this.#list.append(item.element);
    this.section.hidden = false;
    return item;
  }

  #remove(item: Item): void {
    item.element.remove();
    this.section.hidden = !this.#list.children.length;
  }
}
