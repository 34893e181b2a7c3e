// Uploads that were begun, so that a page loaded later can continue them.
const KEY = "lifestream-uploads";
const MAX_AGE_MS = 7 * 24 * 3600 * 1000;

export interface Begun {
  upload_id: string;
  name: string;
  size: number;
  modified: number;
  sent: number;
  at: number;
}

export function begun(): Begun[] {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "[]") as Begun[];
    return stored.filter((item) => Date.now() - item.at < MAX_AGE_MS);
  } catch {
    return [];
  }
}

export function find(file: File): Begun | undefined {
  return begun().find(({ name, size, modified }) => name === file.name && size === file.size && modified === file.lastModified);
}

export function remember(item: Begun): void {
  store([...begun().filter((other) => other.upload_id !== item.upload_id), item]);
}

export function forget(uploadId: string): void {
  store(begun().filter((item) => item.upload_id !== uploadId));
}

function store(items: Begun[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(items));
  } catch {
    // Without storage an upload cannot be continued later, but works.
  }
}
