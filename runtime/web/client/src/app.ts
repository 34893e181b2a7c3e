// The script of all pages but the player.
import { maybe } from "./dom";
import { startPage } from "./page";

startPage();
if (maybe("[hx-get], [hx-post]")) void import("./hypertext");
if (maybe("[data-drop]")) void import("./home/home").then((module) => module.startHome());
if (maybe("[data-job]")) void import("./job").then((module) => module.startJob());
