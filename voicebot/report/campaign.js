"use strict";

// Language: Chinese unless the reader chose English before; the same choice as in a run's report.
const root = document.documentElement;
root.classList.remove("no-script");
const languageButton = document.getElementById("language");
const data = JSON.parse(document.getElementById("data").textContent);
const KEY = "voicebot-report-language";
function speak(language) {
  root.dataset.lang = language;
  root.lang = language === "zh" ? "zh-CN" : "en";
  // A page opened as a file may be refused its storage; then the choice lasts as long as the page.
  try { localStorage.setItem(KEY, language); } catch { /* see above */ }
  draw();
}
const tr = (zh, en) => (root.dataset.lang === "zh" ? zh : en);
const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
const percent = (value) => `${(100 * value).toFixed(1)}%`;

const charts = new Map();
function show(id, option) {
  const place = document.getElementById(id);
  if (!place) return;
  // SVG prints sharply, and its text is text.
  if (!charts.has(id)) charts.set(id, echarts.init(place, null, { renderer: "svg" }));
  charts.get(id).setOption(
    {
      animation: false,
      textStyle: { fontFamily: "inherit", color: colour("--ink") },
      aria: { enabled: true },
      grid: { left: 8, right: 8, top: 40, bottom: 4, containLabel: true },
      ...option,
    },
    true,
  );
}
const axis = (more) => ({
  axisLabel: { color: colour("--soft") },
  axisLine: { lineStyle: { color: colour("--line") } },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: colour("--faint") } },
  ...more,
});
const legend = () => ({ top: 0, left: 0, itemWidth: 14, itemHeight: 8, textStyle: { color: colour("--soft") } });

// Calls as bars, the share that was answered as a line over them.
function volume(id, rows, name) {
  show(id, {
    legend: legend(),
    tooltip: {
      trigger: "axis",
      formatter: ([{ dataIndex }]) => {
        const [label, dialled, answered, likely] = rows[dataIndex];
        return [
          `<b>${name(label)}</b>`,
          `${tr("拨打", "Dialled")} ${dialled.toLocaleString()}`,
          `${tr("接通", "Answered")} ${answered.toLocaleString()} / ${dialled.toLocaleString()} · ${percent(answered / dialled)}`,
          `${tr("意向 A、B", "Intention A, B")} ${likely.toLocaleString()} / ${answered.toLocaleString()}${answered ? ` · ${percent(likely / answered)}` : ""}`,
        ].join("<br>");
      },
    },
    xAxis: axis({ type: "category", data: rows.map(([label]) => name(label)) }),
    yAxis: [
      axis({ type: "value" }),
      axis({ type: "value", min: 0, axisLabel: { color: colour("--soft"), formatter: (value) => `${Math.round(100 * value)}%` }, splitLine: { show: false } }),
    ],
    series: [
      { type: "bar", name: tr("拨打", "Dialled"), data: rows.map((row) => row[1]), color: colour("--robot-soft"), barMaxWidth: 34, barGap: "-100%" },
      { type: "bar", name: tr("接通", "Answered"), data: rows.map((row) => row[2]), color: colour("--robot"), barMaxWidth: 34 },
      { type: "line", name: tr("接通率", "Connect rate"), yAxisIndex: 1, data: rows.map((row) => (row[1] ? row[2] / row[1] : null)), color: colour("--caller"), symbolSize: 7, lineStyle: { width: 2 } },
    ],
  });
}

function week() {
  const hours = [...new Set(data.week.map(([, hour]) => hour))].sort((a, b) => a - b);
  const days = data.weekdays.map(([zh, en]) => tr(zh, en));
  const points = data.week.map(([day, hour, dialled, answered]) => [hours.indexOf(hour), day, dialled ? answered / dialled : 0, dialled, answered]);
  const values = points.map((point) => point[2]);
  show("week", {
    grid: { left: 8, right: 8, top: 8, bottom: 48, containLabel: true },
    tooltip: {
      formatter: ({ value: [x, y, share, dialled, answered] }) =>
        `<b>${days[y]} ${hours[x]}:00</b><br>${tr("接通", "Answered")} ${answered.toLocaleString()} / ${dialled.toLocaleString()} · ${percent(share)}`,
    },
    xAxis: axis({ type: "category", data: hours.map((hour) => `${hour}:00`), splitLine: { show: false } }),
    yAxis: axis({ type: "category", data: days, inverse: true, splitLine: { show: false } }),
    visualMap: {
      min: Math.min(...values), max: Math.max(...values), orient: "horizontal", left: "center", bottom: 0, itemHeight: 90, itemWidth: 12,
      text: [percent(Math.max(...values)), percent(Math.min(...values))], textStyle: { color: colour("--soft") }, inRange: { color: [colour("--robot-soft"), colour("--robot")] }, dimension: 2,
    },
    series: [{ type: "heatmap", data: points, itemStyle: { borderColor: colour("--card"), borderWidth: 2, borderRadius: 4 } }],
  });
}

// Each version as a point with its interval.
function variants(id, key) {
  const rows = data.variants.filter((each) => each[key][0] !== null);
  const whisker = (params, api) => {
    const at = api.value(0);
    const [low, high] = [api.coord([api.value(1), at]), api.coord([api.value(2), at])];
    const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: colour("--robot"), lineWidth: 2 } });
    return { type: "group", children: [line(low[0], low[1], high[0], high[1]), line(low[0], low[1] - 6, low[0], low[1] + 6), line(high[0], high[1] - 6, high[0], high[1] + 6)] };
  };
  show(id, {
    grid: { left: 8, right: 24, top: 8, bottom: 4, containLabel: true },
    tooltip: { formatter: ({ dataIndex }) => { const [value, low, high] = rows[dataIndex][key]; return `<b>${echarts.format.encodeHTML(rows[dataIndex].name)}</b><br>${percent(value)} (${percent(low)} … ${percent(high)})`; } },
    xAxis: axis({ type: "value", scale: true, axisLabel: { color: colour("--soft"), formatter: percent } }),
    yAxis: axis({ type: "category", inverse: true, data: rows.map((each) => each.name) }),
    series: [
      { type: "custom", renderItem: whisker, data: rows.map((each, at) => [at, each[key][1], each[key][2]]), encode: { x: [1, 2], y: 0 } },
      { type: "scatter", data: rows.map((each, at) => [each[key][0], at]), symbolSize: 12, color: colour("--robot") },
    ],
  });
}

function draw() {
  if (data.hours.length) volume("hours", data.hours, (hour) => `${hour}:00`);
  if (data.days.length) volume("days", data.days, (day) => day);
  if (data.week.length) week();
  if (data.variants.length > 1) { variants("likely", "likely"); variants("ordered", "ordered"); }
}
let chosen = "zh";
try { if (localStorage.getItem(KEY) === "en") chosen = "en"; } catch { /* see above */ }
languageButton.hidden = false;
languageButton.addEventListener("click", () => speak(root.dataset.lang === "zh" ? "en" : "zh"));
speak(chosen);
addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
// Paper has another width, and no folds.
addEventListener("beforeprint", () => {
  charts.forEach((chart) => chart.resize());
  document.querySelectorAll("details").forEach((each) => { each.open = true; });
});
