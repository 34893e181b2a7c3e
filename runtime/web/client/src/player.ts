// The player's page: recording, timeline and transcript move together.
import { announce, maybe, one } from "./dom";
import { Controls } from "./player/controls";
import { PlayerData, read } from "./player/data";
import { listen } from "./player/keyboard";
import { Search } from "./player/search";
import { Timeline } from "./player/timeline";
import { Transcript } from "./player/transcript";
import { startPage } from "./page";

startPage();
void start();

async function start(): Promise<void> {
  const root = one("[data-player]");
  const base = root.dataset["player"] ?? "";
  const media = one<HTMLVideoElement>("[data-media]");
  const data = new PlayerData(await read(`${base}/player.json`));
  const transcript = new Transcript(media, data);
  const controls = new Controls(media, data, base, root.dataset["hasAudio"] === "true");
  const timeline = new Timeline(media, data, base);
  const search = new Search(transcript, timeline);

  controls.follow((seconds) => {
    transcript.show(seconds);
    timeline.show(seconds);
    showSpeaker(data, transcript);
  });
  one("[data-about]").addEventListener("click", (event) => {
    const speaker = (event.target as Element).closest<HTMLElement>("[data-speaker]");
    const turn = speaker && data.nextTurn(Number(speaker.dataset["speaker"]), media.currentTime * 1000);
    if (typeof turn === "number") {
      controls.seek(turn / 1000);
      transcript.follow(true);
    }
    const link = (event.target as Element).closest<HTMLElement>("[data-seek]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    controls.seek(Number(link.dataset["seek"]), true);
    transcript.follow(true);
  });
  const share = () => void copyLink(base, media.currentTime);
  one("[data-share]").addEventListener("click", share);
  listen({ controls, transcript, search, share, chapter: (step) => controls.seek(data.chapterFrom(media.currentTime, step)) });

  const from = Number(root.dataset["start"] || 0);
  if (from > 0) controls.seek(from);
  else controls.refresh();
  maybe("[data-hint-close]")?.addEventListener("click", () => {
    document.cookie = "hint=seen; path=/; max-age=31536000; samesite=lax";
    one("[data-hint]").remove();
    one("[data-scroller]").focus({ preventScroll: true });
  });
  document.body.dataset["ready"] = "";
  if (root.dataset["waveformAt"]) void timeline.loadWaveform(root.dataset["waveformAt"]);
  if (!maybe("[data-edit]")) return;
  const { Editing } = await import("./player/edit/editing");
  new Editing({ base, data, media, transcript, search, timeline, controls });
}

function showSpeaker(data: PlayerData, transcript: Transcript): void {
  const who = maybe("[data-sound-who]");
  if (!who || !one("[data-screen]").classList.contains("sound")) return;
  const paragraph = transcript.active;
  const speaker = data.speakers[data.turns[paragraph]?.[0] ?? -1];
  const name = speaker?.name ?? "";
  if (who.textContent !== name) who.textContent = name;
  who.className = `sound-who c${speaker?.colour ?? ""}`;
  const words = transcript.wordsAround();
  const into = one("[data-sound-words]");
  if (into.textContent !== words) into.textContent = words;
}

async function copyLink(base: string, seconds: number): Promise<void> {
  const address = `${location.origin}${base}?t=${seconds.toFixed(1)}`;
  history.replaceState(null, "", `${base}?t=${seconds.toFixed(1)}`);
  try {
    await navigator.clipboard.writeText(address);
    announce("Link to this moment copied");
  } catch {
    announce("The address bar now holds a link to this moment");
  }
}
