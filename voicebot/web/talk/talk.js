"use strict";

const WORDS = {
  zh: {
    title: "语音客服", intro: "点一下就能通话，说什么、听成什么，都写在下面。", callHeading: "通话", number: "打给",
    you: "您", robot: "机器人", levelYou: "您的音量", levelRobot: "机器人的音量",
    call: "开始通话", end: "挂断", mute: "静音", unmute: "取消静音", keys: "按键", keypad: "拨号键盘", star: "星号", hash: "井号",
    words: "通话记录", empty: "接通以后，这里会逐句出现双方说的话。", result: "通话结果",
    private: "声音只传到运行 voicebot 的这台机器，不经过任何云服务。",
    idle: "还没有通话", calling: "正在接通…", talking: "通话中", muted: "通话中，已静音", ended: "通话已结束",
    understood: "理解为", lost: "没有听懂", cut: "被打断", silent: "没有听到声音", pressed: "按了", why: "结束原因", lasted: "通话时长",
    insecure: "浏览器只允许 https 或本机地址的页面使用麦克风。请用 https 打开，或在运行 voicebot 的电脑上打开。",
    denied: "没有得到麦克风权限。请在浏览器地址栏里允许使用麦克风，再试一次。",
    nomic: "没有找到麦克风。请接上麦克风，再试一次。",
    token: "链接不完整或已过期。请使用 voicebot serve 打印的完整地址。",
    busy: "线路正忙，请稍后再试。", unknown: "没有这个号码。", refused: "服务没有接受这次通话：", down: "连接不上服务，请确认 voicebot serve 还在运行。",
    media: "声音连接中断了。请检查网络，再试一次。",
    reasons: {
      finished: "正常结束", opted_out: "要求不再联系", transferred: "转人工", call_later: "改日再联系", caller_hung_up: "您挂断了",
      no_input: "一直没有声音", no_match: "多次没有听懂", too_long: "超过通话时限", too_many_turns: "超过轮次上限",
      recogniser_failed: "语音识别故障", recogniser_timeout: "语音识别超时", synthesiser_failed: "语音合成故障",
      line_failed: "线路中断", no_media: "线路没有声音", error: "程序错误",
    },
  },
  en: {
    title: "Talk to the robot", intro: "One click and you talk; what is said and what is heard is written below.", callHeading: "Call", number: "Call",
    you: "You", robot: "Robot", levelYou: "Your level", levelRobot: "The robot's level",
    call: "Call", end: "Hang up", mute: "Mute", unmute: "Unmute", keys: "Keypad", keypad: "Keypad", star: "star", hash: "hash",
    words: "Transcript", empty: "Once connected, what both sides say appears here, sentence by sentence.", result: "Outcome",
    private: "Sound goes to the machine that runs voicebot and to no cloud.",
    idle: "No call yet", calling: "Connecting…", talking: "Talking", muted: "Talking, muted", ended: "The call has ended",
    understood: "understood as", lost: "not understood", cut: "interrupted", silent: "Nothing was heard", pressed: "Pressed", why: "Ended because", lasted: "Length",
    insecure: "Browsers give the microphone only to pages over https or on this same machine. Open the page over https, or on the computer that runs voicebot.",
    denied: "The microphone was not allowed. Allow it in the address bar and try again.",
    nomic: "There is no microphone. Connect one and try again.",
    token: "The link is incomplete or out of date. Use the whole address that voicebot serve printed.",
    busy: "All lines are busy. Try again in a moment.", unknown: "There is no such number.", refused: "The call was not accepted: ", down: "The service cannot be reached. Is voicebot serve still running?",
    media: "The sound connection broke. Check the network and try again.",
    reasons: {
      finished: "finished", opted_out: "opted out", transferred: "transferred to a person", call_later: "call later", caller_hung_up: "you hung up",
      no_input: "no input", no_match: "not understood", too_long: "too long", too_many_turns: "too many turns",
      recogniser_failed: "recogniser failed", recogniser_timeout: "recogniser timed out", synthesiser_failed: "synthesiser failed",
      line_failed: "line failed", no_media: "no audio came", error: "error",
    },
  },
};

const $ = (id) => document.getElementById(id);
const token = decodeURIComponent(location.hash.slice(1));
const headers = { Authorization: `Bearer ${token}` };
const fromPath = decodeURIComponent(location.pathname.split("/")[2] || "");

let language = remembered() || "zh";
let settings = { numbers: [], iceServers: [] };
let call = null;
let status = { key: "idle", detail: "" };

function remembered() {
  try { return localStorage.getItem("language"); } catch { return null; }
}
const word = (key) => WORDS[language][key] ?? key;

function show(state, key, detail = "") {
  document.body.dataset.state = state;
  status = { key, detail };
  $("status").textContent = word(key) + detail;
}

function translate() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const each of document.querySelectorAll("[data-text]")) each.textContent = word(each.dataset.text);
  for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", word(each.dataset.label));
  for (const each of document.querySelectorAll("[data-reason]")) each.textContent = WORDS[language].reasons[each.dataset.reason] ?? each.dataset.reason;
  $("language").textContent = language === "zh" ? "English" : "中文";
  $("language").lang = language === "zh" ? "en" : "zh-CN";
  $("status").textContent = word(status.key) + status.detail;
  document.title = word("title");
}

/* Elements whose text follows the language. */
function text(tag, key, className = "") {
  const made = document.createElement(tag);
  made.dataset.text = key;
  made.textContent = word(key);
  made.className = className;
  return made;
}

/* The call */

class Call {
  constructor() {
    this.connection = new RTCPeerConnection({ iceServers: settings.iceServers });
    this.session = null;
    this.ended = false;
    this.began = 0;
    this.key = null;
  }

  async begin(microphone) {
    this.microphone = microphone;
    const [track] = microphone.getAudioTracks();
    this.sender = this.connection.addTrack(track, microphone);
    track.addEventListener("ended", () => this.fail("nomic"));
    meter(microphone, $("level-caller"), this);
    this.connection.addEventListener("track", (event) => {
      const voice = event.streams[0] ?? new MediaStream([event.track]);
      $("voice").srcObject = voice;
      $("voice").play().catch(() => {});
      meter(voice, $("level-robot"), this);
    });
    this.connection.addEventListener("connectionstatechange", () => {
      if (this.connection.connectionState === "connected" && !this.began) {
        this.began = Date.now();
        show("talking", "talking");
        for (const each of ["mute", "keys"]) $(each).disabled = false;
      }
      if (this.connection.connectionState === "failed") this.fail("media");
    });
    await this.connection.setLocalDescription();
    await gathered(this.connection);
    const number = $("number").value || fromPath || "any";
    const response = await fetch(`/calls/${encodeURIComponent(number)}`, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/sdp" },
      body: this.connection.localDescription.sdp,
    });
    if (response.status !== 201) {
      const known = { 401: "token", 404: "unknown", 429: "busy", 503: "busy" }[response.status];
      this.fail(known ?? "refused", known ? "" : (await response.json()).reason);
      return;
    }
    this.session = response.headers.get("Location");
    if (this.ended) return this.leave();
    this.follow();
    await this.connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
  }

  follow() {
    this.events = new WebSocket(new URL(`${this.session}/events`, location.href.replace(/^http/, "ws")));
    this.events.addEventListener("message", (event) => news(JSON.parse(event.data)));
    this.events.addEventListener("close", () => {
      if (!this.ended) this.fail(this.began ? "ended" : "media");
    });
  }

  press(key) {
    const tones = this.sender.dtmf;
    // What is inserted replaces what still waits.
    if (tones?.canInsertDTMF) tones.insertDTMF(tones.toneBuffer + key, 120, 70);
  }

  mute(silent) {
    for (const track of this.microphone.getAudioTracks()) track.enabled = !silent;
    show("talking", silent ? "muted" : "talking");
  }

  fail(key, detail = "") {
    if (this.ended) return;
    this.close();
    show(key === "ended" ? "ended" : "failed", key, detail);
  }

  leave() {
    if (this.session) fetch(this.session, { method: "DELETE", headers, keepalive: true }).catch(() => {});
  }

  close() {
    this.ended = true;
    this.connection.close();
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
    $("voice").srcObject = null;
    $("hearing").hidden = true;
    buttons(false);
  }
}

function gathered(connection) {
  return new Promise((resolve) => {
    const done = () => { if (connection.iceGatheringState === "complete") resolve(); };
    connection.addEventListener("icegatheringstatechange", done);
    setTimeout(resolve, 2000);
    done();
  });
}

async function start() {
  if (call && !call.ended) return;
  if (!window.isSecureContext || !navigator.mediaDevices) return show("failed", "insecure");
  show("calling", "calling");
  $("transcript").replaceChildren();
  $("result").hidden = true;
  $("clock").textContent = "";
  buttons(true);
  // Made within the click: a browser lets sound begin only then.
  sound ??= new AudioContext();
  sound.resume();
  const mine = (call = new Call());
  try {
    const microphone = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    });
    if (mine.ended) {
      for (const track of microphone.getTracks()) track.stop();
      return;
    }
    await mine.begin(microphone);
  } catch (error) {
    const known = { NotAllowedError: "denied", NotFoundError: "nomic", NotReadableError: "nomic", TypeError: "down" };
    mine.fail(known[error.name] ?? "refused", known[error.name] ? "" : error.message);
  }
}

function end() {
  if (!call || call.ended) return;
  call.leave();
  if (!call.began) {
    call.close();
    show("ended", "ended");
  }
  // Else the robot's last news, with the outcome, ends it.
}

function buttons(calling) {
  $("call").hidden = calling;
  $("end").hidden = !calling;
  $("number").disabled = calling;
  if (!calling) {
    for (const each of ["mute", "keys"]) $(each).disabled = true;
    keypad(false);
    muted(false);
  }
  (calling ? $("end") : $("call")).focus();
}

function muted(silent) {
  $("mute").setAttribute("aria-pressed", silent);
}

function keypad(open) {
  $("keypad").hidden = !open;
  $("keys").setAttribute("aria-expanded", open);
}

/* What happens in the call */

const bubbles = new Map();

function news(it) {
  switch (it.type) {
    case "robot": {
      const bubble = line("robot", it.text);
      bubbles.set(it.id, bubble);
      break;
    }
    case "cut":
      bubbles.get(it.id)?.append(text("small", "cut"));
      break;
    case "hearing":
      $("hearing").textContent = it.text;
      $("hearing").hidden = false;
      break;
    case "caller": {
      $("hearing").hidden = true;
      const bubble = line("caller", it.text || "…");
      const small = document.createElement("small");
      if (it.intent) {
        small.className = "understood";
        small.append(text("span", "understood"), ` ${it.intent} · ${Math.round(it.confidence * 100)} %`);
      } else {
        small.className = "lost";
        small.append(text("span", "lost"));
      }
      bubble.append(small);
      $("transcript").scrollTop = $("transcript").scrollHeight;
      break;
    }
    case "no_input":
      note("silent");
      break;
    case "key":
      note("pressed", ` ${it.key}`);
      break;
    case "ended":
      finish(it);
      break;
  }
}

function line(who, words) {
  $("empty").hidden = true;
  const bubble = document.createElement("li");
  bubble.className = who;
  bubble.append(text("span", who === "robot" ? "robot" : "you", "hidden"));
  const said = document.createElement("p");
  said.lang = "zh-CN";
  said.textContent = words;
  bubble.append(said);
  $("transcript").append(bubble);
  $("transcript").scrollTop = $("transcript").scrollHeight;
  return bubble;
}

function note(key, detail = "") {
  $("hearing").hidden = true;
  const bubble = document.createElement("li");
  bubble.className = "note";
  const said = document.createElement("p");
  said.append(text("span", key), detail);
  bubble.append(said);
  $("transcript").append(bubble);
  $("transcript").scrollTop = $("transcript").scrollHeight;
}

function finish(it) {
  call.close();
  show("ended", "ended");
  clock(it.duration_ms);
  const reason = document.createElement("span");
  reason.dataset.reason = it.reason;
  $("outcome").replaceChildren(row(text("dt", "why"), reason), row(text("dt", "lasted"), minutes(it.duration_ms)));
  for (const [name, value] of Object.entries(it.outcome)) {
    if (!value) continue;
    const term = document.createElement("dt");
    term.textContent = name;
    $("outcome").append(row(term, value));
  }
  $("result").hidden = false;
  translate();
  $("result").scrollIntoView({ block: "nearest" });
}

function row(term, value) {
  const made = document.createElement("div");
  const data = document.createElement("dd");
  data.append(value);
  made.append(term, data);
  return made;
}

const minutes = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

function clock(ms) {
  $("clock").textContent = minutes(ms);
}

setInterval(() => {
  if (call && !call.ended && call.began) clock(Date.now() - call.began);
}, 500);

/* Levels */

let sound = null;

function meter(stream, element, of) {
  const analyser = sound.createAnalyser();
  analyser.fftSize = 1024;
  sound.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const bar = element.firstElementChild;
  let shown = 0;
  const timer = setInterval(() => {
    if (of.ended) {
      clearInterval(timer);
      bar.style.width = "0";
      element.setAttribute("aria-valuenow", 0);
      return;
    }
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, each) => sum + each * each, 0) / samples.length;
    // -60 dBFS is nothing, -10 dBFS all of the bar.
    const level = Math.min(100, Math.max(0, (10 * Math.log10(power + 1e-9) + 60) * 2));
    shown = Math.max(level, shown * 0.8);
    bar.style.width = `${shown}%`;
    element.setAttribute("aria-valuenow", Math.round(shown));
  }, 60);
}

/* Controls */

$("call").addEventListener("click", start);
$("end").addEventListener("click", end);
$("mute").addEventListener("click", () => {
  const silent = $("mute").getAttribute("aria-pressed") !== "true";
  call.mute(silent);
  muted(silent);
});
$("keys").addEventListener("click", () => {
  keypad($("keypad").hidden);
  if (!$("keypad").hidden) $("keypad").firstElementChild.focus();
});
$("keypad").addEventListener("click", (event) => {
  if (event.target.tagName === "BUTTON") call.press(event.target.textContent);
});
document.addEventListener("keydown", (event) => {
  if ($("keypad").hidden || event.ctrlKey || event.altKey || event.metaKey) return;
  if (/^[0-9*#]$/.test(event.key)) call.press(event.key);
  if (event.key === "Escape") {
    keypad(false);
    $("keys").focus();
  }
});
$("language").addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  try { localStorage.setItem("language", language); } catch { /* It is asked again next time. */ }
  translate();
});
window.addEventListener("pagehide", () => {
  if (call && !call.ended) {
    call.leave();
    call.close();
  }
});
window.addEventListener("hashchange", () => location.reload());

async function load() {
  translate();
  try {
    const response = await fetch("/talk.json", { headers });
    if (!response.ok) return show("failed", response.status === 401 ? "token" : "down");
    settings = await response.json();
  } catch {
    return show("failed", "down");
  }
  for (const each of settings.numbers) {
    const title = each.called === "any" ? each.title : `${each.called} · ${each.title}`;
    $("number").add(new Option(title, each.called, false, each.called === fromPath));
  }
  document.querySelector(".choose").hidden = settings.numbers.length < 2 || fromPath !== "";
  if (!window.isSecureContext) show("failed", "insecure");
}

load();
