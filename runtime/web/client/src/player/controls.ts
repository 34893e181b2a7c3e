// Playback: buttons, speed, captions, full screen, and the sound alone where a picture cannot play.
import { announce, clock, maybe, one } from "../dom";
import type { PlayerData } from "./data";

const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2, 2.5];

export class Controls {
  readonly #position = one<HTMLInputElement>("[data-position]");
  readonly #time = one("[data-time]");
  readonly #chapter = one("[data-now-chapter]");
  readonly #speed = one<HTMLSelectElement>("[data-speed]");
  readonly #watchers: ((seconds: number) => void)[] = [];
  #shownSecond = -1;

  constructor(
    private readonly media: HTMLVideoElement,
    private readonly data: PlayerData,
    private readonly base: string,
    hasAudio: boolean,
  ) {
    const screen = one("[data-screen]");
    document.addEventListener("click", (event) => {
      const act = (event.target as Element).closest<HTMLElement>("[data-act]")?.dataset["act"];
      if (act) this.act(act);
    });
    media.addEventListener("click", () => this.act("play"));
    for (const name of ["play", "pause", "ended"]) media.addEventListener(name, () => this.#showState());
    media.addEventListener("volumechange", () => this.#showState());
    for (const name of ["seeked", "seeking", "timeupdate", "loadedmetadata"]) media.addEventListener(name, () => this.refresh());
    media.addEventListener("playing", () => this.#animate());
    const failed = () => (hasAudio ? this.#soundOnly(screen) : this.#nothing());
    const loaded = () => {
      const lacksPicture = !media.videoWidth && !screen.classList.contains("sound");
      if (hasAudio && lacksPicture && data.scenes.length) this.#soundOnly(screen);
    };
    media.addEventListener("loadedmetadata", loaded);
    // Small files fail or load before this script runs.
    if (media.readyState) loaded();
    if (media.error) failed();
    else media.addEventListener("error", failed, { once: true });
    this.#position.addEventListener("input", () => this.seek(Number(this.#position.value)));
    this.#speed.addEventListener("change", () => (media.playbackRate = Number(this.#speed.value)));
    this.#showState();
  }

  follow(watcher: (seconds: number) => void): void {
    this.#watchers.push(watcher);
  }

  seek(seconds: number, play = false): void {
    this.media.currentTime = Math.min(Math.max(0, seconds), this.data.duration || Infinity);
    this.refresh();
    if (play) void this.media.play().catch(() => undefined);
  }

  act(name: string): void {
    const { media } = this;
    if (name === "play") media.paused ? void media.play().catch(() => undefined) : media.pause();
    if (name === "back") this.seek(media.currentTime - 10);
    if (name === "forward") this.seek(media.currentTime + 10);
    if (name === "mute") media.muted = !media.muted;
    if (name === "captions") this.#toggleCaptions();
    if (name === "full") void this.#toggleFullScreen();
  }

  changeSpeed(step: number): void {
    const now = SPEEDS.indexOf(this.media.playbackRate);
    const speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, now + step))] ?? 1;
    this.media.playbackRate = speed;
    this.#speed.value = String(speed);
    announce(`Speed ${speed}`);
  }

  refresh(): void {
    const seconds = this.media.currentTime;
    this.#position.value = String(seconds);
    for (const watcher of this.#watchers) watcher(seconds);
    const whole = Math.floor(seconds);
    if (whole === this.#shownSecond) return;
    this.#shownSecond = whole;
    const chapter = this.data.chapters[this.data.chapterAt(seconds)]?.[2] ?? "";
    this.#time.textContent = clock(seconds);
    this.#chapter.textContent = chapter;
    this.#position.setAttribute("aria-valuetext", `${clock(seconds)} of ${clock(this.data.duration)}${chapter && `, ${chapter}`}`);
  }

  #animate(): void {
    if (this.media.paused) return;
    this.refresh();
    requestAnimationFrame(() => this.#animate());
  }

  #showState(): void {
    const { media } = this;
    document.body.classList.toggle("playing", !media.paused);
    if (!media.paused) document.body.classList.add("played");
    document.body.classList.toggle("muted", media.muted);
    one(".controls [data-act=play]").setAttribute("aria-label", media.paused ? "Play" : "Pause");
    one(".controls [data-act=mute]").setAttribute("aria-pressed", String(media.muted));
  }

  #toggleCaptions(): void {
    const track = [...this.media.textTracks].find(({ kind }) => kind === "captions");
    if (!track) return;
    track.mode = track.mode === "showing" ? "disabled" : "showing";
    one("[data-act=captions]").setAttribute("aria-pressed", String(track.mode === "showing"));
  }

  async #toggleFullScreen(): Promise<void> {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await one("[data-screen]").requestFullscreen?.();
  }

  /** Says that neither picture nor sound can be played. */
  #nothing(): void {
    one("[data-nothing-notice]").hidden = false;
  }

  #soundOnly(screen: HTMLElement): void {
    const at = this.media.currentTime;
    screen.classList.add("sound");
    maybe("[data-sound-notice]")?.removeAttribute("hidden");
    this.media.src = `${this.base}/audio`;
    this.media.currentTime = at;
  }
}
