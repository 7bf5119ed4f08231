"use strict";
// Everything here is a convenience: without it the page can be read, searched, and a case be claimed and closed.
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

for (const button of all("button.copy")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const before = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 1500);
  });
}
for (const button of all("button.print")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
// One recording at a time.
document.addEventListener("play", (event) => {
  for (const audio of all("audio")) if (audio !== event.target) audio.pause();
}, true);

// A note that is being written outlives a look elsewhere, in this tab alone.
for (const draft of all("textarea[data-draft]")) {
  const key = `note ${draft.dataset.draft}`;
  draft.value ||= sessionStorage.getItem(key) ?? "";
  draft.addEventListener("input", () => sessionStorage.setItem(key, draft.value));
  draft.form.addEventListener("submit", () => sessionStorage.removeItem(key));
}

// A browser has six connections to a site: only a page that is seen takes one.
function whileSeen(address, look) {
  let source;
  const listen = (isSeen) => {
    source?.close();
    source = isSeen ? new EventSource(address) : undefined;
    source?.addEventListener("change", look);
  };
  listen(!document.hidden);
  document.addEventListener("visibilitychange", () => {
    listen(!document.hidden);
    if (!document.hidden) look();
  });
  addEventListener("pagehide", () => listen(false));
}

// News: counts and states change where they stand, the list itself only when it is asked for.
const list = document.querySelector("[data-live]");
const news = document.querySelector(".news");
if (news && window.EventSource) {
  news.querySelector("a").href = location.href;
  const look = async () => {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const count of all("[data-count]")) {
      const now = fresh.querySelector(`[data-count="${count.dataset.count}"]`);
      if (now) count.textContent = now.textContent;
    }
    const rows = all("[data-case]", fresh);
    const ids = rows.map((row) => row.dataset.case).join();
    for (const row of rows) {
      const here = list && list.querySelector(`[data-case="${row.dataset.case}"]`);
      if (!here || here.contains(document.activeElement)) continue;
      here.className = row.className;
      for (const part of [".kind", ".who .sub", ".age", "form"]) {
        const [old, now] = [here.querySelector(part), row.querySelector(part)];
        if (old && now && !old.isEqualNode(now)) old.replaceWith(now);
      }
    }
    const shown = list ? all("[data-case]", list).map((row) => row.dataset.case).join() : "";
    news.hidden = ids === shown && fresh.querySelector(".news")?.dataset.seen === news.dataset.seen;
  };
  whileSeen("/live", look);
}
// A list that is only looked at is exchanged whole.
const fresh = document.querySelector("[data-fresh]");
if (fresh && window.EventSource) {
  whileSeen(fresh.dataset.fresh, async () => {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector("[data-fresh]");
    if (!now) return;
    const focused = fresh.contains(document.activeElement) && document.activeElement.getAttribute("href");
    fresh.replaceChildren(...now.childNodes);
    if (focused) all("a", fresh).find((link) => link.getAttribute("href") === focused)?.focus();
  });
}

for (const player of all(".player")) {
  const audio = player.querySelector("audio");
  const box = player.querySelector(".wave-box");
  const cursor = player.querySelector(".cursor");
  const skip = player.querySelector("[data-skip]");
  const rate = player.querySelector("[data-rate]");
  const stretches = player.dataset.stretches.split(";").filter(Boolean).map((text) => {
    const [kind, start, end] = text.split(" ");
    return { kind, start: Number(start), end: Number(end) };
  });
  const go = (to) => { audio.currentTime = Math.max(0, to - 0.2); audio.play(); };
  const places = {
    speech: () => stretches.find((of) => of.kind === "speech")?.start ?? 0,
    number: () => Number(player.dataset.number ?? 0),
  };
  player.querySelector(".scripted").hidden = false;
  box.addEventListener("click", (event) => {
    const area = box.getBoundingClientRect();
    if (audio.duration) go(0.2 + audio.duration * (event.clientX - area.left) / area.width);
  });
  audio.addEventListener("timeupdate", () => {
    if (!audio.duration) return;
    cursor.hidden = false;
    cursor.style.left = `${100 * audio.currentTime / audio.duration}%`;
    const now = stretches.find((of) => of.start <= audio.currentTime && audio.currentTime < of.end);
    const dull = now && (now.kind === "silence" || now.kind === "music");
    if (skip.checked && dull && now.end - audio.currentTime > 1 && now.end < audio.duration) audio.currentTime = now.end;
  });
  for (const button of all("[data-to]", player)) button.addEventListener("click", () => go(places[button.dataset.to]()));
  rate.addEventListener("click", () => {
    const fast = audio.playbackRate === 1;
    audio.playbackRate = fast ? 1.5 : 1;
    rate.setAttribute("aria-pressed", String(fast));
  });
  for (const story of all(".story")) {
    story.classList.add("scripted");
    story.addEventListener("click", (event) => {
      const at = event.target.closest("[data-at]");
      if (at) go(Number(at.dataset.at));
    });
  }
  player.keys = { s: () => go(places.speech()), n: () => "number" in player.dataset && go(places.number()), f: () => rate.click() };
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
  const links = all(".case .open");
  const here = document.activeElement.closest(".case");
  const at = links.findIndex((link) => here?.contains(link));
  const player = document.querySelector(".player");
  const audio = (here ?? document).querySelector("audio");
  const keyList = document.querySelector(".keys");
  const keys = {
    j: () => links[Math.min(at + 1, links.length - 1)]?.focus(),
    k: () => links[Math.max(at - 1, 0)]?.focus(),
    "/": () => document.querySelector("input[type=search]")?.focus(),
    c: () => (here ?? document).querySelector("button[value=claim]")?.click(),
    "?": () => { keyList.open = !keyList.open; },
    ...(keyList.open ? { Escape: () => { keyList.open = false; } } : {}),
    " ": () => audio && (audio.paused ? audio.play() : audio.pause()),
    ...(player?.keys ?? {}),
  };
  const button = event.target.closest("button, a, audio, summary");
  if (event.key === " " && button) return;
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});
