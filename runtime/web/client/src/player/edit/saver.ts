// Saves changes by themselves: in batches, in order, each once. What the service has not answered
// stays in the browser's storage, over a lost connection and a reload.
import { ApiProblem, call } from "../../requests";
import { asJson, named, nameMade, type Item } from "./changes";

const WAIT_MS = 400;
const LONGEST_WAIT_MS = 10_000;
const MOST_IN_BATCH = 50;
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

export type SaveState = "saved" | "waiting" | "saving" | "offline" | "signed-out";

export interface Journal {
  revision: number;
  can_undo: boolean;
  can_redo: boolean;
  entries: Entry[];
}

export interface Entry {
  number: number;
  author: string;
  at: number;
  undone: boolean;
  discarded: boolean;
  edit: Record<string, unknown>;
}

export interface Hooks {
  /** Learns the ids of words; false if the page shows another revision by now. */
  name(): Promise<boolean>;
  /** Shows the present revision and fits the changes that are not saved onto it. */
  rebase(): Promise<void>;
  changed(state: SaveState, count: number): void;
  /** Changes are in force in a revision. */
  saved(items: Item[], revision: number): void;
  refused(item: Item | null, problem: ApiProblem): void;
  /** All is saved. */
  settled(): void;
}

/** A change, or a command such as `edits/undo`. */
type Task = Item | string;

export interface Kept {
  revision: number;
  items: Item[];
}

export class Saver {
  journal: Journal | null = null;
  #tasks: Task[] = [];
  #batch: { tasks: Task[]; key: string } | null = null;
  #oneByOne = 0;
  #tries = 0;
  #timer = 0;
  #running = false;
  readonly #store: string;

  constructor(
    private readonly base: string,
    public revision: number,
    private readonly hooks: Hooks,
  ) {
    this.#store = `lifestream-edits:${base}`;
    addEventListener("online", () => this.#soon(0));
    document.addEventListener("visibilitychange", () => this.#soon(0));
  }

  get items(): Item[] {
    return this.#tasks.filter((task) => typeof task !== "string");
  }

  set items(items: Item[]) {
    this.#tasks = items;
    this.keep();
  }

  /** Changes of an earlier visit that were not saved, by the revision that the page had then. */
  kept(): Kept | null {
    try {
      return JSON.parse(localStorage.getItem(this.#store) ?? "null") as Kept | null;
    } catch {
      return null;
    }
  }

  add(task: Task): void {
    this.#tasks.push(task);
    this.keep();
    this.hooks.changed("waiting", this.#tasks.length);
    this.#soon(WAIT_MS);
  }

  /** Drops a change that is not sent yet. */
  drop(item: Item): boolean {
    const at = this.#tasks.indexOf(item);
    if (at < 0 || this.#batch?.tasks.includes(item)) return false;
    this.#tasks.splice(at, 1);
    this.keep();
    if (!this.#tasks.length) this.hooks.changed("saved", 0);
    return true;
  }

  waits(command: string): boolean {
    return this.#tasks.includes(command);
  }

  wake(): void {
    this.hooks.changed("waiting", this.#tasks.length);
    this.#soon(0);
  }

  #soon(ms: number): void {
    if (!this.#tasks.length) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), ms);
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    let goesOn = true;
    while (goesOn && this.#tasks.length) goesOn = await this.#step();
    this.#running = false;
    if (this.#tasks.length) return;
    this.hooks.changed("saved", 0);
    this.hooks.settled();
  }

  /** Sends a batch; false where it must wait. */
  async #step(): Promise<boolean> {
    try {
      const needsNames = this.items.some((item) => named(item.change).some(({ id, base }) => !id && base >= 0));
      if (needsNames && !(await this.hooks.name())) {
        await this.hooks.rebase();
        return true;
      }
      this.#batch ??= this.#next();
      if (!this.#batch.tasks.length) throw new ApiProblem(422, "edits.no_such_word", "A word of it is gone.", "");
      // What has failed stays shown until an attempt succeeds: a text that flickers is read aloud each time.
      if (!this.#tries) this.hooks.changed("saving", this.#tasks.length);
      await this.#send(this.#batch);
      this.#tries = 0;
      return true;
    } catch (error) {
      return await this.#failed(error);
    }
  }

  #next(): { tasks: Task[]; key: string } {
    const [first] = this.#tasks;
    const key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (typeof first === "string") return { tasks: [first], key };
    const tasks: Task[] = [];
    for (const task of this.#tasks) {
      // Words that an earlier change adds get their ids with its answer.
      if (typeof task === "string" || !named(task.change).every(({ id }) => id)) break;
      if (tasks.length === (this.#oneByOne ? 1 : MOST_IN_BATCH)) break;
      tasks.push(task);
    }
    return { tasks, key };
  }

  async #send({ tasks, key }: { tasks: Task[]; key: string }): Promise<void> {
    const [first] = tasks;
    const command = typeof first === "string" ? first : "edits";
    const items = tasks.filter((task) => typeof task !== "string");
    const body = command === "edits" ? { edits: items.map(({ change }) => asJson(change)) } : undefined;
    const headers = { "if-match": `"${this.revision}"`, "idempotency-key": key };
    this.journal = await call<Journal>("POST", `${this.base}/${command}`, body, headers);
    this.revision = this.journal.revision;
    const firstNumber = this.journal.entries.length - items.length + 1;
    items.forEach((item, index) => nameMade(item, firstNumber + index));
    this.hooks.saved(items, this.revision);
    this.#forget(tasks.length);
  }

  async #failed(error: unknown): Promise<boolean> {
    const problem = error instanceof ApiProblem ? error : null;
    if (problem?.status === 401) {
      this.hooks.changed("signed-out", this.#tasks.length);
      return false;
    }
    if (!problem || PASSING.has(problem.status) || problem.code === "idempotency.working") {
      this.#tries += 1;
      this.hooks.changed("offline", this.#tasks.length);
      this.#soon(Math.min(LONGEST_WAIT_MS, 500 * 2 ** this.#tries));
      return false;
    }
    const { tasks } = this.#batch ?? { tasks: [] };
    this.#batch = null;
    if (problem.status !== 412) {
      if (tasks.length > 1) {
        this.#oneByOne = tasks.length;
        return true;
      }
      const [refused] = this.#tasks;
      this.#forget(1);
      this.hooks.refused(typeof refused === "object" ? refused : null, problem);
    }
    try {
      await this.hooks.rebase();
      return true;
    } catch (again) {
      return again instanceof ApiProblem && again.status < 500 && again.status !== 401 ? false : this.#failed(again);
    }
  }

  #forget(count: number): void {
    this.#tasks.splice(0, count);
    this.#batch = null;
    this.#oneByOne = Math.max(0, this.#oneByOne - count);
    this.keep();
  }

  keep(): void {
    const { items } = this;
    try {
      if (items.length) localStorage.setItem(this.#store, JSON.stringify({ revision: this.keptRevision, items }));
      else localStorage.removeItem(this.#store);
    } catch {
      // A full or forbidden storage: the changes are in memory.
    }
  }

  /** The revision that the page's places of words belong to. */
  keptRevision = 0;
}
