// Marks stretches of text without changing the page (CSS Custom Highlight API). Browsers without
// it mark nothing but the paragraph.

const supported = "highlights" in CSS;

export function mark(name: string, ranges: Iterable<Range>, priority = 0): void {
  if (!supported) return;
  const highlight = new Highlight(...ranges);
  highlight.priority = priority;
  CSS.highlights.set(name, highlight);
}

export function unmark(name: string): void {
  if (supported) CSS.highlights.delete(name);
}

export function range(text: Text, start: number, end: number): Range {
  const made = document.createRange();
  made.setStart(text, Math.min(start, text.length));
  made.setEnd(text, Math.min(end, text.length));
  return made;
}
