"use strict";
/* The data is in the page's own link to it, once. Words from it become text, never markup. */
const data = JSON.parse(atob(document.querySelector("footer a[download]").href.split(",")[1]));
const $ = (id) => document.getElementById(id);
const made = (tag, text, into, look) => {
  const element = document.createElement(tag);
  element.textContent = text;
  if (look) element.className = look;
  into.append(element);
  return element;
};
const KEPT = 100, Z = 1.959964;
const players = data.players.length;
const words = (numbers) => data.players.map((name, p) => `${name} ${numbers[p] ?? "none"}`).join(", ");

/* What answers are worth: those of all players, the first most significant, are one number. */
const worth = (question, answers) => answers.includes(null) ? 0
  : data.worth[question][answers.reduce((k, answer, p) => k * data.answers[p] + answer, 0)];
const byPlan = (plan, question) => data.questions[question].map((x, p) => plan[p][x]);
const valueOf = (plan) =>
  data.probabilities.reduce((sum, share, q) => sum + share * worth(q, byPlan(plan, q)), 0);

function shuffled(count) {
  const order = [...Array(count).keys()];
  for (let k = count - 1; k > 0; k -= 1) {
    const other = Math.floor(Math.random() * (k + 1));
    [order[k], order[other]] = [order[other], order[k]];
  }
  return order;
}

function wilson(sum, count) {
  const rate = sum / count, z = Z * Z / count;
  const middle = (rate + z / 2) / (1 + z), half = Math.sqrt(z * rate * (1 - rate) + z * z / 4) / (1 + z);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

let order, played, sums, given;
const asked = () => data.rounds[order[played]][0];

function show(team) {
  const box = document.querySelector(`[data-team="${team}"]`), count = played, sum = sums[team];
  const set = (part, name, value) => box.querySelector(part).style.setProperty(name, value);
  const bound = data.classical.value;
  set(".line", "left", `${100 * bound}%`);
  const silent = !count || (team === "best" && !data.strategy);
  for (const part of [".band", ".dot"]) box.querySelector(part).hidden = silent;
  if (silent) { box.querySelector(".value").textContent = "no rounds yet"; return; }
  const [low, high] = wilson(sum, count), rate = sum / count;
  set(".band", "left", `${100 * low}%`);
  set(".band", "width", `${100 * (high - low)}%`);
  set(".dot", "left", `${100 * rate}%`);
  const found = `${rate.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
  box.querySelector(".value").textContent = data.is_scored ? `${found} in ${count} rounds` : `${found}, ${sum} of ${count} won`;
}

function showAll() { for (const team of Object.keys(sums)) show(team); }

/* One round: all teams are asked the same, and the recorded answers are used up. */
function play(answers) {
  const [question, recorded] = data.rounds[order[played]];
  const best = data.strategy && byPlan(data.strategy, question);
  const teams = { audience: answers, best, quantum: recorded };
  played += 1;
  for (const [team, own] of Object.entries(teams)) if (own) sums[team] += worth(question, own);
  const row = document.createElement("tr"), body = $("rounds").tBodies[0];
  made("td", String(played), row, "n");
  made("td", words(data.questions[question]), row);
  for (const own of Object.values(teams)) made("td", own ? `${words(own)}: ${outcome(question, own)}` : "", row);
  body.prepend(row);
  if (body.rows.length > KEPT) body.lastChild.remove();
  return `Asked ${words(data.questions[question])}. Audience: ${words(answers)}, ${outcome(question, answers)}. `
    + `Quantum team: ${words(recorded)}, ${outcome(question, recorded)}.`;
}

const outcome = (question, answers) => {
  const found = worth(question, answers);
  return data.is_scored ? `score ${Number(found.toPrecision(4))}` : found ? "won" : "lost";
};

/* The stage: a cover before each player, his question, and the end of the round. */
function stage(title, asks, keys, focus) {
  const box = $("stage");
  box.replaceChildren();
  made("h3", title, box).id = "whose";
  const line = asks && made("p", asks, box, "asked");
  if (line) line.id = "question";
  const row = made("div", "", box, "keys");
  for (const [text, act] of keys) {
    const button = made("button", text, row);
    button.type = "button";
    button.setAttribute("aria-describedby", line ? "whose question" : "whose");
    button.addEventListener("click", act);
  }
  if (focus && row.firstChild) row.firstChild.focus();
}

function next(focus) {
  if (played >= order.length) {
    stage(`All ${order.length} recorded rounds are used.`, "", [["Start over", () => { start(); next(true); }]], focus);
    return;
  }
  const player = given.length;
  if (player === players) {
    const told = play(given);
    given = [];
    $("told").textContent = told;
    showAll();
    stage(`Round ${played} is over.`, "", [["Next round", () => { $("told").textContent = ""; next(true); }]], focus);
    return;
  }
  if ($("apart").checked)
    stage(`Round ${played + 1}. ${data.players[player]}, come alone; all others look away.`, "",
      [[`I am ${data.players[player]}`, () => ask(player)]], focus);
  else ask(player, focus);
}

function ask(player, focus = true) {
  const answers = [...Array(data.answers[player]).keys()];
  const name = data.players[player];
  stage(`Round ${played + 1}. ${name}, you are asked`, String(data.questions[asked()][player]),
    answers.map((b) => [String(b), () => { given.push(b); next(true); }]), focus);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.target.matches("select")) return;
  if (!$("question") || !/^[0-9a-f]$/i.test(event.key)) return;
  const button = $("stage").querySelectorAll("button")[parseInt(event.key, 16)];
  if (button) { event.preventDefault(); button.click(); }
});
$("apart").addEventListener("change", () => next(false));

/* The plan of the audience. */
const choices = [...document.querySelectorAll(".plan select")];
function plan() {
  const found = data.players.map(() => ({}));
  for (const one of choices) found[one.dataset.player][one.dataset.question] = Number(one.value);
  return found;
}
function tellPlan() {
  $("worth").textContent = `In the long run this plan ${data.is_scored ? "scores" : "wins"} ${valueOf(plan()).toFixed(4)}.`;
}
for (const one of choices) one.addEventListener("change", tellPlan);
for (const button of document.querySelectorAll("[data-rounds]")) button.addEventListener("click", () => {
  const count = Math.min(Number(button.dataset.rounds), order.length - played), agreed = plan();
  for (let k = 0; k < count; k += 1) play(byPlan(agreed, asked()));
  given = [];
  $("told").textContent = count ? `${count} ${count === 1 ? "round" : "rounds"} played by the plan.` : "All recorded rounds are used.";
  showAll();
  next(false);
});
$("again").addEventListener("click", () => { start(); next(false); });

function start() {
  order = shuffled(data.rounds.length);
  played = 0;
  given = [];
  sums = { audience: 0, best: 0, quantum: 0 };
  $("rounds").tBodies[0].replaceChildren();
  $("told").textContent = "";
  showAll();
}

const KIND = { exact: "", lower: "at least ", upper: "at most ", bracket: "about " };
const said = (value) => KIND[value.kind] + Number(value.value.toPrecision(6));
$("classical").textContent = said(data.classical);
if (data.theory) $("theory").textContent = `Quantum theory says of the quantum team, without noise: ${said(data.theory)}.`;
start();
tellPlan();
next(false);
