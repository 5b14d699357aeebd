// Draws orders as arcs, keeps what somebody reads from moving, and says when the line is down.
(() => {
  "use strict";
  const LIFE_S = 60, ARCS_MAX = 150, SVG = "http://www.w3.org/2000/svg";
  const byId = (id) => document.getElementById(id);
  const layer = byId("arcs"), line = byId("line"), pause = byId("pause");
  const waiting = new Map();
  let newest = 0, movedTo = document.body.dataset.ground;

  const draw = (kind, attributes, classes, age) => {
    const shape = document.createElementNS(SVG, kind);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    shape.setAttribute("class", `${classes} fading${age < 2 ? " arriving" : ""}`);
    shape.style.animationDelay = age < 2 ? "0s" : `${-age}s`;
    layer.append(shape);
    setTimeout(() => shape.remove(), (LIFE_S - age) * 1000);
  };
  const drawOrders = (arcs) => {
    for (const arc of arcs) {
      if (arc.id <= newest && arc.age_s > 0) continue;
      newest = Math.max(newest, arc.id);
      const hue = arc.kind.replace("_", "-");
      for (const bow of arc.bows) draw("path", { d: bow, pathLength: 1 }, hue, arc.age_s);
      if (arc.end) draw("circle", { cx: arc.end[0], cy: arc.end[1], r: 2.2 }, `end ${hue}`, arc.age_s);
      for (const [cx, cy, r] of arc.rings) draw("circle", { cx, cy, r: r + 2.5 }, `ring ${hue}`, arc.age_s);
    }
    while (layer.childElementCount > ARCS_MAX) layer.firstChild.remove();
  };

  const isRead = (part) => {
    const marked = document.getSelection();
    const selects = marked && !marked.isCollapsed && part.contains(marked.anchorNode);
    return pause.ariaPressed === "true" || selects || (document.activeElement !== document.body && part.contains(document.activeElement))
      || (["orders", "decision"].includes(part.id) && part.matches(":hover"));
  };
  const show = (part, markup) => { part.innerHTML = markup; };
  const takeIn = (event) => {
    const part = byId(event.type);
    if (!part) return;
    waiting.delete(event.type);
    if (isRead(part)) waiting.set(event.type, event.data); else show(part, event.data);
  };
  const catchUp = () => {
    // Places came or went: the map needs a new ground, but never under somebody's hands.
    if (movedTo !== document.body.dataset.ground && !isRead(document.body)) location.reload();
    for (const [type, data] of waiting) {
      const part = byId(type);
      if (isRead(part)) continue;
      waiting.delete(type);
      show(part, data);
    }
  };
  setInterval(catchUp, 300);

  pause.hidden = false;
  pause.addEventListener("click", () => {
    const pressed = pause.ariaPressed !== "true";
    pause.ariaPressed = String(pressed);
    pause.textContent = pressed ? "Go on" : "Pause";
    line.textContent = pressed ? "Paused" : "";
    catchUp();
  });

  // The browser reconnects by itself, except after an answer that is no stream: then we do.
  const connect = () => {
    const url = new URL(document.body.dataset.stream, location.href);
    if (newest) url.searchParams.set("after", String(newest));
    const source = new EventSource(url);
    for (const part of document.querySelectorAll("[data-live]")) source.addEventListener(part.id, takeIn);
    source.addEventListener("arcs", (event) => { if (layer && !document.hidden) drawOrders(JSON.parse(event.data)); });
    source.addEventListener("ground", (event) => { movedTo = event.data; });
    source.onopen = () => {
      line.textContent = pause.ariaPressed === "true" ? "Paused" : "";
      document.documentElement.dataset.live = "on";
    };
    source.onerror = () => {
      line.textContent = "Connection lost, trying again";
      document.documentElement.dataset.live = "off";
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, 1000 + 2000 * Math.random());
    };
  };
  if (layer) drawOrders(JSON.parse(layer.dataset.arcs));
  connect();
})();
