// Sends one file in parts to presigned addresses; can pause, and continue where an upload stopped.
import { ApiProblem, send } from "../requests";

const AT_ONCE = 3;
const TRIES = 5;
const ADDRESSES_AT_ONCE = 20;

interface Part {
  number: number;
  url: string;
  headers?: Record<string, string>;
}

export interface Upload {
  upload_id: string;
  method: "single" | "multipart";
  url: string | null;
  headers?: Record<string, string> | null;
  part_size: number | null;
  parts: Part[];
  parts_present?: { number: number; size_bytes: number; etag: string }[];
}

export class Transfer {
  readonly #etags = new Map<number, string>();
  readonly #sent = new Map<number, number>();
  readonly #running = new Set<XMLHttpRequest>();
  #paused = false;

  constructor(
    readonly file: File,
    readonly upload: Upload,
    private readonly progressed: (sentBytes: number) => void,
  ) {
    for (const part of upload.parts_present ?? []) {
      this.#etags.set(part.number, part.etag);
      this.#sent.set(part.number, part.size_bytes);
    }
  }

  pause(): void {
    this.#paused = true;
    for (const request of this.#running) request.abort();
  }

  /** Sends what is missing; resolves to false when paused. */
  async run(): Promise<boolean> {
    this.#paused = false;
    const { upload, file } = this;
    if (upload.method === "single") {
      const etag = await this.#put(0, upload.url ?? "", upload.headers ?? {}, file);
      if (this.#paused) return false;
      if (etag) this.#etags.set(1, etag);
      return true;
    }
    const size = upload.part_size ?? file.size;
    const missing = Array.from({ length: Math.max(1, Math.ceil(file.size / size)) }, (_, index) => index + 1).filter(
      (number) => !this.#etags.has(number),
    );
    const addresses = new Map(upload.parts.map((part) => [part.number, part]));
    const work = async (): Promise<void> => {
      for (let number = missing.shift(); number !== undefined && !this.#paused; number = missing.shift()) {
        const part = addresses.get(number) ?? (await this.#addresses([number, ...missing], addresses)).get(number);
        if (!part) throw new ApiProblem(500, "", "The service gave no address for a part.", "Try again.");
        const blob = file.slice((number - 1) * size, number * size);
        const etag = await this.#put(number, part.url, part.headers ?? {}, blob);
        if (!this.#paused) this.#etags.set(number, etag ?? "");
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return !this.#paused;
  }

  confirm<T>(): Promise<T> {
    const known = [...this.#etags].filter(([, etag]) => etag).sort(([a], [b]) => a - b);
    const parts = known.map(([number, etag]) => ({ number, etag }));
    const complete = this.upload.method === "multipart" && parts.length === this.#etags.size;
    const address = `/data/uploads/${this.upload.upload_id}/confirm`;
    return send("POST", address, complete ? { parts } : {}, `confirm-${this.upload.upload_id}`);
  }

  async #addresses(numbers: number[], known: Map<number, Part>): Promise<Map<number, Part>> {
    const wanted = { numbers: numbers.slice(0, ADDRESSES_AT_ONCE) };
    const answer = await send<{ parts: Part[] }>("POST", `/data/uploads/${this.upload.upload_id}/parts`, wanted);
    for (const part of answer.parts) known.set(part.number, part);
    return known;
  }

  async #put(number: number, url: string, headers: Record<string, string>, blob: Blob): Promise<string | null> {
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.#attempt(number, url, headers, blob);
      } catch (error) {
        this.#sent.delete(number);
        if (this.#paused) return null;
        if (tried === TRIES || (error instanceof ApiProblem && error.status < 500 && error.status !== 429)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tried));
      }
    }
  }

  #attempt(number: number, url: string, headers: Record<string, string>, blob: Blob): Promise<string | null> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.#running.add(request);
      request.open("PUT", url);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => this.#report(number, event.loaded);
      request.onloadend = () => {
        this.#running.delete(request);
        if (request.status >= 200 && request.status < 300) {
          this.#report(number, blob.size);
          resolve(request.getResponseHeader("etag"));
        } else {
          const why = request.status ? `The storage refused the data (${request.status}).` : "The connection was lost.";
          reject(new ApiProblem(request.status || 599, "", why, "Check the connection and continue."));
        }
      };
      request.send(blob);
    });
  }

  #report(number: number, bytes: number): void {
    this.#sent.set(number, bytes);
    this.progressed([...this.#sent.values()].reduce((sum, sent) => sum + sent, 0));
  }
}
