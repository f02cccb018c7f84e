"use strict";

// Language: Chinese unless the reader chose English before.
const root = document.documentElement;
const languageButton = document.getElementById("language");
function speak(language) {
  root.dataset.lang = language;
  root.lang = language === "zh" ? "zh-CN" : "en";
  // A page opened as a file may be refused its storage; then the choice lasts as long as the page.
  try { localStorage.setItem("voicebot-report-language", language); } catch { /* see above */ }
}
try { if (localStorage.getItem("voicebot-report-language") === "en") speak("en"); } catch { /* see above */ }
languageButton.hidden = false;
languageButton.addEventListener("click", () => speak(root.dataset.lang === "zh" ? "en" : "zh"));
const say = (zh, en) => {
  document.getElementById("status").textContent = root.dataset.lang === "zh" ? zh : en;
};

// The list of calls: one grade at a time.
const filters = document.querySelector(".filters");
filters.hidden = false;
filters.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  if (!pressed) return;
  for (const button of filters.children) button.setAttribute("aria-pressed", String(button === pressed));
  const grade = pressed.dataset.grade;
  for (const each of document.querySelectorAll("tr[data-grade], details[data-grade]")) {
    each.hidden = grade !== "" && each.dataset.grade !== grade;
  }
});

// A link to a call opens it; paper has no folds.
function openTarget() {
  const call = location.hash.startsWith("#call-") && document.getElementById(location.hash.slice(1));
  if (!call) return;
  call.open = true;
  call.scrollIntoView();
}
addEventListener("hashchange", openTarget);
openTarget();
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details.call:not([open])")];
  for (const call of unfolded) call.open = true;
});
addEventListener("afterprint", () => { for (const call of unfolded) call.open = false; });

// Sound: gzip of mu-law, all of the caller and then all of the robot, to a stereo PCM WAV.
const linear = Int16Array.from({ length: 256 }, (_, coded) => {
  const code = ~coded & 255;
  const magnitude = ((((code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132;
  return code & 128 ? -magnitude : magnitude;
});
async function unpack(text, rate) {
  const zipped = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  const coded = new Uint8Array(await new Response(stream).arrayBuffer());
  const samples = coded.length / 2;
  const wav = new DataView(new ArrayBuffer(44 + samples * 4));
  const name = (at, letters) => [...letters].forEach((letter, index) => wav.setUint8(at + index, letter.charCodeAt(0)));
  name(0, "RIFF"); wav.setUint32(4, 36 + samples * 4, true); name(8, "WAVEfmt ");
  wav.setUint32(16, 16, true); wav.setUint16(20, 1, true); wav.setUint16(22, 2, true);
  wav.setUint32(24, rate, true); wav.setUint32(28, rate * 4, true);
  wav.setUint16(32, 4, true); wav.setUint16(34, 16, true);
  name(36, "data"); wav.setUint32(40, samples * 4, true);
  for (let index = 0; index < samples; index += 1) {
    wav.setInt16(44 + index * 4, linear[coded[index]], true);
    wav.setInt16(46 + index * 4, linear[coded[samples + index]], true);
  }
  return URL.createObjectURL(new Blob([wav], { type: "audio/wav" }));
}

const SPEEDS = [1, 1.5, 2, 0.75];
let playing = null;

function player(call) {
  const box = call.querySelector(".player");
  const packed = document.getElementById(`sound-${call.id.slice(5)}`);
  const find = (name) => box.querySelector(name);
  const play = find(".play");
  const position = find(".position");
  const now = find(".now");
  const speed = find(".speed");
  const zoom = find(".zoom");
  const track = call.querySelector(".track");
  const cursor = track.querySelector(".cursor");
  const scroll = call.querySelector(".scroll");
  const lines = [...call.querySelectorAll(".talk [data-from]")];
  const total = Number(track.dataset.total);
  const audio = new Audio();
  let ready = null;

  // Unpacked on first use: a page of many calls opens as fast as a page of one.
  const load = () => (ready ??= unpack(packed.textContent, Number(box.dataset.rate)).then((url) => {
    audio.src = url;
    return new Promise((resolve, reject) => {
      audio.addEventListener("loadedmetadata", resolve, { once: true });
      audio.addEventListener("error", () => reject(audio.error), { once: true });
    });
  }));
  function show() {
    const ms = audio.currentTime * 1000;
    cursor.hidden = false;
    cursor.style.setProperty("--x", `${(100 * ms) / total}%`);
    position.value = ms;
    const clock = `${Math.floor(ms / 60000)}:${(Math.floor(ms / 100) / 10 % 60).toFixed(1).padStart(4, "0")}`;
    now.value = clock;
    position.setAttribute("aria-valuetext", clock);
    for (const line of lines) {
      line.classList.toggle("playing", !audio.paused && ms >= line.dataset.from && ms < line.dataset.to);
    }
    const x = (ms / total) * track.offsetWidth;
    if (!audio.paused && (x < scroll.scrollLeft || x > scroll.scrollLeft + scroll.clientWidth * 0.9)) {
      scroll.scrollLeft = x - scroll.clientWidth * 0.1;
    }
  }
  function follow() {
    show();
    if (!audio.paused) requestAnimationFrame(follow);
  }
  async function start(ms) {
    try {
      await load();
      if (ms !== undefined) audio.currentTime = Math.min(ms / 1000, audio.duration);
      if (playing && playing !== audio) playing.pause();
      playing = audio;
      await audio.play();
    } catch {
      say("这个浏览器放不出这段录音，请打开旁边的 WAV 文件", "This browser cannot play it; open the WAV file beside the report");
      box.classList.add("broken");
    }
  }
  audio.addEventListener("play", () => { play.classList.add("on"); follow(); });
  audio.addEventListener("pause", () => { play.classList.remove("on"); show(); });
  audio.addEventListener("seeked", show);
  play.addEventListener("click", () => { if (audio.paused) start(); else audio.pause(); });
  position.addEventListener("input", async () => {
    const ms = Number(position.value);
    await load();
    audio.currentTime = ms / 1000;
  });
  track.addEventListener("click", (event) => {
    const edges = track.getBoundingClientRect();
    start(((event.clientX - edges.left) / edges.width) * total);
  });
  scroll.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    play.click();
  });
  for (const button of call.querySelectorAll("[data-seek]")) {
    button.addEventListener("click", () => start(Number(button.dataset.seek)));
  }
  speed.addEventListener("click", () => {
    const next = SPEEDS[(SPEEDS.indexOf(audio.playbackRate) + 1) % SPEEDS.length];
    audio.playbackRate = audio.defaultPlaybackRate = next;
    speed.textContent = `${next}×`;
  });
  let scale = 1;
  zoom.addEventListener("click", (event) => {
    const factor = Number(event.target.dataset.zoom);
    if (!factor) return;
    scale = Math.min(16, Math.max(1, scale * factor));
    track.style.setProperty("--zoom", scale);
  });
  for (const part of [play, position, now, speed, zoom]) part.hidden = false;
}

for (const call of document.querySelectorAll("details.call")) {
  const embedded = document.getElementById(`sound-${call.id.slice(5)}`);
  if (embedded && typeof DecompressionStream !== "undefined") {
    player(call);
  } else {
    for (const button of call.querySelectorAll("[data-seek]")) button.disabled = true;
  }
}
