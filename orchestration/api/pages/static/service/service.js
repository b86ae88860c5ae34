// What pages do beyond links and forms; each works without.
"use strict";

// Left and right go to the page before and after; within a wall of pictures they move the focus.
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step || event.target.closest("input, select, textarea")) return;
  const wall = event.target.closest("[data-arrows]");
  if (wall) {
    const links = [...wall.querySelectorAll("a")];
    const next = links[links.indexOf(document.activeElement) + step];
    if (next) {
      next.focus();
      event.preventDefault();
    }
    return;
  }
  const link = document.querySelector(`a[rel="${step < 0 ? "prev" : "next"}"]`);
  if (link) link.click();
});

// A part of a page that is asked for again while somebody looks at it.
const part = document.querySelector("[data-refresh]");
if (part) {
  const live = document.getElementById("live");
  const news = document.getElementById("news");
  const states = () => [...part.querySelectorAll(".state")].map((state) => state.textContent).join();
  let last = "";
  live.closest("label").hidden = false;
  const refresh = async () => {
    if (live.checked && !document.hidden && !part.contains(document.activeElement)) {
      try {
        const answer = await fetch(part.dataset.refresh, { headers: { Accept: "text/html" } });
        if (answer.redirected || answer.status === 401) {
          news.textContent = "You are logged out; load the page again.";
          return;
        }
        const text = answer.ok ? await answer.text() : last;
        if (text !== last) {
          const before = states();
          part.innerHTML = text;
          if (before !== states()) news.textContent = "The state of a job has changed.";
          last = text;
        }
      } catch {
        // The service does not answer; what is shown stands until it does.
      }
    }
    setTimeout(refresh, Number(part.dataset.seconds) * 1000);
  };
  setTimeout(refresh, Number(part.dataset.seconds) * 1000);
}
