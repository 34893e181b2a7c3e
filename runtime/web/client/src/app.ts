// The script of all pages but the player.
import { maybe } from "./dom";
import { startPage } from "./page";

startPage();
const parts: Promise<unknown>[] = [];
if (maybe("[hx-get], [hx-post]")) parts.push(import("./hypertext"));
if (maybe("[data-drop]")) parts.push(import("./home/home").then((module) => module.startHome()));
if (maybe("[data-job]")) parts.push(import("./job").then((module) => module.startJob()));
void Promise.all(parts).then(() => (document.body.dataset["ready"] = ""));
