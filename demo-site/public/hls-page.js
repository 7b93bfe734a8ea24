// Plays the playlist that the video element names, with hls.js as its makers publish it.
const video = document.querySelector('video[data-playlist]');
const problem = document.querySelector('.problem');

function explain(text) {
  problem.textContent = text;
  problem.hidden = false;
}

if (window.Hls?.isSupported()) {
  // Segments are fetched once somebody wants to see them, as with preload="none" on the film's page.
  const hls = new window.Hls({ autoStartLoad: false });
  video.addEventListener('play', () => hls.startLoad(), { once: true });
  hls.on(window.Hls.Events.ERROR, (_event, { fatal, details }) => {
    if (fatal) explain(`The stream stopped (${details}). Load the page again to go on.`);
  });
  hls.loadSource(video.dataset.playlist);
  hls.attachMedia(video);
} else if (video.canPlayType('application/vnd.apple.mpegurl')) {
  video.src = video.dataset.playlist;
} else {
  explain('This browser can play neither Media Source Extensions nor HLS.');
}
