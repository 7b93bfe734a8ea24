// Plays the playlist that the video element names, with hls.js as its makers publish it.
const video = document.querySelector('video[data-playlist]');
const problem = document.querySelector('.problem');
const quality = document.querySelector('.quality');

function explain(text) {
  problem.textContent = text;
  problem.hidden = false;
}

/** Lets the visitor choose among renditions, where there are several. */
function offerQualities(hls) {
  if (!quality || hls.levels.length < 2) return;
  const choice = quality.querySelector('select');
  choice.append(...hls.levels.map(({ height }, level) => new Option(`${height}p`, level)));
  choice.addEventListener('change', () => {
    hls.startLevel = hls.nextLevel = Number(choice.value);
  });
  quality.hidden = false;
}

if (window.Hls?.isSupported()) {
  // Segments are fetched once somebody wants to see them, as with preload="none" on the film's page.
  const hls = new window.Hls({ autoStartLoad: false });
  video.addEventListener('play', () => hls.startLoad(), { once: true });
  hls.on(window.Hls.Events.MANIFEST_PARSED, () => offerQualities(hls));
  hls.on(window.Hls.Events.ERROR, (_event, { fatal, details }) => {
    if (fatal) explain(`The stream stopped (${details}). Load the page again to go on.`);
  });
  hls.loadSource(video.dataset.playlist);
  hls.attachMedia(video);
  // For whoever opens the console.
  window.player = hls;
} else if (video.canPlayType('application/vnd.apple.mpegurl')) {
  video.src = video.dataset.playlist;
} else {
  explain('This browser can play neither Media Source Extensions nor HLS.');
}
