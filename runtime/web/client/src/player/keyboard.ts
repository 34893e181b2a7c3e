// Keys for everything.
import { one, typing } from "../dom";
import type { Controls } from "./controls";
import type { Search } from "./search";
import type { Transcript } from "./transcript";

interface Parts {
  controls: Controls;
  transcript: Transcript;
  search: Search;
  share: () => void;
  chapter: (step: number) => void;
}

const more: Record<string, () => void> = {};

/** Adds keys of a part that is loaded later. */
export function addKeys(keys: Record<string, () => void>): void {
  Object.assign(more, keys);
}

export function listen({ controls, transcript, search, share, chapter }: Parts): void {
  const media = one<HTMLVideoElement>("[data-media]");
  const keys: Record<string, () => void> = {
    k: () => controls.act("play"),
    j: () => controls.act("back"),
    l: () => controls.act("forward"),
    ArrowLeft: () => controls.seek(media.currentTime - 5),
    ArrowRight: () => controls.seek(media.currentTime + 5),
    ArrowUp: () => transcript.choose(-1),
    ArrowDown: () => transcript.choose(1),
    "/": () => search.open(),
    n: () => search.go(1),
    N: () => search.go(-1),
    "[": () => chapter(-1),
    "]": () => chapter(1),
    "<": () => controls.changeSpeed(-1),
    ">": () => controls.changeSpeed(1),
    c: () => controls.act("captions"),
    m: () => controls.act("mute"),
    f: () => controls.act("full"),
    s: share,
    "?": () => one<HTMLDialogElement>("#keys").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const target = event.target as Element;
    const onControl = target.closest("button, a, summary, [role=menuitem]");
    let act = keys[event.key] ?? more[event.key];
    if (event.key === " " && !onControl) act = () => controls.act("play");
    if (/^[0-9]$/.test(event.key)) act = () => controls.seek((media.duration || 0) * (Number(event.key) / 10));
    if (!act) return;
    event.preventDefault();
    act();
  });
}
