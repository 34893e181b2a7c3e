// The timeline: pictures of scenes, chapters, who speaks when, hits of a search, and the position.
import { all, clock, make, one } from "../dom";
import type { PlayerData } from "./data";

const TILE_PIXELS = 84;
const MOST_LANES = 6;
const LANE_PIXELS = 6;
const GAP_PIXELS = 3;

const WAVE_PIXELS = 32;

interface Waveform {
  starts_at_seconds: number;
  seconds_per_peak: number;
  /** 0 to 100. */
  peaks: number[];
}

export class Timeline {
  readonly #root = one("[data-timeline]");
  readonly #strip = one("[data-strip]");
  readonly #lanes = one<HTMLCanvasElement>("[data-lanes]");
  readonly #playhead = one("[data-playhead]");
  readonly #hits = one("[data-hits]");
  readonly #preview = one("[data-preview]");
  readonly #waveform = one<HTMLCanvasElement>("[data-waveform]");
  #peaks: Waveform | null = null;
  #width = 0;
  #tiles = 0;
  #chapter = -2;

  constructor(
    media: HTMLMediaElement,
    private readonly data: PlayerData,
    private readonly base: string,
  ) {
    this.#strip.hidden = !data.scenes.some(([, , thumbnail]) => thumbnail);
    this.#drawChapters();
    new ResizeObserver(() => {
      this.#draw();
      this.show(media.currentTime);
    }).observe(this.#root);
    const redraw = () =>
      requestAnimationFrame(() => {
        this.#drawLanes();
        this.#drawWaveform();
      });
    document.addEventListener("themechange", redraw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    this.#root.addEventListener("pointermove", (event) => this.#showPreview(event));
    this.#root.addEventListener("pointerleave", () => (this.#preview.hidden = true));
  }

  show(seconds: number): void {
    this.#playhead.style.transform = `translateX(${this.#x(seconds)}px)`;
    const chapter = this.data.chapterAt(seconds);
    if (chapter === this.#chapter) return;
    this.#chapter = chapter;
    for (const element of all("[data-chapter]")) {
      element.classList.toggle("now", element.dataset["chapter"] === String(chapter));
    }
  }

  /** Reads how loud the recording is, and draws it. */
  async loadWaveform(address: string): Promise<void> {
    const answer = await fetch(address).catch(() => null);
    if (!answer?.ok) return;
    this.#peaks = (await answer.json()) as Waveform;
    this.#drawWaveform();
  }

  #drawWaveform(): void {
    if (!this.#peaks?.peaks.length || !this.#width || !this.data.duration) return;
    const { starts_at_seconds: begins, seconds_per_peak: each, peaks } = this.#peaks;
    const scale = Math.min(2, devicePixelRatio || 1);
    const canvas = this.#waveform;
    canvas.width = Math.round(this.#width * scale);
    canvas.height = WAVE_PIXELS * scale;
    const context = canvas.getContext("2d");
    if (!context) return;
    context.scale(scale, scale);
    context.fillStyle = getComputedStyle(canvas).color;
    // A bar every two pixels shows the loudest peak of its time.
    for (let x = 0; x < this.#width; x += 2) {
      const [from, to] = [x, x + 2].map((at) => ((at / this.#width) * this.data.duration - begins) / each);
      let loudest = 0;
      for (let at = Math.max(0, Math.floor(from ?? 0)); at < Math.max(Math.floor(from ?? 0) + 1, to ?? 0); at += 1) {
        loudest = Math.max(loudest, peaks[at] ?? 0);
      }
      const height = Math.max(1, (loudest / 100) * WAVE_PIXELS);
      context.fillRect(x, (WAVE_PIXELS - height) / 2, 1.4, height);
    }
  }

  /** Draws who speaks again, and the titles of chapters. */
  changed(): void {
    all("[data-chapter-marks] bdi").forEach((title, index) => (title.textContent = this.data.chapters[index]?.[2] ?? ""));
    this.#drawLanes();
  }

  showHits(times: number[]): void {
    const shown = times.length > 400 ? times.filter((_, index) => index % Math.ceil(times.length / 400) === 0) : times;
    this.#hits.replaceChildren(
      ...shown.map((seconds) => {
        const tick = make("i");
        tick.style.left = `${(seconds / this.data.duration) * 100}%`;
        return tick;
      }),
    );
  }

  #x(seconds: number): number {
    return this.data.duration ? (Math.min(seconds, this.data.duration) / this.data.duration) * this.#width : 0;
  }

  #draw(): void {
    const width = this.#root.clientWidth;
    if (!width || width === this.#width) return;
    this.#width = width;
    this.#drawStrip();
    this.#drawLanes();
    this.#drawWaveform();
  }

  #drawStrip(): void {
    const tiles = Math.max(3, Math.round(this.#width / TILE_PIXELS));
    if (this.#strip.hidden || tiles === this.#tiles) return;
    this.#tiles = tiles;
    this.#strip.replaceChildren(
      ...Array.from({ length: tiles }, (_, index) => {
        const thumbnail = this.#thumbnail(((index + 0.5) / tiles) * this.data.duration);
        const image = make("img", { alt: "", decoding: "async", width: TILE_PIXELS, height: 48 });
        if (thumbnail) image.src = thumbnail;
        return image;
      }),
    );
  }

  #thumbnail(seconds: number): string | null {
    const name = this.data.scenes[this.data.sceneAt(seconds)]?.[2];
    return name ? `${this.base}/files/${name}` : null;
  }

  #drawChapters(): void {
    const marks = one("[data-chapter-marks]");
    marks.hidden = this.data.chapters.length < 2;
    this.data.chapters.forEach(([start, end, title], index) => {
      const segment = make("span", {}, make("bdi", { textContent: title }));
      segment.dataset["chapter"] = String(index);
      segment.style.flexGrow = String(Math.max(0.1, end - start));
      marks.append(segment);
    });
  }

  #drawLanes(): void {
    const { speakers, turns } = this.data;
    const lanes = Math.min(MOST_LANES, speakers.length);
    this.#lanes.hidden = !lanes;
    if (!lanes || !this.#width) return;
    const height = lanes * (LANE_PIXELS + GAP_PIXELS) + GAP_PIXELS;
    const scale = Math.min(2, devicePixelRatio || 1);
    this.#lanes.width = Math.round(this.#width * scale);
    this.#lanes.height = Math.round(height * scale);
    this.#lanes.style.height = `${height}px`;
    const context = this.#lanes.getContext("2d");
    if (!context) return;
    context.scale(scale, scale);
    const styles = getComputedStyle(document.documentElement);
    const probe = make("span", { className: "probe" });
    document.body.append(probe);
    const colours = speakers.map(({ colour }) => {
      probe.className = `probe c${colour ?? ""}`;
      return getComputedStyle(probe).color;
    });
    probe.remove();
    context.fillStyle = styles.getPropertyValue("--lane") || "rgb(128 128 128 / 0.16)";
    for (let lane = 0; lane < lanes; lane += 1) {
      context.fillStyle = "rgb(128 128 128 / 0.14)";
      context.fillRect(0, GAP_PIXELS + lane * (LANE_PIXELS + GAP_PIXELS), this.#width, LANE_PIXELS);
    }
    for (const [speaker, startMs, endMs] of turns) {
      if (speaker < 0) continue;
      const lane = Math.min(speaker, lanes - 1);
      context.fillStyle = colours[speaker] ?? "gray";
      const left = this.#x(startMs / 1000);
      const wide = Math.max(1, this.#x(endMs / 1000) - left);
      context.fillRect(left, GAP_PIXELS + lane * (LANE_PIXELS + GAP_PIXELS), wide, LANE_PIXELS);
    }
  }

  #showPreview(event: PointerEvent): void {
    const { left, width } = this.#root.getBoundingClientRect();
    const x = Math.min(width, Math.max(0, event.clientX - left));
    const seconds = (x / width) * this.data.duration;
    const thumbnail = this.#thumbnail(seconds);
    const image = one<HTMLImageElement>("[data-preview-image]");
    image.hidden = !thumbnail;
    if (thumbnail && image.getAttribute("src") !== thumbnail) image.src = thumbnail;
    const chapter = this.data.chapters[this.data.chapterAt(seconds)]?.[2];
    const turn = this.data.turns.find(([, start, end]) => start <= seconds * 1000 && end >= seconds * 1000);
    const who = turn ? this.data.speakers[turn[0]]?.name : undefined;
    one("[data-preview-text]").textContent = [clock(seconds), who, chapter].filter(Boolean).join(" · ");
    this.#preview.hidden = false;
    const half = this.#preview.offsetWidth / 2;
    this.#preview.style.transform = `translateX(${Math.min(width - half, Math.max(half, x)) - half}px)`;
  }
}
